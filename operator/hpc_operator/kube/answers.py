"""Whether an answer of an API server is the thing that was asked for: its shape, as far as this room relies on it.

Imported by `kube` only. A proxy's page, another kind, a list for an object: each is no answer (Unavailable), so that
nobody stumbles over it deeper in and nothing is concluded from it. What the fields mean is not known here.
"""

from collections.abc import Mapping
from typing import Any

from hpc_operator.reconcile.ports import Unavailable


def require(raw: Mapping[str, Any], kind: str, namespace: str, name: str) -> Mapping[str, Any]:
    """The answer, if it is that very object by kind, namespace and name; else Unavailable."""
    meta = raw["metadata"] if raw.get("kind") == kind and whole(raw, kind) else {}
    if (meta.get("namespace"), meta.get("name")) != (namespace, name):
        raise Unavailable(f"the API server answered something else than the {kind} {namespace}/{name}")
    return raw


def whole(raw: object, kind: str) -> bool:
    """Whether it is one object as a server stores it (an item of a list may leave its kind out)."""
    if not isinstance(raw, Mapping) or raw.get("kind", kind) != kind:
        return False
    meta, parts = raw.get("metadata"), [raw.get("status"), raw.get("data")]
    rest = all(each is None or isinstance(each, Mapping) for each in parts)
    return isinstance(meta, Mapping) and _named(meta) and rest


def is_version(value: object) -> bool:
    """Whether it is a resourceVersion as every server since 1.35 promises: digits that can be compared."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def _named(meta: Mapping[str, Any]) -> bool:
    finalizers, owners = meta.get("finalizers") or [], meta.get("ownerReferences") or []
    return (
        all(isinstance(meta.get(name), str) for name in ("name", "namespace", "uid"))
        and is_version(meta.get("resourceVersion"))
        and isinstance(finalizers, list)
        and all(isinstance(each, str) for each in finalizers)
        and isinstance(owners, list)
        and all(isinstance(each, Mapping) and isinstance(each.get("uid"), str) for each in owners)
        and all(isinstance(meta.get(name) or {}, Mapping) for name in ("annotations", "labels"))
    )
