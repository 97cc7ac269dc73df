"""The search as text and as JSON, and its exit code. Pure.

The JSON is for scripts: fields are added, never renamed, and `version` is raised when a meaning changes. Names of
clusters are the service's words, so every text is cleaned of what would move a terminal's cursor, and scrubbed.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpc_operator.decide.orphans import Duplicate, Orphan, Sorted, known, sort
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import Cluster
from hpc_operator.domain.record import Account
from hpc_operator.kube import names
from hpc_operator.kube.instants import clean, write_time
from hpc_operator.orphans.reading import Facts

VERSION = 1
Scrub = Callable[[str], str]
_HEAD = ("CLUSTER", "NAME", "TYPE", "STATUS", "CREATED", "WHAT IT IS")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Judged:
    """The facts, judged. `accounts` is empty where the resources are not known."""

    accounts: Mapping[Account, Sorted]
    problems: tuple[str, ...]

    def all(self, place: str) -> list[Any]:
        """What stands in this place (`orphans`, `young`, …) in all accounts."""
        return [each for found in self.accounts.values() for each in getattr(found, place)]


def judge(facts: Facts, fleet: str, window: float) -> Judged:
    """What each listed cluster is, as far as it can be told."""
    if facts.resources is None:
        return Judged({}, facts.problems)
    recorded = known(facts.resources, fleet)
    return Judged({account: sort(look, recorded, window) for account, look in facts.looks.items()}, facts.problems)


def exit_code(found: Judged) -> int:
    """0: no orphan; 1: some; 2: not all could be read, so that there may be more."""
    return 2 if found.problems else int(bool(found.all("orphans")))


def advice(orphan: Orphan) -> str:
    """What a person can do about it. `adopt` would be refused: the cluster bears another resource's mark."""
    order = f"{names.ANNOTATION_TAKE_OVER}={orphan.cluster.id}"
    delete = "or delete it in the console"
    if orphan.namesake is not None:
        return f"annotate {orphan.namesake} with {order} if it has no cluster of its own, {delete}"
    return f"apply an HpcCluster with the annotation {order}, {delete}"


def what(orphan: Orphan) -> str:
    """What it is, in words."""
    if orphan.namesake is not None:
        return f"{orphan.what}: made for an earlier {orphan.namesake}"
    return f"{orphan.what}: no HpcCluster here has its namespace and name"


def as_text(found: Judged, scrub: Scrub) -> str:
    """A table of the orphans with what can be done, then what stands apart, then what could not be read."""
    blocks = [_orphans(found.all("orphans"), whole=not found.problems)]
    blocks += _apart(
        "Too young to tell (an answer may still be on its way)", (_row(o.cluster, what(o)) for o in found.all("young"))
    )
    blocks += _apart(
        "Duplicates: they have a resource, whose status says what to do",
        (_row(each.cluster, _beside(each)) for each in found.all("duplicates")),
    )
    blocks += _apart("Other fleets', not ours to judge", (_row(c, _fleets(c)) for c in found.all("foreign")))
    blocks.append(_summary(found))
    blocks += [f"NOT READ: {problem}" for problem in found.problems]
    return "\n".join(scrub(block) for block in blocks)


def _orphans(orphans: Sequence[Orphan], *, whole: bool) -> str:
    if not orphans:
        return "No orphans." if whole else "No orphan in what could be read, which is not all:"
    table = _table([_row(each.cluster, what(each)) for each in orphans])
    todo = [f"  {each.cluster.id}: {advice(each)}" for each in orphans]
    return "\n".join([table, "", "What you can do (nothing was changed):", *todo, ""])


def _apart(title: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    return [f"{title}:", _table(table), ""] if table else []


def _summary(found: Judged) -> str:
    lines = []
    for account, each in found.accounts.items():
        counts = (
            f"{len(each.kept)} of resources, {len(each.orphans)} orphan(s), {len(each.young)} too young to tell, "
            f"{len(each.duplicates)} duplicate(s), {len(each.foreign)} of other fleets, {len(each.unmarked)} unmarked"
        )
        lines.append(f"owner {account.owner} in zone {account.zone}: {counts}")
    return "\n".join(lines)


def _row(cluster: Cluster, said: str) -> tuple[str, ...]:
    cells = (cluster.id, cluster.name, cluster.type, cluster.status, _stamp(cluster.created_at), said)
    return tuple(clean(cell or "-", _LONGEST).replace("\n", " ") for cell in cells)


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in [_HEAD, *rows]) for column in range(len(_HEAD))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [_HEAD, *rows])
    return "\n".join(line.rstrip() for line in padded)


def _beside(found: Duplicate) -> str:
    return f"of {found.ref}, which records {found.recorded or 'none yet'}"


def _fleets(cluster: Cluster) -> str:
    return f"fleet {', '.join(sorted({mark.fleet for mark in marks_in(*cluster.texts)}))}"


def _stamp(at: Instant | None) -> str | None:
    return None if at is None else write_time(at).replace(".000Z", "Z")


def as_json(found: Judged, scrub: Scrub) -> str:
    """Everything, in one object."""
    whole = {
        "version": VERSION,
        "complete": not found.problems,
        "accounts": [
            {**_account(account), "of_resources": len(each.kept), "unmarked": len(each.unmarked)}
            for account, each in found.accounts.items()
        ],
        "orphans": [_told(a, o, scrub) for a, each in found.accounts.items() for o in each.orphans],
        "too_young": [_told(a, o, scrub) for a, each in found.accounts.items() for o in each.young],
        "duplicates": [
            {**_line(a, d.cluster, scrub), "resource": str(d.ref), "recorded": d.recorded}
            for a, each in found.accounts.items()
            for d in each.duplicates
        ],
        "other_fleets": [_line(a, c, scrub) for a, each in found.accounts.items() for c in each.foreign],
        "problems": [scrub(problem) for problem in found.problems],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _told(account: Account, orphan: Orphan, scrub: Scrub) -> dict[str, Any]:
    namesake = str(orphan.namesake) if orphan.namesake else None
    rest = {"mark": str(orphan.mark), "what": orphan.what.value, "namesake": namesake, "advice": advice(orphan)}
    return {**_line(account, orphan.cluster, scrub), **rest}


def _line(account: Account, cluster: Cluster, scrub: Scrub) -> dict[str, Any]:
    said = {"name": cluster.name, "type": cluster.type, "status": cluster.status}
    cleaned = {key: None if text is None else scrub(clean(text, _LONGEST)) for key, text in said.items()}
    return {**_account(account), "cluster_id": cluster.id, **cleaned, "create_time": _stamp(cluster.created_at)}


def _account(account: Account) -> dict[str, str]:
    return {"owner": account.owner, "zone": account.zone}
