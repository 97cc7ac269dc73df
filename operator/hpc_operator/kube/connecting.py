"""The Secret `<name>-connection`: how a cluster is reached, for whoever works on it.

Used by `passwords` and `resources`. It is the resource's own and goes with it, unless the cluster stays. No password
ever comes in: it names the Secret that has one.

Whose a Secret is stands in a label, and an owner reference comes only when its resource is let go and its cluster is no
more. With one from the beginning, `kubectl delete --cascade=foreground` takes the only password before anybody has
decided whether the cluster goes (tried on the genuine garbage collector; without blockOwnerDeletion too).
"""

import base64
from collections.abc import Mapping
from typing import Any

from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource
from hpc_operator.kube import names
from hpc_operator.kube.answers import require
from hpc_operator.kube.api import MERGE_PATCH, Api
from hpc_operator.reconcile.ports import Gone, SecretProblem

MANAGED = {"app.kubernetes.io/managed-by": "hpc-operator"}
RETAINED = f"{names.GROUP}/retained"
OF = f"{names.GROUP}/of"
"""Label: the uid of the resource that a Secret was made for."""
TYPE = "Opaque"


def connection_secret(resource_name: str) -> str:
    """The name of the Secret that says how the cluster is reached."""
    return f"{resource_name}-connection"


def secret_path(namespace: str, name: str | None = None) -> str:
    """Where Secrets are, or the one of this name."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    return path if name is None else f"{path}/{name}"


def owner(resource: Resource) -> dict[str, str]:
    """The reference by which the garbage collector takes a Secret when its resource has gone."""
    return {
        "apiVersion": f"{names.GROUP}/{names.VERSION}",
        "kind": names.KIND,
        "name": resource.ref.name,
        "uid": resource.ref.uid,
    }


def is_owned(raw: Mapping[str, Any], resource: Resource) -> bool:
    """Whether it was made for this resource, or for an earlier one of its name that was forced away, and goes with it.

    One that an earlier resource gave up is the garbage collector's already.
    """
    meta = raw["metadata"]
    owners = {each.get("uid") for each in meta.get("ownerReferences") or []}
    made = bool((meta.get("labels") or {}).get(OF))
    return resource.ref.uid in owners or (made and not owners)


def labels(resource: Resource) -> dict[str, str]:
    """What a Secret of this resource bears."""
    return {**MANAGED, OF: resource.ref.uid}


def is_ours(raw: Mapping[str, Any], resource: Resource) -> bool:
    """Whether this resource made it, or it was kept when an earlier resource left this very cluster."""
    kept = (raw["metadata"].get("labels") or {}).get(RETAINED)
    return is_owned(raw, resource) or bool(kept and kept == resource.id)


async def connect(api: Api, resource: Resource, texts: Mapping[str, str]) -> None:
    """See `ports.Store.connect`. Conflict: somebody wrote it meanwhile."""
    namespace, name = resource.ref.namespace, connection_secret(resource.ref.name)
    path, data = secret_path(namespace, name), _encoded(texts)
    try:
        raw = require(await api.request("GET", path), "Secret", namespace, name)
    except Gone:
        await api.request("POST", secret_path(namespace), body=_fresh(resource, name, data))
        return
    if not is_ours(raw, resource) or raw.get("type") != TYPE:
        raise SecretProblem(
            Reason.SECRET_NOT_OURS,
            f"the Secret {namespace}/{name} belongs to somebody else: it is not overwritten with how the cluster is "
            "reached. Delete or rename it.",
        )
    there = raw.get("data") or {}
    ours = (raw["metadata"].get("labels") or {}).get(OF) == resource.ref.uid
    if there == data and ours:
        return
    meta: dict[str, Any] = {"resourceVersion": raw["metadata"]["resourceVersion"]}
    if not ours:
        meta["labels"] = {**labels(resource), RETAINED: None}
    body = {"metadata": meta, "data": {**dict.fromkeys(there), **data}}
    await api.request("PATCH", path, body=body, content_type=MERGE_PATCH)


def _fresh(resource: Resource, name: str, data: Mapping[str, str]) -> dict[str, Any]:
    meta = {"name": name, "namespace": resource.ref.namespace, "labels": labels(resource)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": TYPE, "data": data}


def _encoded(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode("utf-8", "replace")).decode() for key, text in texts.items()}
