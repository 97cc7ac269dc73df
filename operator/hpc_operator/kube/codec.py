"""The one place where a raw HpcCluster becomes domain values, and where memory and report become a `/status` patch.

`kube.store` and `handlers` import it; a raw dictionary never goes further in. Parsing never raises: what cannot be
read becomes `Resource.problem`, a sentence that names the field and says what to do. Pure; nothing is decided here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpc_operator.domain.desired import Desired, Ref
from hpc_operator.domain.record import Condition, Memory, Record, Report, Resource
from hpc_operator.kube import names
from hpc_operator.kube.alike import Once, one, text_of
from hpc_operator.kube.instants import clean, read_time, write_time
from hpc_operator.kube.memory_read import MEMORY_KEYS, Newer, loose_memory, parse_memory, parse_record
from hpc_operator.kube.memory_schema import ConditionFields
from hpc_operator.kube.memory_written import encode_memory, encode_plan, without_none
from hpc_operator.kube.wish import UNREADABLE, explain, newer_spec, parse_orders, parse_spec

REPORT_KEYS = frozenset(
    {
        "observedGeneration",
        "conditions",
        "selector",
        "cluster_status",
        "cluster_name",
        "create_time",
        "lastHandledReconcileAt",
        "plan",
    }
)
"""The top-level status fields that a report answers for."""

SAID_KEYS = frozenset({"observedGeneration", "conditions"})
"""Those in which the operator says that it leaves a resource alone."""

_IDENTITY = ("namespace", "name", "uid")

OWN_CONDITIONS = frozenset({"Ready", "Reconciling", "Stalled", "Available"})
"""Condition types that are the operator's; others are somebody else's and stay."""


def parse_resource(raw: Mapping[str, object]) -> Resource:
    """The resource as a server stores it. Never raises; see `Resource.problem` and `Memory.newer`."""
    meta = _object(raw.get("metadata"))
    annotations = {k: v for k, v in _object(meta.get("annotations")).items() if isinstance(v, str)}
    misshapen = _misshapen(raw, meta)
    kept, bad_status = _kept(_object(raw.get("status")))
    created, deleting, spoiled = _times(meta)
    desired, bad_spec = _wish(raw.get("spec"))
    orders, bad_order = parse_orders(annotations)
    record, memory, bad_memory = _memories(annotations.get(names.ANNOTATION_RECORD), kept)
    generation = meta.get("generation")
    finalizers = _texts(meta.get("finalizers"))
    problem = misshapen or spoiled or bad_status or bad_memory or bad_spec or bad_order
    return Resource(
        ref=Ref(*(_name(meta.get(field)) for field in _IDENTITY)),
        resource_version=_text(meta.get("resourceVersion")),
        generation=generation if isinstance(generation, int) else 0,
        created_at=created,
        deleting_since=deleting,
        finalizer=names.FINALIZER in finalizers,
        desired=desired,
        orders=one(orders),
        record=record,
        memory=memory,
        conditions=kept.conditions,
        stored=kept.text,
        problem=problem,
        spec_newer=problem is not None and problem is bad_spec and newer_spec(raw.get("spec")),
        other_finalizers=tuple(each for each in finalizers if each != names.FINALIZER),
    )


@dataclass(frozen=True, slots=True)
class _Status:
    """What one text of a status says. `newer`, `problem`: why its memory is not believed."""

    text: str
    memory: Memory
    conditions: tuple[Condition, ...]
    newer: bool = False
    problem: str | None = None


def _kept(status: Mapping[str, object]) -> tuple[_Status, str | None]:
    try:
        return _status(text_of(status)), None
    except ValueError as error:
        return _status("{}"), explain("status", error, UNREADABLE)


@Once
def _status(text: str) -> _Status:
    status = json.loads(text)
    conditions = parse_conditions(status.get("conditions"))
    try:
        return _Status(text, parse_memory(status), conditions)
    except Newer:
        return _Status(text, loose_memory(status), conditions, newer=True)
    except ValueError as error:
        return _Status(text, Memory(), conditions, problem=explain("status", error, UNREADABLE))


def _wish(raw: object) -> tuple[Desired, str | None]:
    try:
        return _spec(text_of(raw))
    except ValueError:
        return parse_spec(None)


@Once
def _spec(text: str) -> tuple[Desired, str | None]:
    return parse_spec(json.loads(text))


def parse_conditions(raw: object) -> tuple[Condition, ...]:
    """The readable conditions; an unreadable one is nobody's memory and is left out."""
    found = []
    for item in raw if isinstance(raw, list) else []:
        try:
            c = ConditionFields.model_validate(item)
            changed = read_time(c.last_transition_time)
        except ValueError:
            continue
        kind, status, reason, message = one(c.type), one(c.status), one(c.reason), one(c.message)
        found.append(Condition(kind, status, reason, message, c.observed_generation, changed))
    return tuple(found)


def encode_status(memory: Memory, report: Report | None) -> dict[str, object]:
    """What `.status` should say: the memory's fields, and the report's when there is one."""
    return encode_memory(memory) | (_encode_report(report) if report else {})


