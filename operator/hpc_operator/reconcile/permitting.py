"""Whether a call may go: the account has calls left, and this process acts. Asked before an intent, never after.

Every call that changes something asks here, also one that may be repeated: two processes would each put right what the
other one wrote.

Imported by `buying`, `sending` and `performing`. The Lease only saves calls; safety holds without it.
"""

from hpc_operator.decide import guards
from hpc_operator.decide.decision import Wait
from hpc_operator.decide.quota import exhausted
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.keeper import Keeper
from hpc_operator.reconcile.ports import Budget, Clock, Lease


class Permits:
    """Answers None, or why nothing is sent now."""

    def __init__(self, *, budget: Budget, lease: Lease, clock: Clock, keeper: Keeper, policy: Policy) -> None:
        self._budget, self._lease, self._clock, self._keeper, self._policy = budget, lease, clock, keeper, policy

    async def change(self, resource: Resource, account: Account, lane: str, what: str = "the call") -> Wait | None:
        """Counted in its lane of the budget; only the process that acts sends it, and none that is ending."""
        wait, now = await self._budget.permit(account, lane), self._clock.now()
        if wait > 0:
            return exhausted(resource, now + wait, now, what)
        if not self._keeper.closed and self.leads:
            return None
        text = "Another process may hold the lease; nothing is sent."
        return Wait(Reason.NOT_LEADER, self._policy.poll, text, quiet=True)

    @property
    def leads(self) -> bool:
        """Whether nobody else can act for as long as a send takes."""
        return guards.lease_suffices(self._lease.left(), self._policy.send_deadline)
