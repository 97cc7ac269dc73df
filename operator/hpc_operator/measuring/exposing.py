"""Which parts of the running process `reading` reads. `main` calls it once everything is made."""

from hpc_operator.cloud.quota import RESERVES, HourlyBudget
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.policy import Policy
from hpc_operator.kube.lease import LeaseLoop
from hpc_operator.measuring.counting import Metrics
from hpc_operator.measuring.reading import Live, States
from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.noticing import Noticer
from hpc_operator.reconcile.queue import WakeQueue
from hpc_operator.reconcile.sweeping import Sweeper

_FRESH = 10
"""For so many stalenesses a look at a list that is not swept still says what is there."""


def expose(
    metrics: Metrics,
    *,
    queue: WakeQueue[Ref],
    cache: Cache,
    budget: HourlyBudget,
    noticer: Noticer,
    sweeper: Sweeper,
    lease: LeaseLoop,
    clock: WatchedClock,
    fleet: str,
    policy: Policy,
) -> None:
    """From now on each scrape reads these. `fleet` is the setting."""
    live = Live(
        queue=queue,
        resources=cache.resources,
        budget=budget,
        lanes=tuple(RESERVES),
        views=noticer.states,
        watched=sweeper.states,
        lease_left=lease.left,
        now=clock.now,
        fleet=fleet,
        window=policy.window,
        fresh=_FRESH * policy.staleness,
    )
    metrics.registry.register(States(live))
