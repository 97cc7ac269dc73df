"""Live parts in memory, for what is read at a scrape; and the genuine registry over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from decide_scenes import ACCOUNT, FLEET, ID, NOW, SECOND, STEM, WINDOW, cluster, living, look, named
from prometheus_client.exposition import generate_latest

from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.record import Account, Condition, Resource
from hpc_operator.measuring.counting import Metrics
from hpc_operator.measuring.reading import Live, States
from hpc_operator.reconcile.queue import Lane

LANES = ("finish", "create")


@dataclass
class Queue:
    running: int = 2
    scheduled: int = 7

    def depth(self) -> dict[Lane, int]:
        return {**dict.fromkeys(Lane, 0), Lane.CREATE: 3}

    def oldest(self) -> dict[Lane, float]:
        return {**dict.fromkeys(Lane, 0.0), Lane.CREATE: 4.5}


@dataclass
class Budget:
    """Answers for the one account it knows; KeyError for another."""

    account: tuple[str, str] = (ACCOUNT.endpoint, ACCOUNT.owner)
    closed: float | None = None

    def accounts(self) -> tuple[tuple[str, str], ...]:
        return (self.account,)

    def used(self, account: Account) -> int:
        return {self.account: 41}[account.endpoint, account.owner]

    def left(self, account: Account, lane: str) -> int:
        return {(self.account, "finish"): 1559, (self.account, "create"): 1479}[(account.endpoint, account.owner), lane]

    def closed_until(self, account: Account) -> float | None:
        return {self.account: self.closed}[account.endpoint, account.owner]


@dataclass
class View:
    pages: int = 1
    look: ListLook | None = field(default_factory=lambda: look(12, cluster(ID, named(STEM)), cluster(SECOND, "hand")))


def conditioned(resource: Resource, **conditions: tuple[str, str]) -> Resource:
    """The resource with these conditions, (status, reason) by type."""
    made = (Condition(kind, status, reason, "", 1, NOW) for kind, (status, reason) in conditions.items())
    return replace(resource, conditions=tuple(made))


SETTLED = conditioned(
    living(), Ready=("True", "Ready"), Reconciling=("False", "Done"), Stalled=("False", "Progressing"),
    Available=("True", "Active"),
)  # fmt: skip


@dataclass
class Parts:
    """Change them between two scrapes."""

    queue: Queue = field(default_factory=Queue)
    resources: list[Resource] = field(default_factory=lambda: [SETTLED])
    budget: Budget = field(default_factory=Budget)
    views: Mapping[Account, View] = field(default_factory=lambda: {ACCOUNT: View()})
    swept: bool = True
    lease_left: float = 20.0
    now: float = NOW

    def live(self) -> Live:
        return Live(
            queue=self.queue,
            resources=lambda: self.resources,
            budget=self.budget,
            lanes=LANES,
            views=lambda: self.views,
            watched=lambda: {account: (view, 29.1) for account, view in self.views.items() if self.swept},
            lease_left=lambda: self.lease_left,
            now=lambda: self.now,
            fleet=FLEET,
            window=WINDOW,
            fresh=300.0,
        )


P = "hpc_operator_"


class Scraped:
    """Metrics over parts that a test may change; `value` scrapes anew."""

    def __init__(self) -> None:
        self.parts, self.metrics = Parts(), Metrics()
        self.metrics.registry.register(States(self.parts.live()))

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(P + name, labels)

    def text(self) -> str:
        return generate_latest(self.metrics.registry).decode()


def everything(metrics: Metrics) -> None:
    """Let each thing happen once."""
    metrics.called("list", "0", 0.2)
    with metrics.calling("list"):
        pass
    metrics.waited(ACCOUNT, "look", 3.0)
    metrics.spent(ACCOUNT, "look", 3)
    metrics.swept(complete=True, seconds=1.0, staleness=31.0)
    metrics.became_ready(400.0)
