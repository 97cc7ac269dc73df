"""What a new look shows that the last one did not, and whom it concerns: only they are woken.

`main` hands `Noticer.shown` to the observer. Only domain types and the fleet's indexes come in; nothing is read here
and nothing is decided: to be woken means only "look again".

What goes wrong without: a thousand settled resources make a pass each at every look, to find that nothing changed.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import Cluster, Entry, ListLook, LogLook
from hpc_operator.domain.record import LIFE, Account, Resource

FOLLOWED = 3600.0
"""Seconds for which an operation that runs is followed, and the log is read back at most: every sweep pays for it."""


class Fleet(Protocol):
    """Who records what (`reconcile.cache`)."""

    def get(self, ref: Ref) -> Resource | None:
        """The resource of exactly this uid."""

    def holders(self, cluster_id: str) -> Collection[Ref]:
        """Who records this cluster."""

    def job_holders(self, job_id: str) -> Collection[Ref]:
        """Who records this job."""

    def bearers(self, stem: str) -> Collection[Ref]:
        """Whose mark this is."""


@dataclass(slots=True)
class Seen:
    """What is known of an account: when its newest look began and ended and what it cost, its newest complete look.

    `entries`: of the log, what still runs and what is so young that another of its age may yet turn up.
    `logged`: when the newest complete log look began; `log_pages`: what it cost. `key`: whose looks count; None: all.
    """

    key: str | None = None
    begun: Instant | None = None
    ended: Instant = 0.0
    pages: int = 0
    look: ListLook | None = None
    logged: Instant | None = None
    log_pages: int = 1
    newest: Instant | None = None
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def complete_begun(self) -> Instant | None:
        """As of when everything listed is known."""
        return self.look.begun if self.look else None

    @property
    def failed(self) -> bool:
        """Whether the newest list look is not complete."""
        return self.begun is not None and self.begun != self.complete_begun

    @property
    def listed(self) -> int:
        """Clusters in the newest complete look."""
        return len(self.look.clusters) if self.look else 0

    def log_since(self, lag: float) -> Instant | None:
        """So far back the log is to be read: to the oldest entry that runs, else to the newest seen. None: no idea.

        What is older than the last look by a `lag` cannot turn up any more: a burst long ago is not read again.
        """
        running = [e.created_at for e in self.entries.values() if e.pending and e.created_at is not None]
        settled = [] if self.logged is None else [self.logged - lag]
        seen = [max([self.newest, *settled])] if self.newest is not None else []
        return min([*running, *seen], default=self.logged)


class Noticer:
    """`wake(ref)`: look at it again. `lag`: seconds after which an effect shows at the latest; `skew`: of the clocks.

    `idle_since`: when an earlier process was last seen alive; what ended since then was noticed by nobody.
    """

    def __init__(
        self,
        fleet: Fleet,
        wake: Callable[[Ref], None],
        *,
        lag: float,
        skew: float = 30.0,
        idle_since: Callable[[], Instant | None] = lambda: None,
    ) -> None:
        self._fleet, self._wake, self._lag, self._skew, self._idle_since = fleet, wake, lag, skew, idle_since
        self._seen: dict[Account, Seen] = {}
        self._recounts: dict[str, Instant] = {}
        self._counted: dict[str, Instant] = {}
        self._again: dict[str, tuple[Ref, Instant]] = {}
        self._shows: dict[str, Instant] = {}

    def recount(self, ref: Ref) -> bool:
        """Whether its nodes may be others: an operation not its own ended, or the end of one must show by now."""
        return ref.uid in self._recounts

    def shows(self, ref: Ref) -> Instant | None:
        """From when on its nodes show what the operation did whose end was noticed last; None: they do."""
        return self._shows.get(ref.uid)

    def counted(self, ref: Ref, begun: Instant) -> None:
        """The nodes were looked at, in a look that began then."""
        self._counted[ref.uid] = begun
        if self._recounts.get(ref.uid, math.inf) <= begun:
            del self._recounts[ref.uid]
        if ref.uid in self._again and self._again[ref.uid][1] <= begun:
            del self._again[ref.uid]

    def forget(self, ref: Ref) -> None:
        """The resource is gone."""
        self._recounts.pop(ref.uid, None)
        self._counted.pop(ref.uid, None)
        self._again.pop(ref.uid, None)
        self._shows.pop(ref.uid, None)

    def seen(self, account: Account) -> Seen:
        """What is known of the account; empty before its first look."""
        if account not in self._seen:
            self._seen[account] = Seen(logged=self._idle_since())
        return self._seen[account]

    def watch_by(self, account: Account, key: str) -> None:
        """The account is watched with this key; another one may see less of it, or nothing."""
        self.seen(account).key = key

    def states(self) -> dict[Account, Seen]:
        """Every account that was looked at."""
        return dict(self._seen)

    def shown(self, account: Account, look: ListLook | LogLook, ended: Instant, pages: int) -> None:
        """A look ended: compare it with the last complete one, wake whom a difference concerns."""
        seen = self.seen(account)
        if seen.key not in (None, look.key):
            return
        if isinstance(look, ListLook):
            seen.begun, seen.ended, seen.pages = look.begun, ended, pages
            if look.complete:
                self._listed(seen, look)
        elif look.complete:
            seen.log_pages = pages
            self._logged(seen, look)

    def _listed(self, seen: Seen, look: ListLook) -> None:
        before, seen.look = seen.look, look
        if before is None:
            return
        woken: dict[Ref, None] = {}
        for line in _differing(before, look):
            woken |= dict.fromkeys(self._fleet.holders(line.id))
            for mark in marks_in(*line.texts):
                woken |= dict.fromkeys(self._fleet.bearers(mark.stem))
        for ref in woken:
            self._wake(ref)

    def _logged(self, seen: Seen, look: LogLook) -> None:
        before, since, seen.logged = seen.entries, seen.logged, look.begun
        for uid, at in self._recounts.items():
            if at > look.begun + self._skew:  # the clock went back: no count would ever be late enough
                self._recounts[uid] = look.begun
        self._shown_by_now(look.begun)
        self._shows = {uid: min(at, look.begun + self._lag) for uid, at in self._shows.items() if at > look.begun}
        known = {**before, **{entry.job_id: entry for entry in look.entries}}
        seen.entries = {i: entry for i, entry in known.items() if self._kept(entry, look.begun)}
        seen.newest = max((e.created_at for e in look.entries if e.created_at is not None), default=seen.newest)
        if since is None:
            return
        for entry in look.entries:
            old = before.get(entry.job_id)
            if (old is None and self._young(entry, since)) or (old is not None and old.status is not entry.status):
                self._concerned(entry, look.begun, sudden=old is None)

    def _shown_by_now(self, begun: Instant) -> None:
        """What ended a lag ago must show: what was counted before that may have been the nodes as they were."""
        for ref, at in [*self._again.values()]:
            if at > begun + self._lag + self._skew:  # the clock went back
                self._again[ref.uid] = ref, begun + self._lag
            elif at <= begun:
                del self._again[ref.uid]
                self._recounts[ref.uid] = begun
                self._wake(ref)

    def _young(self, entry: Entry, since: Instant) -> bool:
        return entry.created_at is None or entry.created_at > since - 2 * self._lag

    def _kept(self, entry: Entry, now: Instant) -> bool:
        """One that never ends, or concerns nobody here, must not deepen every read."""
        if self._young(entry, now - self._lag):
            return True
        followed = entry.pending and entry.created_at is not None and entry.created_at > now - FOLLOWED
        return followed and any(self._fleet.holders(each) for each in entry.cluster_ids)

    def _concerned(self, entry: Entry, begun: Instant, *, sudden: bool) -> None:
        own = self._fleet.job_holders(entry.job_id)
        for ref in dict.fromkeys(ref for each in entry.cluster_ids for ref in self._fleet.holders(each)):
            counted = self._counted.get(ref.uid, -math.inf) >= begun  # they were read after it ended
            if not (entry.pending or (sudden and self._described(ref, entry))):
                if ref not in own or not self._changed(ref):  # a change of ours is followed to its end by itself
                    self._shows[ref.uid] = begun + self._lag
                if ref not in own or self._changed(ref):
                    self._again[ref.uid] = ref, begun + self._lag
                if not (ref in own or counted):
                    self._recounts[ref.uid] = begun
            self._wake(ref)
        for ref in own:
            self._wake(ref)

    def _changed(self, ref: Ref) -> bool:
        """Whether its own operation is a change: those that name an end state are closed before all of it shows."""
        resource = self._fleet.get(ref)
        memory = resource.memory if resource is not None else None
        newest = (memory.operation or memory.last_operation) if memory is not None else None
        return newest is not None and newest.action not in LIFE

    def _described(self, ref: Ref, entry: Entry) -> bool:
        """Whether it can be our own change of a name, which is over at once and leaves the nodes as they are.

        Its answer names no job. Another operation that began and ended within moments of it is taken for it.
        """
        resource = self._fleet.get(ref)
        at = resource.memory.described_at if resource is not None else None
        return at is not None and entry.created_at is not None and abs(entry.created_at - at) <= self._skew


def _differing(before: ListLook, after: ListLook) -> Iterator[Cluster]:
    """Each line that is new, gone, or says something else: as it was and as it is."""
    yield from _only(before.clusters, after)
    yield from _only(after.clusters, before)


def _only(lines: Iterable[Cluster], other: ListLook) -> Iterator[Cluster]:
    return (line for line in lines if other.by_id.get(line.id) != line)
