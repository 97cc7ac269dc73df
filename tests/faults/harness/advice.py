"""A person who reads a condition and does what its message advises; knows the truth of the cloud, as its console shows.

Whatever this person cannot answer by the operator's own words is a STUCK walk.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from hpc_operator.domain.mark import marks_in, stem
from hpc_simulator import Account

if TYPE_CHECKING:
    from faults.harness.world import World

_ID = re.compile(r"e?hpc-[a-z0-9]+")
_MARK = re.compile(r"a[a-z2-7]{14}(?:-\d+)?")
_PATIENCE = 30.0
OTHER_KEY = Account(key="OTHER-KEY", secret="other-secret-of-nobody", owner="usr-other")


def other_key() -> Account:
    """Another account's key under settings that go on naming the first owner."""
    return replace(OTHER_KEY, owner=Account().owner)


class Person:
    """Answers resources that wait for a person. `answers` is written to: what was asked and what was done."""

    def __init__(self, world: "World", answers: list[str]) -> None:
        self._world, self._answers = world, answers
        self._ordered: set[str] = set()
        self._beside: set[str] = set()
        self._unseen: set[str] = set()
        self._forced: set[str] = set()
        self.renamed: set[str] = set()
        self.busy = 0
        """Things that people have begun and not finished yet."""
        self._asked: dict[str, float] = {}
        self.given: set[str] = set()

    def forced(self, name: str = "demo") -> None:
        """The resource is forced away now: what is made under its mark and shows none yet can be found by no look."""
        cloud, now = self._world.cloud, self._world.now()
        shown = {
            mark.stem
            for each in cloud.clusters()
            if each.began + cloud.settings.list_lag <= now
            for mark in marks_in(each.shown_name(cloud.settings), each.shown_description(cloud.settings))
        }
        gone = {stem(self._world.fleet, self._world.ref(name))}
        self._forced |= gone
        self._unseen |= gone - shown

    def unseen(self) -> set[str]:
        """Clusters of lives that were forced away before any look could show their mark, or whose mark people removed."""
        forced = {cluster for mark in self._forced for cluster in self._made_under(mark)}
        return {cluster for mark in self._unseen for cluster in self._made_under(mark)} | (forced & self.renamed)

    def restore_account(self) -> None:
        """The settings hold the first key again."""
        self._world.key = Account()

    def ordered(self) -> set[str]:
        """Clusters that bill because a person chose so."""
        beside = {cluster for mark in self._beside for cluster in self._made_under(mark.split("-")[0])}
        return {cluster for cluster in self._world.alive() if cluster in self._ordered | beside}

    def told_of(self) -> str:
        """Everything that events and conditions ever said."""
        return "\n".join(str(event.get("note", "")) for event in self._world.kube.events)

    def answer(self, name: str) -> None:
        """Do what the condition asks, if it asks a person, not more often than every half minute."""
        world = self._world
        reason, now = world.reason(name), world.loop.time()
        if reason is None or now - self._asked.get(name, -_PATIENCE) < _PATIENCE:
            return
        deed = getattr(self, f"_{reason}", None)
        if deed is None:
            return
        self._asked[name] = now
        done = deed(name)
        if done:
            self._answers.append(f"{name} {reason}: {done}")

    # One method for each reason that asks a person

    def _UnresolvedCreate(self, name: str) -> str:  # noqa: N802 - the reason's name
        mine = self._mine(name)
        if mine:
            self._world.people.annotate(name, adopt=mine[0])
            self.given.add(mine[0])
            return f"adopt {mine[0]}"
        mark = next(m for m in _MARK.findall(self._world.message(name)) if "-" in m)
        self._world.people.annotate(name, recreate=mark)
        return f"recreate {mark}"

    def _OwnedElsewhere(self, name: str) -> str:  # noqa: N802
        there = {cluster.cluster_id for cluster in self._world.cloud.clusters()}
        named = [i for i in _ID.findall(self._world.message(name)) if i in there]
        named += [i for mark in _MARK.findall(self._world.message(name)) for i in self._made_under(mark) if i in there]
        named = sorted(set(named) & set(self._world.made()))  # the console shows what is somebody else's
        if name == "copy" or not named:
            found = sorted({*named, *_MARK.findall(self._world.message(name)), *_ID.findall(self._world.message(name))})
            self._beside |= {token for token in found if _MARK.fullmatch(token)}
            self._ordered |= {token for token in found if _ID.fullmatch(token)}
            self._world.people.annotate(name, create_beside=",".join(found))
            return f"create-beside {found}"
        keep, *others = named
        self._ordered |= set(others)
        self._world.people.annotate(name, take_over=keep, create_beside=",".join(others) or None)
        return f"take-over {keep}"

    def _DuplicateClusters(self, name: str) -> str:  # noqa: N802
        there = {cluster.cluster_id for cluster in self._world.cloud.clusters()}
        named = sorted({i for i in _ID.findall(self._world.message(name)) if i in there})
        if not named:
            return ""
        found = self._world.resource(name)
        keep = found.id if found is not None and found.id in named else named[0]
        for other in named:
            if other != keep:
                self._world.people.destroy(other)
        return f"keep {keep}"

    def _OwnershipMoved(self, name: str) -> str:  # noqa: N802
        found = self._world.resource(name)
        assert found is not None
        self._world.people.annotate(name, take_over=found.id)
        return f"take-over {found.id}"

    def _AlreadyClaimed(self, name: str) -> str:  # noqa: N802
        self._world.people.delete(name)
        return "delete"

    def _ClusterVanished(self, name: str) -> str:  # noqa: N802
        self._world.people.delete(name)
        return "delete"

    _CreateFailed = _ClusterVanished
    _ClusterAbnormal = _ClusterVanished

    def _again(self, name: str) -> str:
        self._world.people.annotate(name, reconcile_at=f"{self._world.loop.time():.0f}")
        return "reconcile-at"

    _SpecRefused = _LicenceRefused = _NoBalance = _again

    def _AccessDenied(self, name: str) -> str:  # noqa: N802
        """The message says: mend the spec or the account. A key that is not the owner's cannot create."""
        self.restore_account()
        return self._again(name)

    def _CredentialsRefused(self, name: str) -> str:  # noqa: N802
        """The message says: another key, there. A create that was refused waits for a word besides."""
        self.restore_account()
        return self._again(name)

    def _AccountUnproven(self, name: str) -> str:  # noqa: N802
        """The message asks for the earlier key: there are two to try."""
        first = self._world.key == Account()
        self._world.key = other_key() if first else Account()
        return f"{name}: the {'other' if first else 'first'} key"

    def _CloudUnreachable(self, _: str) -> str:  # noqa: N802
        self.restore_account()
        return ""

    def _AdoptionRefused(self, name: str) -> str:  # noqa: N802
        self._world.people.annotate(name, adopt=None, take_over=None)
        return "order taken back"

    def _mine(self, name: str) -> list[str]:
        """Living clusters that this resource's creates made: the console shows who asked, by the name that was sent."""
        found = self._world.resource(name)
        assert found is not None
        wanted = stem(self._world.fleet, found.ref)
        return [i for i in self._made_under(wanted) if i in self._world.alive()]

    def _made_under(self, wanted: str) -> Iterator[str]:
        for record in self._world.cloud.calls:
            if record.effect == "created" and any(mark.stem == wanted for mark in marks_in(record.detail)):
                yield from record.ids
