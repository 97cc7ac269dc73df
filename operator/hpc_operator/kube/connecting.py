"""The Secret `<name>-connection`: how a cluster is reached, for whoever works on it.

Used by `passwords` only. No password ever comes in: it names the Secret that has one. Whose it is: `owning`.
"""

import base64
from collections.abc import Mapping

from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource
from hpc_operator.kube.answers import require
from hpc_operator.kube.api import MERGE_PATCH, Api
from hpc_operator.kube.owning import followed, fresh, is_ours, secret_path
from hpc_operator.reconcile.ports import Gone, SecretProblem

_TYPE = "Opaque"


def connection_secret(resource_name: str) -> str:
    """The name of the Secret that says how the cluster is reached."""
    return f"{resource_name}-connection"


async def connect(api: Api, resource: Resource, texts: Mapping[str, str]) -> None:
    """See `ports.Store.connect`. Conflict: somebody wrote it meanwhile."""
    namespace, name = resource.ref.namespace, connection_secret(resource.ref.name)
    path, data = secret_path(namespace, name), _encoded(texts)
    try:
        raw = require(await api.request("GET", path), "Secret", namespace, name)
    except Gone:
        await api.request("POST", secret_path(namespace), body=fresh(resource, name, data))
        return
    if not is_ours(raw, resource) or raw.get("type") != _TYPE:
        raise SecretProblem(
            Reason.SECRET_NOT_OURS,
            f"the Secret {namespace}/{name} belongs to somebody else: it is not overwritten with how the cluster is "
            "reached. Delete or rename it.",
        )
    there, meta = raw.get("data") or {}, followed(raw, resource)
    if there == data and meta is None:
        return
    meta = meta or {"resourceVersion": raw["metadata"]["resourceVersion"]}
    body = {"metadata": meta, "data": {**dict.fromkeys(there), **data}}
    await api.request("PATCH", path, body=body, content_type=MERGE_PATCH)


def _encoded(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode("utf-8", "replace")).decode() for key, text in texts.items()}
