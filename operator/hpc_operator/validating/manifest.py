"""One document to what is wrong with it: the API server's verdict on a creation, without a server. Pure.

`reporting` uses it. Never comes in: files. The schema and the rules are those that the CRD is made from (`kube`); what
is added here is what every Kubernetes object must have, and two warnings. No value is ever told: one of them may be
a password.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hpc_operator.kube import crd, names
from hpc_operator.kube.fields import leaves
from hpc_operator.kube.instants import clean
from hpc_operator.kube.memory_schema import StatusFields
from hpc_operator.kube.rules import SPEC_RULES, all_broken
from hpc_operator.kube.schema import Spec
from hpc_operator.kube.transitions import ROOT_RULES, Created
from hpc_operator.kube.wish import parse_orders, words
from hpc_operator.validating import metadata

CPUS = (1, 2, 4, 8, 12, 26)
MEMORIES = (2048, 4096, 12288, 24576, 40960, 81920)
"""Documented sizes (API reference, createCluster page); a platform may have others."""

API_VERSION = f"{names.GROUP}/{names.VERSION}"
_TOP = ("apiVersion", "kind", "metadata", "spec", "status")
_ORDER = re.compile(r"annotation (?P<name>\S+): (?P<said>.*?); (?P<advice>.*)")


class Level(StrEnum):
    """Whether the server would refuse it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, and what to do."""

    field: str
    said: str
    advice: str
    level: Level = Level.ERROR


def is_ours(value: object) -> bool:
    """Whether this is meant to be an HpcCluster; a document that does not say what it is counts as one."""
    if not isinstance(value, dict):
        return True
    group, kind = str(value.get("apiVersion", "")).partition("/")[0], value.get("kind")
    return group == names.GROUP or kind == names.KIND or not (group and kind)


def problems(value: object) -> Iterator[Problem]:
    """Everything that is wrong with a document that is meant to be an HpcCluster."""
    if not isinstance(value, dict):
        yield Problem("document", "not an object", "write apiVersion, kind, metadata and spec")
        return
    if wrong := list(_kind(value)):
        yield from wrong
        return
    yield from _unknown_top(value)
    yield from (Problem(*each) for each in metadata.wrong(value.get("metadata")))
    yield from _spec(value)
    yield from _orders(metadata.texts(value.get("metadata"), "annotations"))
    if "status" in value:
        said = "the operator writes it; the API server drops it here"
        yield Problem("status", said, "leave it out", Level.WARNING)
        yield from _unknown_status(value["status"], crd.structural(StatusFields), "status")


def _kind(value: Mapping[str, Any]) -> Iterator[Problem]:
    if value.get("apiVersion") != API_VERSION:
        yield Problem("apiVersion", f"must be {API_VERSION}", f"write apiVersion: {API_VERSION}")
    if value.get("kind") != names.KIND:
        yield Problem("kind", f"must be {names.KIND}", f"write kind: {names.KIND}")


def _unknown_top(value: Mapping[str, Any]) -> Iterator[Problem]:
    for name in value:
        if name not in _TOP:
            yield _unknown(name, name, _TOP)


def _unknown_status(value: object, schema: Mapping[str, Any], here: str) -> Iterator[Problem]:
    """Strict decoding comes before the drop, so a field that is not known is refused all the same."""
    if isinstance(value, list):
        for item in value:
            yield from _unknown_status(item, schema.get("items", {}), f"{here}[]")
    known: Mapping[str, Any] = schema.get("properties", {})
    for name, inner in value.items() if isinstance(value, dict) and known else ():
        path = f"{here}.{name}"
        if name in known:
            yield from _unknown_status(inner, known[name], path)
        else:
            yield _unknown(path, name, tuple(known))


def _spec(value: Mapping[str, Any]) -> Iterator[Problem]:
    raw = value.get("spec")
    nulls = [Problem(path, "has no value", "give it one, or leave it out") for path in _nulls(raw, "spec")]
    yield from nulls
    try:
        spec = Spec.model_validate(raw)
    except ValidationError as error:
        told = {each.field for each in nulls}
        found = (_mistake(each) for each in error.errors(include_input=False, include_url=False))
        yield from (each for each in found if each.field not in told)
        return
    created = Created(metadata.name(value.get("metadata")), spec)
    for path, message in (
        *((f"spec{rule.field}", rule.message) for rule in all_broken(SPEC_RULES, spec)),
        *((rule.field[1:], rule.message) for rule in all_broken(ROOT_RULES, created)),
    ):
        claim, _, advice = message.partition(": ")
        yield Problem(_plain(path), claim, advice or "correct it")
    yield from _sizes(spec)


def _plain(path: str) -> str:
    return re.sub(r"\['([^']+)'\]", r".\1", path)


def _nulls(value: object, here: str, seen: set[int] | None = None) -> Iterator[str]:
    """Where a value is missing; what an anchor shares is looked into once."""
    seen = set() if seen is None else seen
    if value is None:
        yield here
    elif isinstance(value, dict) and id(value) not in seen:
        seen.add(id(value))
        for name, inner in value.items():
            yield from _nulls(inner, f"{here}.{clean(str(name), 64)}", seen)


def _mistake(error: ErrorDetails) -> Problem:
    location = [clean(str(part), 64) for part in error["loc"]]
    path = ".".join(["spec", *location])
    said = words(error["type"], error["msg"])
    match error["type"]:
        case "extra_forbidden":
            return _unknown(path, location[-1], _siblings(tuple(location[:-1])))
        case "missing":
            return Problem(path, said, "add it")
        case "string_type":
            return Problem(path, said, "put it into quotes")
        case _:
            return Problem(path, said, "correct it")


def _unknown(path: str, name: str, known: tuple[str, ...]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]}?" if near else "remove it"
    return Problem(clean(path, 300), "not known to this version of the operator", advice)


def _siblings(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({leaf[len(path)] for leaf in leaves() if leaf[: len(path)] == path and len(leaf) > len(path)})


def _sizes(spec: Spec) -> Iterator[Problem]:
    for role in ("login", "controller", "compute"):
        fields = getattr(spec.cluster_conf.cluster, role) if spec.cluster_conf else None
        for name, ladder in (("cpu", CPUS), ("memory", MEMORIES)):
            if fields is not None and getattr(fields, name) not in ladder:
                documented = ", ".join(map(str, ladder))
                yield Problem(
                    f"spec.cluster_conf.cluster.{role}.{name}",
                    f"not a documented size ({documented})",
                    "check that your zone offers it",
                    Level.WARNING,
                )


def _orders(annotations: Mapping[str, str]) -> Iterator[Problem]:
    """Annotations that people write: the server takes any text, the operator does not."""
    for name, value in annotations.items():
        if name.startswith(f"{names.GROUP}/"):
            _, problem = parse_orders({name: value})
            found = _ORDER.fullmatch(problem) if problem else None
            if found:
                yield Problem(f"metadata.annotations.{name}", found["said"], found["advice"])
            elif name not in names.ANNOTATIONS:
                near = difflib.get_close_matches(name, names.ANNOTATIONS, n=1)
                advice = f"did you mean {near[0]}?" if near else "remove it"
                yield Problem(f"metadata.annotations.{name}", "nobody reads it", advice, Level.WARNING)
