"""The shared looks (ports.Looks): one read of a view serves every resource that asks in time.

A view is (account, key). May be imported by the composition root. Must never come in: what a look means, a pace (the
callers have one), a retry of its own. What goes wrong without: per-resource polling is over the quota at 17 clusters.

What is shared is a look whose `begun` is not earlier than the asker's `not_before`, a failed one too: many who wait
for the same thing make one sweep and not one each. After a restart all is empty and is read again.

A sweep is paid for before its first page (`Purse`), so that none ends half-way for want of calls. Who cannot pay gets
what is there: older looks say when they began, and whoever needs a newer one comes again.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hpc_operator.cloud.statuses import told
from hpc_operator.cloud.sweep import log_down_to, whole_list
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.unsorted import Swept
from hpc_operator.cloud.wire import PAGE, Page
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Cluster, Entry, IdLook, ListLook, LogLook, Node, NodesLook
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Clock, Credentials

_KEPT = 3
_RECALLED = 60.0
"""Seconds for which the next log looks reach as far back as somebody asked: two in a row then serve the same askers."""
_ASKED = 3600.0
"""Seconds after which an answer about one cluster is forgotten: what still matters was asked for again meanwhile."""
_BY_ID = 2
"""Calls of a look by id: the line, and the log that names it."""
_TICK = 1e-6
_JITTER = 0.05
_NO_CALLS = "quota: the account's calls are used up for now"


class Pages(Protocol):
    """What the observer reads with (client.HpcCalls). Each page passes the budget there."""

    async def cluster_page(
        self,
        credentials: Credentials,
        account: Account,
        offset: int,
        *,
        cluster_id: str | None = None,
        status: str | None = None,
        lane: str = "look",
        paid: bool = False,
    ) -> Page[Cluster] | Unread:
        """A page of cluster/list."""

    async def operation_page(
        self,
        credentials: Credentials,
        account: Account,
        offset: int,
        *,
        resource_id: str | None = None,
        lane: str = "look",
        paid: bool = False,
    ) -> Page[Entry] | Unread:
        """A page of the operation log."""

    async def node_page(
        self,
        credentials: Credentials,
        account: Account,
        cluster_id: str,
        offset: int,
        *,
        lane: str = "look",
        paid: bool = False,
    ) -> Page[Node] | Unread:
        """A page of cluster/listNodes."""

    def refuses(self, credentials: Credentials) -> bool:
        """See ports.Looks."""


class Purse(Protocol):
    """Who may look how often (pacing.Pace)."""

    async def pay(self, account: Account, lane: str, calls: int, listed: int, cost: tuple[int, int] = (0, 1)) -> float:
        """0 when so many calls may go now (they are then counted), else the seconds to wait.

        `listed`: clusters of the account; `cost`: calls that list and log took last.
        """

    def refund(self, account: Account, calls: int) -> None:
        """So many of those were not made."""


class Shown(Protocol):
    """Who is told of each look at a whole account, when it ended and what it cost (reconcile.noticing)."""

    def __call__(self, account: Account, look: ListLook | LogLook, ended: Instant, pages: int) -> None:
        """The look is over."""


@dataclass(slots=True)
class _Paid:
    """What was paid for a sweep, and what of it was used; more than that goes through the budget page by page."""

    left: int
    used: int = 0

    def one(self) -> bool:
        """Whether the next page is paid for."""
        self.used += 1
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True)
class _View:
    """The looks at one account with one key. `asked`: how far back into the log somebody asked, and when.

    `cost`: calls of the newest complete list look.
    """

    listing: asyncio.Lock = field(default_factory=asyncio.Lock)
    logging: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: Instant = 0.0
    newest: ListLook | None = None
    cost: int = 0
    complete: tuple[ListLook, ...] = ()
    log: LogLook | None = None
    logs: tuple[LogLook, ...] = ()
    asked: dict[Instant, Instant] = field(default_factory=dict)

    def show(self, look: ListLook, calls: int) -> None:
        self.newest = look
        if look.complete:
            self.cost, self.complete = calls, (look, *self.complete)[:_KEPT]

    @property
    def listed(self) -> int:
        return len(self.complete[0].clusters) if self.complete else 0

    def list_calls(self) -> int:
        """What a look at the list is going to cost."""
        return max(1, -(-self.listed // PAGE), self.cost)

    def log_calls(self, since: Instant) -> int:
        """What a look at the log down to there is going to cost, by what the newest complete one showed."""
        newest = self.logs[0].entries if self.logs else ()
        return 1 + sum(entry.created_at is None or entry.created_at >= since for entry in newest) // PAGE

    @property
    def log_cost(self) -> int:
        return self.log_calls(self.logs[0].since) if self.logs else 1

    def looks(self) -> tuple[ListLook, ...]:
        if self.newest is None or self.newest.complete:
            return self.complete
        return (self.newest, *self.complete)[:_KEPT]

    def show_log(self, look: LogLook) -> None:
        self.log = look
        if look.complete:
            self.logs = (look, *self.logs)[:_KEPT]

    def log_looks(self) -> tuple[LogLook, ...]:
        if self.log is None or self.log.complete:
            return self.logs
        return (self.log, *self.logs)[:_KEPT]

    def ask(self, since: Instant, now: Instant) -> None:
        self.asked = {back: at for back, at in self.asked.items() if abs(now - at) < _RECALLED} | {since: now}

    def reaches(self, since: Instant, not_before: Instant) -> LogLook | None:
        look = self.log
        return look if look is not None and look.begun >= not_before and look.since <= since else None

    def forget(self) -> None:
        self.newest, self.complete, self.log, self.logs, self.begun = None, (), None, (), 0.0


class Observer:
    """ports.Looks over pages. `most_pages`: a longer list or log is never complete; `most_ids`: kept looks by id.

    `shown` is told of every look at the list or the log.
    """

    def __init__(
        self,
        pages: Pages,
        clock: Clock,
        *,
        purse: Purse | None = None,
        shown: Shown = lambda _account, _look, _ended, _pages: None,
        most_pages: int = 200,
        most_ids: int = 1000,
    ) -> None:
        self._pages = pages
        self._clock = clock
        self._purse = purse
        self._shown = shown
        self._most_pages = most_pages
        self._most_ids = most_ids
        self._views: dict[tuple[Account, str], _View] = {}
        self._ids: dict[Account, OrderedDict[str, IdLook]] = {}

    def refuses(self, credentials: Credentials) -> bool:
        """See ports.Looks."""
        return self._pages.refuses(credentials)

    async def listing(
        self, credentials: Credentials, account: Account, not_before: Instant, lane: str = "look"
    ) -> tuple[ListLook, ...]:
        """The newest list looks (at most three, newest first); reads anew if none began at or after not_before."""
        view, wanted = self._view(credentials, account), min(not_before, self._clock.now())
        async with view.listing:
            if view.newest is None or view.newest.begun < wanted:
                return await self._list(view, credentials, account, lane)
            return view.looks()

    async def _list(self, view: _View, credentials: Credentials, account: Account, lane: str) -> tuple[ListLook, ...]:
        before = view.complete[0].clusters if view.complete else ()
        paid, begun = await self._pay(view, account, lane, view.list_calls()), self._begin(view)
        if paid is None:
            return view.looks() or (ListLook(begun, False, credentials.fingerprint, problem=_NO_CALLS),)
        swept, jobs = await self._lines(credentials, account, lane=lane, paid=paid, before=before)
        self._refund(account, paid)
        look = ListLook(begun, not swept.problem, credentials.fingerprint, swept.items, swept.problem, jobs)
        view.show(look, paid.used)
        self._shown(account, look, self._clock.now(), paid.used)
        return view.looks()

    async def log(
        self, credentials: Credentials, account: Account, since: Instant, not_before: Instant, lane: str = "look"
    ) -> tuple[LogLook, ...]:
        """The newest log looks (at most three, newest first); reads anew if the newest is too old or too short."""
        now = self._clock.now()
        view, wanted = self._view(credentials, account), min(not_before, now)
        view.ask(since, now)
        async with view.logging:
            if view.reaches(since, wanted) is None:
                return await self._log(view, credentials, account, since, lane)
            return view.log_looks()

    async def _log(
        self, view: _View, credentials: Credentials, account: Account, asked: Instant, lane: str
    ) -> tuple[LogLook, ...]:
        since = min(view.asked)
        paid, begun = await self._pay(view, account, lane, view.log_calls(since)), self._begin(view)
        if paid is None:  # an old one that reaches back is better than none; a shorter one would hide what is asked for
            old = tuple(look for look in view.logs if look.since <= asked)
            return old or (LogLook(begun, False, credentials.fingerprint, since, problem=_NO_CALLS),)
        swept = await log_down_to(
            lambda offset: self._pages.operation_page(credentials, account, offset, lane=lane, paid=paid.one()),
            since,
            self._most_pages,
        )
        look = LogLook(begun, not swept.problem, credentials.fingerprint, since, swept.items, swept.problem)
        self._refund(account, paid)
        view.show_log(look)
        self._shown(account, look, self._clock.now(), paid.used)
        return view.log_looks()

    async def _pay(self, view: _View, account: Account, lane: str, calls: int) -> _Paid | None:
        """What is paid for; None when it cannot be afforded now. Without a purse each page goes through the budget."""
        if self._purse is None:
            return _Paid(0)
        wait = await self._purse.pay(account, lane, calls, view.listed, (view.cost, view.log_cost))
        return None if wait > 0 else _Paid(calls)

    def _refund(self, account: Account, paid: _Paid) -> None:
        if self._purse is not None and paid.left > 0:
            self._purse.refund(account, paid.left)

    async def by_id(self, credentials: Credentials, account: Account, cluster_id: str, lane: str = "look") -> IdLook:
        """Ask for one cluster by id, now: its line, and the log entries that name it. Kept for `known`.

        One that cannot be paid for is not kept: it asked nothing.
        """
        view = self._view(credentials, account)
        paid, begun = await self._pay(view, account, lane, _BY_ID), self._begin(view)
        if paid is None:
            return IdLook(begun, False, credentials.fingerprint, cluster_id, problem=_NO_CALLS, ended=begun)
        lines, jobs = await self._lines(credentials, account, lane=lane, paid=paid, cluster_id=cluster_id)
        log = await log_down_to(
            lambda offset: self._pages.operation_page(
                credentials, account, offset, resource_id=cluster_id, lane=lane, paid=paid.one()
            ),
            -math.inf,
            self._most_pages,
        )
        line = next((cluster for cluster in lines.items if cluster.id == cluster_id), None)
        entries = tuple(entry for entry in log.items if cluster_id in entry.resource_ids)
        problem = lines.problem or log.problem
        ended = self._clock.now()
        counted = None if lines.problem else jobs.get(cluster_id)
        look = IdLook(begun, not problem, credentials.fingerprint, cluster_id, line, entries, problem, ended, counted)
        self._keep(account, look)
        return look

    async def _lines(
        self,
        credentials: Credentials,
        account: Account,
        *,
        lane: str,
        paid: _Paid,
        before: Sequence[Cluster] = (),
        cluster_id: str | None = None,
    ) -> tuple[Swept[Cluster], dict[str, int]]:
        """The list, or one cluster's line, and the jobs on each; lines that do not say their status are asked by it.

        A question by status that failed leaves the look partial: else nobody would be active any more. One that is
        refused as such tells that this account has no such filter: the status stays unknown.
        """
        failed: list[str] = []
        jobs: dict[str, int | None] = {}

        async def ask(before: Sequence[Cluster] = (), status: str | None = None) -> Swept[Cluster]:
            async def page(offset: int) -> Page[Cluster] | Unread:
                found = await self._pages.cluster_page(
                    credentials, account, offset, cluster_id=cluster_id, status=status, lane=lane, paid=paid.one()
                )
                if status is not None and isinstance(found, Unread) and not found.refused:
                    failed.append(found.problem)
                if status is None and isinstance(found, Page):
                    jobs.update((item.id, each) for item, each in zip(found.items, found.jobs, strict=False))
                return found

            return await whole_list(page, self._most_pages, before)

        swept = await ask(before)
        counted = {i: each for i, each in jobs.items() if each is not None}
        if swept.problem or all(line.status for line in swept.items):
            return swept, counted
        items = await told(swept.items, lambda status: ask(status=status))
        return Swept(items, next(iter(failed), "")), counted

    def known(self, account: Account) -> Mapping[str, IdLook]:
        """The newest look by id for each id asked lately."""
        return dict(self._ids.get(account, {}))

    async def nodes(self, credentials: Credentials, account: Account, cluster_id: str, lane: str = "look") -> NodesLook:
        """The nodes of one cluster, now. Its first page is paid for; how many there are, only that page tells."""
        view = self._view(credentials, account)
        paid, begun = await self._pay(view, account, lane, 1), self._begin(view)
        if paid is None:
            return NodesLook(begun, False, problem=_NO_CALLS, key=credentials.fingerprint)
        swept = await whole_list(
            lambda offset: self._pages.node_page(credentials, account, cluster_id, offset, lane=lane, paid=paid.one()),
            self._most_pages,
        )
        return NodesLook(begun, not swept.problem, swept.items, swept.problem, credentials.fingerprint)

    def _keep(self, account: Account, look: IdLook) -> None:
        kept = self._ids.setdefault(account, OrderedDict())
        earlier = kept.get(look.id)
        if earlier is None or earlier.begun <= look.begun:
            kept[look.id] = look
        kept.move_to_end(look.id)
        old = self._clock.now() - _ASKED
        while len(kept) > self._most_ids or next(iter(kept.values())).last_asked < old:
            kept.popitem(last=False)

    def _view(self, credentials: Credentials, account: Account) -> _View:
        """The view; what it holds is forgotten when our clock went back, since it would claim a later beginning."""
        view = self._views.get((account, credentials.fingerprint))
        if view is None:  # a new key of an account that is known: its list is as long as it was
            known = (view.cost for (other, _), view in self._views.items() if other == account)
            view = self._views[account, credentials.fingerprint] = _View(cost=max(known, default=0))
        now = self._clock.now()
        if now < view.begun - _JITTER:
            view.forget()
            kept = self._ids.get(account, OrderedDict())
            self._ids[account] = OrderedDict((i, look) for i, look in kept.items() if look.begun <= now)
        return view

    def _begin(self, view: _View) -> Instant:
        """The clock before the first request, and different for every look."""
        now = self._clock.now()
        view.begun = now if now > view.begun or now < view.begun - _JITTER else view.begun + _TICK
        return view.begun
