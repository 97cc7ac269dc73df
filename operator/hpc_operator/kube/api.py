"""How the modules of this room speak to an API server: one request, one of a few outcomes.

Imported by `kube` only. The Kubernetes client never comes in here (it is in `store`): tests put an API in memory
behind the same protocol.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

MERGE_PATCH = "application/merge-patch+json"
JSON = "application/json"

_PERMANENT = (400, 401, 403, 405, 422)
_TOLD = 500
_HINTS = {
    400: "the API server refuses the request as malformed",
    401: "the API server does not accept the token or certificate",
    403: "a permission is missing",
    405: "the API server does not allow the request",
    422: "the API server refuses the object as invalid",
}
_OTHER_REFUSALS = (
    ("denied request", "an admission policy refuses the request"),  # validating admission policies
    ("denied the request", "an admission webhook refuses the request"),
    ("exceeded quota", "a quota of the namespace is used up"),
)
"""Refusals that come under the same numbers, by what the API server writes into them: no role would mend those."""


class NotServed(Unavailable):
    """The server does not know the kind at all: no CRD, or an API server that is still starting."""


class VersionNotServed(Unavailable):
    """The CRD is there, and serves the kind in other versions than the one that this operator speaks."""


class Expired(Unavailable):
    """A list's continuation is too old (410): begin it anew."""


class Api(Protocol):
    """One JSON request to the API server."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> dict[str, Any]:
        """The answered object. Raises Conflict, Gone, CrdTooOld or Unavailable; nothing is sent twice."""


def refuse(status: int, body: Mapping[str, Any] | None, method: str, path: str) -> NoReturn:
    """Raise what an HTTP status of 300 or more means. `body` is the parsed Status, None if it was not one.

    A 404 counts as Gone only when the server says that the object itself is not there: while an API server starts,
    or when the CRD is missing, the same number means that the whole kind is unknown.
    """
    message = str((body or {}).get("message", ""))
    told = _cut(message)
    if status == 409:
        raise Conflict(told or "the object was changed by somebody else")
    if status == 404 and _names_object(body, path):
        raise Gone(told)
    if status == 404:
        raise NotServed(f"the API server does not serve {path}: is crds/hpcclusters.yaml installed?")
    if status == 410:
        raise Expired(told)
    # The server quotes the whole object first: the end of the message is what tells.
    unknown = message.rpartition("strict decoding error")[2]
    if status in (400, 422) and "unknown field" in unknown:
        raise CrdTooOld(
            "the HpcCluster CRD of this server is older than the operator: install crds/hpcclusters.yaml "
            f"({_cut(unknown.strip(': '))})"
        )
    hint = _hint(status, message)
    raise Unavailable(f"{hint}: {told or method + ' ' + path}", permanent=status in _PERMANENT)


def _hint(status: int, message: str) -> str:
    """What kind of refusal it is, in our words."""
    other = (hint for words, hint in _OTHER_REFUSALS if status in (400, 403, 422) and words in message)
    return next(other, _HINTS.get(status, f"the API server answered {status}"))


def _cut(text: str) -> str:
    """With an ellipsis: whoever scrubs it later must see where it breaks off."""
    return text if len(text) <= _TOLD else f"{text[: _TOLD - 1]}…"


def _names_object(body: Mapping[str, Any] | None, path: str) -> bool:
    if body is None or body.get("kind") != "Status" or body.get("reason") != "NotFound":
        return False
    details = body.get("details")
    name = details.get("name") if isinstance(details, Mapping) else None
    return bool(name) and name in path.split("/")
