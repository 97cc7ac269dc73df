"""What is read at each scrape: depths, ages, budgets, resources by condition, orphans. A collector over the live parts.

Nothing of a resource is kept here, so one that is gone is gone from the next answer too. What is read belongs to the
main loop, and `serving` answers there: no locks. The cost of a scrape grows with the number of resources and of listed
clusters, not with what happened; it makes no call and reads no Kubernetes.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from hpc_operator.decide.orphans import known, sort
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.record import Account, Resource
from hpc_operator.measuring import catalogue
from hpc_operator.measuring.catalogue import Metric
from hpc_operator.measuring.conditions import blocked, by_condition
from hpc_operator.measuring.operations import open_for
from hpc_operator.reconcile.queue import Lane

Labels = tuple[str, ...]


class Queue(Protocol):
    """The wake queue (reconcile.queue)."""

    @property
    def running(self) -> int:
        """Passes being made."""

    @property
    def scheduled(self) -> int:
        """How many wait for a time that has not come."""

    def depth(self) -> Mapping[Lane, int]:
        """How many are due, by lane."""

    def oldest(self) -> Mapping[Lane, float]:
        """For how many seconds the longest waiting one is due, by lane."""


class Budget(Protocol):
    """The account's calls (cloud.quota)."""

    def accounts(self) -> Collection[tuple[str, str]]:
        """Endpoint and owner of each."""

    def used(self, account: Account) -> int:
        """Calls counted in the present window."""

    def left(self, account: Account, lane: str) -> int:
        """Calls that the lane may make now."""

    def closed_until(self, account: Account) -> Instant | None:
        """Until when nothing is called; None: open."""


class View(Protocol):
    """What is known of one account's list (reconcile.noticing.Seen)."""

    @property
    def pages(self) -> int:
        """Pages of the newest look."""

    @property
    def look(self) -> ListLook | None:
        """That look; it began by the own clock."""


@dataclass(frozen=True, slots=True)
class Live:
    """The parts that are read.

    `views`: every list that was looked at; `watched`: those that are swept, each with its period in seconds. `fresh`:
    for so many seconds a look speaks for a list that is not swept; `window`: the window of doubt.
    """

    queue: Queue
    resources: Callable[[], Iterable[Resource]]
    budget: Budget
    lanes: tuple[str, ...]
    views: Callable[[], Mapping[Account, View]]
    watched: Callable[[], Mapping[Account, tuple[View, float]]]
    lease_left: Callable[[], float]
    now: Callable[[], Instant]
    fleet: str
    window: float
    fresh: float


class States(Collector):
    """Register it with the registry of `counting.Metrics`.

    Of a list that is swept and was never seen whole, it remembers since when: its age grows like any other's.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._unseen: dict[Labels, Instant] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each gauge of the catalogue that is a state."""
        yield _family(catalogue.LEADER, {(): float(self._live.lease_left() > 0)})
        yield from self._queue()
        yield from self._budget()
        yield from self._sweeps()
        resources = tuple(self._live.resources())
        yield _family(catalogue.RESOURCES, by_condition(resources))
        yield _family(catalogue.BLOCKED, blocked(resources))
        yield _family(catalogue.OPERATION_OPEN, open_for(resources, self._live.now()))
        yield from self._clusters(resources)

    def _queue(self) -> Iterator[GaugeMetricFamily]:
        queue = self._live.queue
        yield _family(catalogue.PASSES_RUNNING, {(): queue.running})
        yield _family(catalogue.QUEUE_SCHEDULED, {(): queue.scheduled})
        yield _family(catalogue.QUEUE_DEPTH, {(lane.name.lower(),): n for lane, n in queue.depth().items()})
        yield _family(catalogue.QUEUE_AGE, {(lane.name.lower(),): age for lane, age in queue.oldest().items()})

    def _budget(self) -> Iterator[GaugeMetricFamily]:
        budget = self._live.budget
        accounts = {account(key): Account(key[0], "", key[1]) for key in budget.accounts()}
        left = {(*k, lane): budget.left(a, lane) for k, a in accounts.items() for lane in self._live.lanes}
        yield _family(catalogue.BUDGET_USED, {key: budget.used(each) for key, each in accounts.items()})
        yield _family(catalogue.BUDGET_LEFT, left)
        yield _family(catalogue.BUDGET_CLOSED, {k: budget.closed_until(a) or 0.0 for k, a in accounts.items()})

    def _sweeps(self) -> Iterator[GaugeMetricFamily]:
        now = self._live.now()
        watched = {view_of(account): each for account, each in self._live.watched().items()}
        self._unseen = {key: self._unseen.get(key, now) for key, (view, _) in watched.items() if view.look is None}
        begun = {key: view.look.begun if view.look else self._unseen[key] for key, (view, _) in watched.items()}
        yield _family(catalogue.SWEEP_AGE, {key: max(0.0, now - at) for key, at in begun.items()})
        yield _family(catalogue.SWEEP_PAGES, {key: view.pages for key, (view, _) in watched.items()})
        yield _family(catalogue.SWEEP_PERIOD, {key: period for key, (_, period) in watched.items()})

    def _clusters(self, resources: Iterable[Resource]) -> Iterator[GaugeMetricFamily]:
        """As the newest complete look of each list says; where there is none, or an old one only, nothing is said."""
        recorded = known(resources, self._live.fleet)
        found = {key: sort(look, recorded, self._live.window) for key, look in self._looks()}
        yield _family(catalogue.ORPHANS, {key: len(each.orphans) for key, each in found.items()})
        yield _family(catalogue.DUPLICATES, {key: len(each.duplicates) for key, each in found.items()})

    def _looks(self) -> Iterator[tuple[Labels, ListLook]]:
        watched, since = self._live.watched(), self._live.now() - self._live.fresh
        for account, view in self._live.views().items():
            if view.look is not None and (account in watched or view.look.begun >= since):
                yield view_of(account), view.look


def account(key: tuple[str, str]) -> Labels:
    """The labels of what shares a quota."""
    return _bare(key[0]), key[1]


def view_of(account: Account) -> Labels:
    """The labels of what one list shows."""
    return _bare(account.endpoint), account.zone, account.owner


def _bare(endpoint: str) -> str:
    """A name and password that somebody put into the URL are not told."""
    scheme, separator, rest = endpoint.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _family(metric: Metric, values: Mapping[Labels, float] | Counter[Labels]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
