"""An `Api` around another one that tells each write: which kind, and how it ended. `main` puts it before the server.

What is told stays a closed set, for it becomes labels: no name of an object comes in.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from hpc_operator.kube.api import JSON, Api
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

KINDS = ("hpcclusters", "hpcclusters/status", "secrets", "events", "leases")
OTHER = "other"
_PATH = re.compile(r"/namespaces/[^/]+/([^/]+)(?:/[^/]+(/[^/]+)?)?$")


class Written(StrEnum):
    """How a write ended. `UNANSWERED`: it may have happened or not."""

    WRITTEN = "written"
    CONFLICT = "conflict"
    GONE = "gone"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class Counted:
    """See `api.Api`. `wrote(kind, outcome)` is called once for each request that is not a GET."""

    def __init__(self, inner: Api, wrote: Callable[[str, Written], None]) -> None:
        self._inner, self._wrote = inner, wrote

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> dict[str, Any]:
        """See `api.Api`."""
        if method == "GET":
            return await self._inner.request(method, path, body=body, query=query, content_type=content_type)
        ended = Written.UNANSWERED
        try:
            answer = await self._inner.request(method, path, body=body, query=query, content_type=content_type)
            ended = Written.WRITTEN
        except (Conflict, Gone, CrdTooOld, Unavailable) as error:
            ended = _ended(error)
            raise
        else:
            return answer
        finally:
            self._wrote(kind_of(path), ended)


def kind_of(path: str) -> str:
    """The kind that a path names, with its subresource."""
    found = _PATH.search(path)
    kind = f"{found[1]}{found[2] or ''}" if found else OTHER
    return kind if kind in KINDS else OTHER


def _ended(error: Conflict | Gone | CrdTooOld | Unavailable) -> Written:
    match error:
        case Conflict():
            return Written.CONFLICT
        case Gone():
            return Written.GONE
        case CrdTooOld():
            return Written.REFUSED
        case Unavailable():
            return Written.REFUSED if error.permanent else Written.UNANSWERED
