"""One resource on one screen: how it stands and what to do first, then what it is made of, then what happened. Pure."""

from collections.abc import Sequence
from textwrap import wrap

from hpc_operator.domain.desired import Instant
from hpc_operator.kube import names
from hpc_operator.status.reading import Happened
from hpc_operator.status.telling import Paint, Told, since, stamp
from hpc_operator.status.view import Condition, Nodes, Operation, Refusal, View

_WIDTH, _INDENT = 110, 12


def as_screen(told: Told, paint: Paint) -> str:
    """All about one resource: how it stands and what to do first, then what it is made of, then what happened."""
    each, now = told.judged[0], told.now
    view = each.view
    lines = [f"{view}  {view.cluster_type or '-'}  {paint(each.stage.value, each.stage)}", ""]
    lines += _block("Ready", _condition(view.ready, now))
    lines += _block("Available", _condition(view.conditions.get("Available"), now))
    lines += _block("Waits for", each.waits or "nothing")
    lines += _block("You", each.todo)
    if view.deleting_since is not None:
        lines += _block("Deletion", _deletion(view, now))
    lines += _orders(view)
    lines.append("")
    lines += _block("Cluster", _cluster(view))
    lines += _block("Job", view.job_id or "-")
    lines += _block("Operation", _operation(view.operation, now) if view.operation else "none is open")
    lines += _table("Nodes", [_NODES, *(_nodes(n) for n in view.nodes)] if view.nodes else [])
    lines += _block("Endpoints", ", ".join(view.endpoints) or "-")
    lines += _table("Refused", [_refusal(r) for r in view.refused])
    lines += _plan(view)
    lines += ["", *_events(told)]
    return "\n".join(lines)


def _block(title: str, text: str) -> list[str]:
    head = (f"{title}:" if title else "").ljust(_INDENT)
    return wrap(
        text, _WIDTH, initial_indent=head, subsequent_indent=" " * _INDENT, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _table(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    said = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    heads = [f"{title}:".ljust(_INDENT), *[" " * _INDENT] * (len(rows) - 1)]
    return [head + text for head, text in zip(heads, said, strict=True)]


def _condition(found: Condition | None, now: Instant) -> str:
    if found is None:
        return "not said yet"
    ago = since(found.since, now)
    return f"{found.status}, {found.reason}" + (f", for {ago} (since {stamp(found.since)})" if ago else "")


def _deletion(view: View, now: Instant) -> str:
    ago = since(view.deleting_since, now)
    ready = view.ready
    held = ready.reason if ready and names.FINALIZER in view.finalizers else "others"
    others = [each for each in view.finalizers if each != names.FINALIZER]
    also = f"; finalizers of others: {', '.join(others)}" if others else ""
    return f"asked for {ago} ago; held back by {held}{also}"


def _orders(view: View) -> list[str]:
    said = [] if view.policy == "Full" else [f"managementPolicy {view.policy}"]
    said += [f"{name}={value}" for name, value in view.orders]
    return _block("Orders", ", ".join(said)) if said else []


def _cluster(view: View) -> str:
    if view.cluster_id is None:
        return "none is recorded"
    return f"{view.cluster_id}, {view.cluster_status or 'of unknown status'}, named {view.cluster_name or '-'}"


def _operation(found: Operation, now: Instant) -> str:
    parts = [found.action]
    size = [f"{found.cpu} cores" if found.cpu else "", f"{found.memory} MiB" if found.memory else ""]
    parts += [f"of {found.role}"] if found.role else []
    parts += [f"{found.count} node(s)"] if found.count is not None else []
    parts += [f"to {' and '.join(each for each in size if each)}"] if any(size) else []
    parts += [f"nodes {', '.join(found.nodes)}"] if found.nodes else []
    parts += [f"attempt {found.attempt}"] if found.attempt is not None else []
    ago = since(found.started_at, now)
    parts += [f"open for {ago} (since {stamp(found.started_at)})"] if ago else []
    parts += [f"job {found.job_id}" if found.job_id else "not answered with a job yet"]
    return ", ".join(parts)


_NODES = ("ROLE", "WISHED", "ACTIVE", "PRESENT", "CPU", "MEMORY")


def _nodes(found: Nodes) -> tuple[str, ...]:
    counts = ("-" if each is None else str(each) for each in (found.desired, found.active, found.present))
    return found.role, *counts, _size(found.cpu, ""), _size(found.memory, " MiB")


def _size(value: int | None, unit: str) -> str:
    """0 stands for nodes that are not all alike."""
    return "-" if value is None else f"{value}{unit}" if value else "mixed"


def _refusal(each: Refusal) -> tuple[str, ...]:
    return each.field, each.wish, f"{each.code or ''} {each.message}".strip()


def _plan(view: View) -> list[str]:
    rows = [
        (c.field, f"{c.before} -> {c.after}", c.call, "interrupts service" if c.interrupts else "")
        for c in view.changes
    ]
    unknown = _block("Not known", f"{', '.join(view.unknown)}: no answer of the API shows it") if view.unknown else []
    return _table("Plan", rows) + unknown


def _events(told: Told) -> list[str]:
    if told.seen.events_problem:
        return _block("Events", f"cannot be read: {told.seen.events_problem}")
    lines: list[str] = []
    for each in told.seen.events:
        lines += _block("" if lines else "Events", _event(each, told.now))
    return lines or _block("Events", "none (Kubernetes keeps them for an hour)")


def _event(each: Happened, now: Instant) -> str:
    ago = since(each.at, now)
    when = f"{ago} ago" if ago else "at an unknown time"
    times = f" ({each.count} times)" if each.count > 1 else ""
    return f"{when}{times}, {each.kind}, {each.reason}: {each.note}"
