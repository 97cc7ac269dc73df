"""The shared looks (ports.Looks): one read of a view serves every resource that asks in time.

A view is (account, key). May be imported by the composition root. Must never come in: what a look means, a pace (the
callers have one), a retry of its own. What goes wrong without: per-resource polling is over the quota at 17 clusters.

What is shared is a look whose `begun` is not earlier than the asker's `not_before`, a failed one too: many who wait
for the same thing make one sweep and not one each. After a restart all is empty and is read again.

A sweep is paid for before its first page (`Purse`), so that none ends half-way for want of calls. Who cannot pay gets
what is there: older looks say when they began, and whoever needs a newer one comes again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hpc_operator.cloud.asked import Asked
from hpc_operator.cloud.statuses import told
from hpc_operator.cloud.sweep import log_down_to, whole_list
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.unsorted import Swept
from hpc_operator.cloud.view import View
from hpc_operator.cloud.wire import Page
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Cluster, Entry, IdLook, ListLook, LogLook, Node, NodesLook
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Clock, Credentials

_BY_ID = 2
"""Calls of a look by id: the line, and the log that names it."""
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
        self._views: dict[tuple[Account, str], View] = {}
        self._asked = Asked(most_ids)

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

    async def _list(self, view: View, credentials: Credentials, account: Account, lane: str) -> tuple[ListLook, ...]:
        before = view.complete[0].clusters if view.complete else ()
        paid, begun = await self._pay(view, account, lane, view.list_calls()), view.begin(self._clock.now())
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
        self, view: View, credentials: Credentials, account: Account, asked: Instant, lane: str
    ) -> tuple[LogLook, ...]:
        since = min(view.asked)
        paid, begun = await self._pay(view, account, lane, view.log_calls(since)), view.begin(self._clock.now())
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

    async def _pay(self, view: View, account: Account, lane: str, calls: int) -> _Paid | None:
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
        paid, begun = await self._pay(view, account, lane, _BY_ID), view.begin(self._clock.now())
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
        self._asked.keep(account, look, ended)
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
        return self._asked.known(account)

    async def nodes(self, credentials: Credentials, account: Account, cluster_id: str, lane: str = "look") -> NodesLook:
        """The nodes of one cluster, now. Its first page is paid for; how many there are, only that page tells."""
        view = self._view(credentials, account)
        paid, begun = await self._pay(view, account, lane, 1), view.begin(self._clock.now())
        if paid is None:
            return NodesLook(begun, False, problem=_NO_CALLS, key=credentials.fingerprint)
        swept = await whole_list(
            lambda offset: self._pages.node_page(credentials, account, cluster_id, offset, lane=lane, paid=paid.one()),
            self._most_pages,
        )
        return NodesLook(begun, not swept.problem, swept.items, swept.problem, credentials.fingerprint)

    def _view(self, credentials: Credentials, account: Account) -> View:
        """The view; what it holds is forgotten when our clock went back, since it would claim a later beginning."""
        view = self._views.get((account, credentials.fingerprint))
        if view is None:  # a new key of an account that is known: its list is as long as it was
            known = (view.cost for (other, _), view in self._views.items() if other == account)
            view = self._views[account, credentials.fingerprint] = View(cost=max(known, default=0))
        now = self._clock.now()
        if view.ahead_of(now):
            view.forget()
            self._asked.forget_later(account, now)
        return view
