"""A take-over as a table and as JSON, and its exit code. Pure.

The JSON is for scripts: fields are added, never renamed, and `version` is raised when a meaning changes. Names of
clusters are the service's words, so every text is cleaned of what would move a terminal's cursor, and scrubbed.
"""

import json
from collections.abc import Callable
from typing import Any, assert_never

from hpc_operator.kube.instants import clean
from hpc_operator.taking_over.choosing import Choice, Verdict
from hpc_operator.taking_over.search import Outcome

VERSION = 1
Scrub = Callable[[str], str]
_HEAD = ("RESOURCE", "CLUSTER", "STATUS", "NAME", "WHAT IS DONE")
_LONGEST = 300


def exit_code(found: Outcome) -> int:
    """0: nothing is left; 1: something is, and its row says why; 2: not all could be read, so there may be more."""
    if found.problems:
        return 2
    return int(any(each.verdict is Verdict.LEFT for each in found.choices))


def as_text(found: Outcome, scrub: Scrub) -> str:
    """A row for each blocked resource, a sum, and what could not be read."""
    lines = []
    if found.choices:
        rows = [_HEAD, *(_row(each, rehearsed=found.rehearsed) for each in found.choices)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        padded = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)
        lines += [*padded, "", _sum(found)]
    elif not found.problems:
        lines.append("No HpcCluster here waits for a take-over (OwnedElsewhere).")
    lines += [f"NOT READ: {_clean(problem)}" for problem in found.problems]
    return scrub("\n".join(lines))


def _row(each: Choice, *, rehearsed: bool) -> tuple[str, ...]:
    cluster = each.cluster
    said = (cluster.id, cluster.status, cluster.name) if cluster else (None, None, None)
    return str(each.resource.ref), *(_clean(text or "-") for text in said), _clean(_what(each, rehearsed=rehearsed))


def _what(each: Choice, *, rehearsed: bool) -> str:
    match each.verdict:
        case Verdict.TAKE:
            return "would be taken over" if rehearsed else "taken over"
        case Verdict.ORDERED:
            return "ordered already; the operator has not done it yet"
        case Verdict.LEFT:
            return f"not done: {each.why}"
    assert_never(each.verdict)


def _sum(found: Outcome) -> str:
    counts = {verdict: sum(each.verdict is verdict for each in found.choices) for verdict in Verdict}
    taken = "would be taken over" if found.rehearsed else "taken over"
    told = f"{counts[Verdict.TAKE]} {taken}, {counts[Verdict.ORDERED]} ordered already, {counts[Verdict.LEFT]} not done"
    return told + (" (nothing was changed)" if found.rehearsed else "")


def as_json(found: Outcome, scrub: Scrub) -> str:
    """Everything, in one object."""
    whole = {
        "version": VERSION,
        "complete": not found.problems,
        "dry_run": found.rehearsed,
        "resources": [_told(each, scrub) for each in found.choices],
        "problems": [scrub(_clean(problem)) for problem in found.problems],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _told(each: Choice, scrub: Scrub) -> dict[str, Any]:
    cluster, ref = each.cluster, each.resource.ref
    said = {"status": cluster.status, "name": cluster.name} if cluster else {"status": None, "name": None}
    return {
        "namespace": ref.namespace,
        "name": ref.name,
        "verdict": each.verdict.value,
        "why": scrub(_clean(each.why)) or None,
        "cluster_id": cluster.id if cluster else None,
        **{f"cluster_{key}": None if text is None else scrub(_clean(text)) for key, text in said.items()},
    }


def _clean(text: str) -> str:
    return " ".join(clean(text, _LONGEST).split())
