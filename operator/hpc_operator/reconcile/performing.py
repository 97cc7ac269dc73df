"""Carrying out one action: each method is one action, answers what to report, or None to look again at once.

Imported by `engine` only. Creating has a room of its own (`buying`). No decision is taken here: what an answer means
for the memory is `decide.remembering`'s.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from hpc_operator.decide import pace, remembering
from hpc_operator.decide.decision import Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain import actions
from hpc_operator.domain.answers import Accepted, NoAnswer, NotSent, Refused
from hpc_operator.domain.desired import Ref, stored
from hpc_operator.domain.observed import NodesLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Intent, Resource
from hpc_operator.reconcile.buying import Buyer, tell_apart
from hpc_operator.reconcile.connecting import Connector
from hpc_operator.reconcile.keeper import Keeper
from hpc_operator.reconcile.permitting import Permits
from hpc_operator.reconcile.ports import Calls, Clock, Credentials, Looks, Store
from hpc_operator.reconcile.sending import Sender
from hpc_operator.reconcile.writing import Writer

_log = logging.getLogger(__name__)
_DOZEN = 12


class Performer:
    """Carries out every action of `domain.actions`. `postpone(resource, chore)` puts a failed chore off for a while;
    `released(ref)` is told who was let go in good order.
    """

    def __init__(
        self,
        *,
        store: Store,
        calls: Calls,
        looks: Looks,
        permits: Permits,
        clock: Clock,
        writer: Writer,
        keeper: Keeper,
        buyer: Buyer,
        sender: Sender,
        policy: Policy,
        nonce: Callable[[], str],
        postpone: Callable[[Resource, str], None],
        counted: Callable[[Ref, NodesLook], None],
        released: Callable[[Ref], None],
    ) -> None:
        self._store, self._calls, self._looks, self._permits = store, calls, looks, permits
        self._clock, self._writer, self._keeper = clock, writer, keeper
        self._buyer, self._sender = buyer, sender
        self._policy, self._nonce, self._postpone, self._released = policy, nonce, postpone, released
        self._counted = counted
        self._connector = Connector(store, postpone)

    async def perform(self, scene: Scene, action: actions.Action, credentials: Credentials | None) -> Decision | None:
        """Do it. Raises what the store raises: Conflict, Gone, CrdTooOld, Unavailable, SecretProblem."""
        resource = scene.resource
        match action:
            case actions.Remember(record):
                await self._store.remember(resource, replace(record, nonce=record.nonce or self._nonce()))
            case actions.Doubt(intent):
                await self._store.write_intent(resource, self._stamped(intent))
            case actions.Close(intent, closed):
                await self._keeper.keep(self._writer.close(resource, intent, closed), f"close {resource.ref}")
            case actions.Ended(intent, at):
                await self._keeper.keep(self._writer.ended(resource, intent, stored(at)), f"end {resource.ref}")
            case actions.Take() | actions.Forget() | actions.Connect():
                await self._note(resource, action)
            case actions.Release():
                await self._release(resource, action)
            case _:
                return await self._call(scene, action, credentials)
        return None

    async def _note(self, resource: Resource, action: actions.Take | actions.Forget | actions.Connect) -> None:
        """What only Kubernetes is told."""
        match action:
            case actions.Take():
                await self._store.write_status(resource, remembering.taken(resource, action, self._clock.now()))
            case actions.Forget(cluster_id):
                memory = remembering.forgotten(resource, cluster_id, self._clock.now())
                await self._store.write_status(resource, memory)
            case actions.Connect():
                await self._connector.connect(resource, action)
            case _:
                assert_never(action)

    async def _call(
        self,
        scene: Scene,
        action: actions.Create
        | actions.LookById
        | actions.Describe
        | actions.Delete
        | actions.CountNodes
        | actions.Change,
        credentials: Credentials | None,
    ) -> Decision | None:
        """The actions that need the cloud, and so a key."""
        if credentials is None:
            return Wait(Reason.CREDENTIALS_MISSING, self._policy.retry_base, "There are no credentials for this call.")
        match action:
            case actions.Create():
                return await self._buyer.buy(scene, action, credentials)
            case actions.LookById(ids, lane):
                return await self._look(scene.resource, ids, credentials, lane)
            case actions.Describe():
                return await self._describe(scene.resource, action, credentials)
            case actions.Delete() | actions.Change():
                return await self._sender.send(scene, action, credentials)
            case actions.CountNodes(cluster_id):
                return await self._count(scene.resource, cluster_id, credentials)
            case _:
                assert_never(action)

    async def _look(
        self, resource: Resource, ids: tuple[str, ...], credentials: Credentials, wanted: str
    ) -> Decision | None:
        """A look that failed is told and waited for: asked again at once, it would never come to a report."""
        lane = wanted or ("create" if resource.id is None else "ask")
        if resource.deleting or resource.memory.operation is not None:
            lane = "finish"
        looks = [await self._looks.by_id(credentials, credentials.account, cluster_id, lane) for cluster_id in ids]
        failed = next((look for look in looks if not look.complete), None)
        if failed is None:
            return None
        text = f"{failed.id} cannot be looked up ({failed.problem})."
        return Wait(Reason.CLOUD_UNREACHABLE, self._policy.poll, text, quiet=True)

    def _stamped(self, intent: Intent) -> Intent:
        return replace(intent, nonce=self._nonce(), started_at=stored(intent.started_at))

    async def _release(self, resource: Resource, action: actions.Release) -> None:
        if action.left is not None:
            await self._store.keep_secrets(resource, action.left)
            text = f"{action.left} was left as it is: {action.why}. It goes on costing money."
            await self._store.announce(resource, Reason.LEFT, text, warning=False)
        else:
            await self._store.drop_secrets(resource)
        if not action.retained:
            self._released(resource.ref)
        await self._store.release(resource)

    async def _describe(
        self, resource: Resource, action: actions.Describe, credentials: Credentials
    ) -> Decision | None:
        if wait := await self._permits.change(resource, credentials.account, "change"):
            return wait
        await self._keeper.keep(self._described(resource, action, credentials), f"describe {resource.ref}")
        return None

    async def _described(self, resource: Resource, action: actions.Describe, credentials: Credentials) -> None:
        answer = await self._calls.describe(
            credentials, credentials.account, action.id, action.name, action.description
        )
        now = self._clock.now()
        match answer:
            case Accepted():
                await self._store.write_status(resource, remembering.described(resource, action.digest, now))
            case Refused():
                await tell_apart(self._calls, credentials, answer)
                memory = remembering.undescribed(resource, action.digest, answer, stored(now))
                await self._store.write_status(resource, memory)
            case NotSent() | NoAnswer():
                self._postpone(resource, "Describe")
            case _:
                assert_never(answer)

    async def _count(self, resource: Resource, cluster_id: str, credentials: Credentials) -> Decision | None:
        look = await self._looks.nodes(credentials, credentials.account, cluster_id, "change")
        if not look.complete or not look.nodes:
            self._postpone(resource, "CountNodes")
            return None
        self._counted(resource.ref, look)
        await self._store.write_status(resource, remembering.counted(resource, look))
        return None


def calm(policy: Policy, streak: int) -> float:
    """Seconds before the next pass when passes followed each other without rest: never a hot loop.

    A rest after each dozen, longer every time. Between two rests steps follow at once: a read made directly before a
    call speaks for a poll, and a pause before each step would outlast it, so that it is made again and again.
    """
    return 0.0 if streak % _DOZEN else pace.backoff(streak // _DOZEN, policy)
