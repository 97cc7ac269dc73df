"""Whose a Secret is, and when the garbage collector may take it.

Used by `passwords` and `connecting`. A Secret that an HpcCluster made bears its uid in a label for life. It has an
owner reference too while its cluster would go with it, and only then: in a foreground deletion the garbage collector
takes what is owned at once, whatever finalizer holds the owner, and with it the only password of a cluster that stays.
"""

from collections.abc import Mapping
from typing import Any

from hpc_operator.domain.record import Resource
from hpc_operator.kube import names

MANAGED = {"app.kubernetes.io/managed-by": "hpc-operator"}
OWNER = f"{names.GROUP}/owner"
"""Label: the uid of the HpcCluster that made it."""

RETAINED = f"{names.GROUP}/retained"
"""Label: the id of the cluster with which it was left."""


def secret_path(namespace: str, name: str | None = None) -> str:
    """Where Secrets are, or the one of this name."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    return path if name is None else f"{path}/{name}"


def fresh(resource: Resource, name: str, data: Mapping[str, str]) -> dict[str, Any]:
    """A new Secret of this resource."""
    meta = {
        "name": name,
        "namespace": resource.ref.namespace,
        "labels": {**MANAGED, OWNER: resource.ref.uid},
        "ownerReferences": [_reference(resource)] if resource.takes_cluster_along else [],
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": data}


def is_ours(raw: Mapping[str, Any], resource: Resource) -> bool:
    """Whether this resource made it, or it was left with this very cluster."""
    kept = _labels(raw).get(RETAINED)
    return _is_own(raw, resource) or bool(kept and kept == resource.id)


def followed(raw: Mapping[str, Any], resource: Resource) -> dict[str, Any] | None:
    """The change of metadata that makes a Secret of ours follow the manifest; None when it does."""
    owned = _owned(raw, resource)
    if _labels(raw).get(OWNER) == resource.ref.uid and owned == resource.takes_cluster_along:
        return None
    others = _others(raw, resource)
    references = [*others, _reference(resource)] if resource.takes_cluster_along else others
    labels = {**MANAGED, OWNER: resource.ref.uid, RETAINED: None}
    return {"resourceVersion": _version(raw), "ownerReferences": references, "labels": labels}


def left_with(raw: Mapping[str, Any], resource: Resource, cluster_id: str) -> dict[str, Any] | None:
    """The change that leaves it with the cluster; None where it is not this resource's own, or was left already."""
    if not _is_own(raw, resource):
        return None
    labels = {OWNER: None, RETAINED: cluster_id}
    return {"resourceVersion": _version(raw), "ownerReferences": _others(raw, resource), "labels": labels}


def given_up(raw: Mapping[str, Any], resource: Resource) -> dict[str, Any] | None:
    """The change after which it goes when the resource goes; None where that is so, or it is not its own."""
    if not _is_own(raw, resource) or _owned(raw, resource):
        return None
    return {"resourceVersion": _version(raw), "ownerReferences": [*_others(raw, resource), _reference(resource)]}


def _is_own(raw: Mapping[str, Any], resource: Resource) -> bool:
    return _owned(raw, resource) or _labels(raw).get(OWNER) == resource.ref.uid


def _owned(raw: Mapping[str, Any], resource: Resource) -> bool:
    return len(_others(raw, resource)) < len(_references(raw))


def _others(raw: Mapping[str, Any], resource: Resource) -> list[Mapping[str, Any]]:
    return [each for each in _references(raw) if each.get("uid") != resource.ref.uid]


def _references(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return raw["metadata"].get("ownerReferences") or []


def _labels(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return raw["metadata"].get("labels") or {}


def _version(raw: Mapping[str, Any]) -> str:
    return str(raw["metadata"]["resourceVersion"])


def _reference(resource: Resource) -> dict[str, str]:
    """Without blockOwnerDeletion, which would need a right of its own."""
    return {
        "apiVersion": f"{names.GROUP}/{names.VERSION}",
        "kind": names.KIND,
        "name": resource.ref.name,
        "uid": resource.ref.uid,
    }
