"""What Kubernetes asks of the metadata of every object: names, labels, annotations, nothing unknown. Pure.

`manifest` uses it. Source: Kubernetes API reference, ObjectMeta; object names, labels and annotations pages.
"""

import re
from collections.abc import Iterator, Mapping

from hpc_operator.kube.instants import clean

Wrong = tuple[str, str, str]
"""Field, what is wrong, what to do."""

_FIELDS = frozenset(
    {
        "annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers",
        "generateName", "generation", "labels", "managedFields", "name", "namespace", "ownerReferences",
        "resourceVersion", "selfLink", "uid",
    }
)  # fmt: skip
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_WORD = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_MOST = 63
_ANNOTATIONS = 256 * 1024
_LOWER = "use lower-case letters, digits, hyphens and dots"


def name(meta: object) -> str:
    """The name, "" where there is none."""
    found = meta.get("name") if isinstance(meta, dict) else None
    return found if isinstance(found, str) else ""


def texts(meta: object, field: str) -> Mapping[str, str]:
    """Labels or annotations, as far as they are texts."""
    found = meta.get(field) if isinstance(meta, dict) else None
    return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def wrong(meta: object) -> Iterator[Wrong]:
    """Everything that a server would refuse."""
    if not isinstance(meta, dict):
        yield "metadata", "required", "add metadata.name"
        return
    for field in meta:
        if field not in _FIELDS:
            yield f"metadata.{clean(str(field), 64)}", "not known to Kubernetes", "remove it"
    yield from _names(meta)
    for field in ("labels", "annotations"):
        yield from _map(meta, field)
    size = sum(len(k.encode()) + len(v.encode()) for k, v in texts(meta, "annotations").items())
    if size > _ANNOTATIONS:
        yield "metadata.annotations", f"longer than {_ANNOTATIONS} bytes in all", "shorten them"


def _names(meta: Mapping[str, object]) -> Iterator[Wrong]:
    given = meta.get("name")
    if given is None and isinstance(meta.get("generateName"), str):
        return
    if not isinstance(given, str) or not given:
        yield "metadata.name", "required, a text", "add it" if given is None else "put it into quotes"
    elif not _SUBDOMAIN.fullmatch(given):
        yield "metadata.name", "not a name for Kubernetes", _LOWER
    elif len(given) > _MOST:
        yield "metadata.name", f"longer than {_MOST} characters", "shorten it"
    space = meta.get("namespace")
    if space is not None and not (isinstance(space, str) and _LABEL.fullmatch(space) and len(space) <= _MOST):
        yield "metadata.namespace", "not the name of a namespace", "use lower-case letters, digits and hyphens"


def _map(meta: Mapping[str, object], field: str) -> Iterator[Wrong]:
    found = meta.get(field)
    if found is None:
        return
    if not isinstance(found, dict):
        yield f"metadata.{field}", "not an object", "write key: value, one on each line"
        return
    for key, value in found.items():
        path = f"metadata.{field}.{clean(str(key), 317)}"
        if not _is_key(str(key)):
            yield path, f"not a key of {field}", "use letters, digits, -, _ and ., after an optional prefix and a /"
        if value is None:
            continue
        if not isinstance(value, str):
            yield path, "not a text", "put it into quotes"
        elif field == "labels" and value and not (_WORD.fullmatch(value) and len(value) <= _MOST):
            yield path, "not a value of a label", f"use at most {_MOST} letters, digits, -, _ and ."


def _is_key(key: str) -> bool:
    prefix, slash, word = key.rpartition("/")
    if slash and not (_SUBDOMAIN.fullmatch(prefix.lower()) and len(prefix) <= 253):
        return False
    return _WORD.fullmatch(word) is not None and len(word) <= _MOST