def status_patch(resource: Resource, memory: Memory, report: Report | None = None) -> dict[str, object] | None:
    """The smallest merge patch that makes the status say this (`{"status": …}`); None when it says it already.

    Without a report only the memory's fields are touched. A memory that a newer version wrote, or that cannot be
    read, is never touched: then only the report's fields are. Of a resource that a newer version must serve a report
    touches the conditions alone, and which generation they speak of.
    """
    keys = (SAID_KEYS if resource.newer else REPORT_KEYS) if report else frozenset()
    if not (resource.newer and report) and not resource.memory.newer and _readable(resource.stored):
        keys |= MEMORY_KEYS
    wished, stored = encode_status(memory, report), resource.status
    if report and (foreign := _foreign(stored)):
        wished["conditions"] = [*_encode_conditions(report), *foreign]
    difference = _difference(
        {key: stored[key] for key in keys if key in stored},
        {key: wished[key] for key in keys if key in wished},
    )
    return {"status": difference} if difference else None


def _encode_report(report: Report) -> dict[str, object]:
    return without_none(
        {
            "observedGeneration": report.observed_generation,
            "conditions": _encode_conditions(report),
            "selector": clean(report.selector, names.TEXT_LIMIT) or None,
            "cluster_status": _short(report.cluster_status),
            "cluster_name": _short(report.cluster_name),
            "create_time": _short(report.create_time),
            "lastHandledReconcileAt": _short(report.last_handled_reconcile_at),
            "plan": encode_plan(report.plan) if report.plan else None,
        }
    )


def _encode_conditions(report: Report) -> list[object]:
    return [
        {
            "type": c.type,
            "status": c.status,
            "observedGeneration": c.observed_generation,
            "lastTransitionTime": write_time(c.changed),
            "reason": clean(c.reason, names.TEXT_LIMIT),
            "message": clean(c.message, names.MESSAGE_LIMIT),
        }
        for c in report.conditions
    ]


def _foreign(status: Mapping[str, object]) -> list[object]:
    conditions = status.get("conditions")
    listed = conditions if isinstance(conditions, list) else []
    return [c for c in listed if isinstance(c, dict) and c.get("type") not in OWN_CONDITIONS]


def _difference(now: Mapping[str, object], wished: Mapping[str, object]) -> dict[str, object]:
    """RFC 7386: objects recursively, None deletes, lists as a whole."""
    patch: dict[str, object] = {key: None for key in now if key not in wished}
    for key, value in wished.items():
        there = now.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            if inner := _difference(there, value):
                patch[key] = inner
        elif key not in now or there != value:
            patch[key] = value
    return patch


def _memories(annotation: str | None, status: _Status) -> tuple[Record | None, Memory, str | None]:
    record, newer = None, status.newer
    problems = []
    try:
        record = _record(annotation) if annotation is not None else None
    except Newer:
        newer = True
    except ValueError as error:
        problems.append(explain(f"annotation {names.ANNOTATION_RECORD}", error, UNREADABLE))
    problems += [status.problem] if status.problem else []
    return record, replace(status.memory, newer=newer), "; ".join(problems) or None


@Once
def _record(text: str) -> Record:
    return parse_record(text)


def _misshapen(raw: Mapping[str, object], meta: Mapping[str, object]) -> str | None:
    """What no server stores. Read as nothing, it would be an empty memory: as if no create had ever been sent."""
    annotations, finalizers = meta.get("annotations"), meta.get("finalizers")
    ours = _object(annotations).items()
    broken = (
        ("metadata", not isinstance(raw.get("metadata"), dict)),
        ("metadata", any(_name(meta.get(field, "")) != meta.get(field, "") for field in _IDENTITY)),
        ("metadata.annotations", annotations is not None and not isinstance(annotations, dict)),
        ("metadata.annotations", any(k.startswith(f"{names.GROUP}/") and not isinstance(v, str) for k, v in ours)),
        ("metadata.finalizers", finalizers is not None and not isinstance(finalizers, list)),
        ("status", raw.get("status") is not None and not isinstance(raw["status"], dict)),
    )
    found = next((field for field, is_broken in broken if is_broken), None)
    return f"{found}: not of the shape that a Kubernetes API server stores; nothing is read from it" if found else None


def _readable(stored: str) -> bool:
    status = _status(stored)
    return not status.newer and status.problem is None


def _times(meta: Mapping[str, object]) -> tuple[float, float | None, str | None]:
    """creationTimestamp and deletionTimestamp; an unreadable deletionTimestamp still means that it is being deleted."""
    created, deleting, problem = 0.0, None, None
    try:
        created = read_time(_text(meta.get("creationTimestamp")))
    except ValueError:
        problem = "metadata.creationTimestamp: not a time; this is not an object from a Kubernetes API server"
    if meta.get("deletionTimestamp") is not None:
        try:
            deleting = read_time(_text(meta.get("deletionTimestamp")))
        except ValueError:
            deleting, problem = created, "metadata.deletionTimestamp: not a time"
    return created, deleting, problem


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _name(value: object) -> str:
    return value if isinstance(value, str) and value.isascii() else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _short(text: str | None) -> str | None:
    return clean(text, names.TEXT_LIMIT) or None if text is not None else None
