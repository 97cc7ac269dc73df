"""What a call gets to work with.

Lives here: `Context`, `Twist` (how a fault bends the call), paging. The calls and the cloud import it.
Never comes in: signatures, transport.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hpc_simulator.accounts import Account
from hpc_simulator.calls import parameters
from hpc_simulator.clusters import Cluster
from hpc_simulator.envelope import Refused
from hpc_simulator.faults import Skip
from hpc_simulator.request import Request
from hpc_simulator.settings import Settings
from hpc_simulator.world import World

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Twist:
    """How a fault bends one call; the default bends nothing."""

    lag: float | None = None
    skip: Skip | None = None
    job_fails: int = 0
    other_account: bool = False
    clock: float = 0.0


@dataclass(slots=True)
class Context:
    """One call at one moment: `now` of the injected clock, `stamp` as the cloud tells it."""

    world: World
    settings: Settings
    request: Request
    account: Account
    now: float
    stamp: float
    twist: Twist
    changed: list[str] = field(default_factory=list)
    """Ids of the clusters on which the call had its effect."""
    job_id: str = ""
    turn: int = 0
    """The number of the call: where an order is not stable, it is another one at each turn."""

    def sees(self, owner: str) -> bool:
        """Whether this key sees the account named. Raises Refused(1400) when the settings say that it is told so."""
        if owner == self.account.owner:
            return True
        if self.settings.foreign_owner == "denied":
            raise Refused(1400, "not the owner")
        return False

    def check_zone(self, zone: str) -> None:
        """Raise Refused when the account is not at home in this zone."""
        if zone != self.account.zone:
            raise Refused(self.settings.wrong_zone_code, f"zone {zone[:40]}")

    def own_cluster(self, cluster_id: str) -> Cluster:
        """The cluster, if it is this account's. Raises Refused(2100), or 1400 for another account's by setting."""
        cluster = self.world.clusters.get(cluster_id)
        if cluster is None or not self.sees(cluster.owner):
            raise Refused(2100, cluster_id[:40])
        return cluster

    def page(self, found: Sequence[Item], name_of: dict[str, Item]) -> tuple[Sequence[Item], int]:
        """One page and total_count of what was found, in order; `name_of` tells the items by name for a Skip."""
        query = self.request.parameters
        limit, offset = parameters.count(query, "limit", 10), parameters.count(query, "offset", 0)
        items, total = list(found), len(found)
        skip = self.twist.skip
        if skip is not None and items:
            missing = name_of.get(skip.name) if skip.name is not None else items[skip.index % len(items)]
            items = [item for item in items if item is not missing]
            total = len(items) if skip.total else total
        return items[offset : offset + min(limit, 100, max(0, self.settings.longest_page))], total
