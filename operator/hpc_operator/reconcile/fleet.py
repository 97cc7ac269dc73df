"""The rest of the fleet as one pass sees it: who records which cluster and which job.

`gathering` and `holding` import it; `engine` the protocol. It asks the cache for one id at a time: the whole fleet
would be read at every pass.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from hpc_operator.decide.facts import Claim
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from hpc_operator.domain.record import Account, Resource


class Fleet(Protocol):
    """The resources as last seen (`reconcile.cache`)."""

    def get(self, ref: Ref) -> Resource | None:
        """The resource of exactly this uid."""

    def missing(self, ref: Ref) -> None:
        """The server said that it is not there."""

    def holders(self, cluster_id: str) -> Collection[Ref]:
        """Who records this cluster."""

    def job_holders(self, job_id: str) -> Collection[Ref]:
        """Who records this job."""

    def of_account(self, account: Account) -> Collection[Ref]:
        """The resources whose recorded account this is."""

    def spenders(self) -> Collection[str]:
        """The uids of those that have a cluster under the operator's own key, or may be buying one."""


class Claims(Mapping[str, tuple[Claim, ...]]):
    """Who records a cluster, asked for one id at a time. A record copied from another life claims nothing."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet, self._name = fleet, name

    def _records(self, resource: Resource, cluster_id: str) -> bool:
        own = resource.record is not None and resource.record.mark == stem(self._name, resource.ref)
        return own or resource.memory.hpc_cluster_id == cluster_id

    def __getitem__(self, cluster_id: str) -> tuple[Claim, ...]:
        known = (self._fleet.get(ref) for ref in self._fleet.holders(cluster_id))
        return tuple(
            sorted(
                Claim(r.created_at, r.ref, r.account) for r in known if r is not None and self._records(r, cluster_id)
            )
        )

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class OtherJobs:
    """Job ids that other resources record."""

    def __init__(self, fleet: Fleet, ref: Ref) -> None:
        self._fleet, self._ref = fleet, ref

    def __contains__(self, job_id: object) -> bool:
        return isinstance(job_id, str) and any(r.uid != self._ref.uid for r in self._fleet.job_holders(job_id))
