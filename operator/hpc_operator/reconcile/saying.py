"""What this process said last about each resource, and from which looks.

Imported by `engine` only. Without it two processes that act at once (no Lease between them, or one that was frozen)
overwrite each other's report for as long as their looks differ: each write wakes the other, whose older look says
something else. So the same words from the same looks are said once; whoever has looked anew speaks next. After a
restart nothing is known, and everything may be said.
"""

from typing import TypeAlias

from hpc_operator.decide.facts import Scene
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.observed import ListLook, LogLook
from hpc_operator.domain.record import Report

_Words: TypeAlias = tuple[object, ...]


class Said:
    """Remembers the newest words by uid."""

    def __init__(self) -> None:
        self._last: dict[str, _Words] = {}

    def already(self, scene: Scene, report: Report) -> bool:
        """Whether just this was written before, from the same looks. A status without conditions is written anew.

        Without any look (no key, another account) no newer one will ever come, and what somebody wrote would stay.
        """
        looked = bool(scene.facts.lists or scene.facts.logs)
        known = looked and bool(scene.resource.conditions)
        return known and self._last.get(scene.resource.ref.uid) == _words(scene, report)

    def wrote(self, scene: Scene, report: Report) -> None:
        """The status says it now."""
        self._last[scene.resource.ref.uid] = _words(scene, report)

    def forget(self, ref: Ref) -> None:
        """The resource is gone."""
        self._last.pop(ref.uid, None)


def _words(scene: Scene, report: Report) -> _Words:
    looks: tuple[ListLook | LogLook, ...] = (*scene.facts.lists[:1], *scene.facts.logs[:1])
    conditions = tuple((each.type, each.status, each.reason, each.message) for each in report.conditions)
    line = (report.cluster_status, report.cluster_name)
    rest = (report.observed_generation, *line, report.last_handled_reconcile_at, report.plan)
    return tuple(look.begun for look in looks), conditions, rest
