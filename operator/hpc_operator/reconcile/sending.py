"""Deleting and changing: an intent, one request, its answer into the same intent. Creating has its own room (`buying`).

Imported by `performing`. What goes wrong without the order: an addNodes whose sender crashed is sent a second time.
After a restart: the open intent is followed by looks (`decide.following`, `decide.leaving`); nothing is sent for it.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import assert_never

from hpc_operator.decide import guards, remembering
from hpc_operator.decide.decision import Decision
from hpc_operator.decide.facts import Scene
from hpc_operator.domain import actions
from hpc_operator.domain.answers import Accepted, Answer, NoAnswer, NotSent, Refused
from hpc_operator.domain.desired import Instant, stored
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import Intent, OperationAction, Resource
from hpc_operator.reconcile.buying import tell_apart
from hpc_operator.reconcile.keeper import Keeper
from hpc_operator.reconcile.permitting import Permits
from hpc_operator.reconcile.ports import Calls, Clock, Credentials, Store
from hpc_operator.reconcile.writing import Writer

_log = logging.getLogger(__name__)
_NOT_FOUND = 2100


class Sender:
    """Carries out `Delete` and `Change`: None when the next pass should look at once, else why nothing was sent."""

    def __init__(
        self,
        *,
        store: Store,
        calls: Calls,
        permits: Permits,
        clock: Clock,
        writer: Writer,
        keeper: Keeper,
        policy: Policy,
        nonce: Callable[[], str],
    ) -> None:
        self._store, self._calls, self._permits = store, calls, permits
        self._clock, self._writer, self._keeper = clock, writer, keeper
        self._policy, self._nonce = policy, nonce

    async def send(
        self, scene: Scene, action: actions.Delete | actions.Change, credentials: Credentials
    ) -> Decision | None:
        """Without an answer a delete may be asked again; a change's intent stays open, adding must not be repeated."""
        deleting = isinstance(action, actions.Delete)
        lane = "finish" if deleting else "change"
        if held := await self._permits.change(scene.resource, credentials.account, lane):
            return held
        if not guards.still_so(scene, self._clock.now()):
            return None  # held up since the looks: jobs may run by now, or the cluster be well again
        intent = self._intent(scene, credentials, action)

        async def call(timestamp: Instant) -> Answer:
            if isinstance(action, actions.Delete):
                return await self._calls.delete(credentials, credentials.account, action.id, timestamp)
            return await self._calls.change(credentials, credentials.account, action, timestamp)

        sending = self._send(scene.resource, intent, call, credentials)
        await self._keeper.keep(sending, f"{intent.action} {scene.resource.ref}")
        return None

    def _intent(self, scene: Scene, credentials: Credentials, action: actions.Delete | actions.Change) -> Intent:
        last = scene.resource.memory.last_operation
        plain = Intent(
            action=OperationAction.DELETE,
            mark=scene.stem,
            attempt=last.attempt if last is not None else 1,
            started_at=stored(self._clock.now()),
            nonce=self._nonce(),
            account=credentials.account,
            key=credentials.fingerprint,
            generation=scene.resource.generation,
        )
        if isinstance(action, actions.Delete):
            return replace(plain, attempt=action.attempt)
        return replace(
            plain,
            action=action.action,
            reconcile_at=scene.resource.orders.reconcile_at,
            role=action.role,
            count=action.count,
            nodes=action.nodes,
            cpu=action.cpu,
            memory=action.memory,
        )

    async def _send(
        self,
        resource: Resource,
        intent: Intent,
        call: Callable[[Instant], Awaitable[Answer]],
        credentials: Credentials,
    ) -> None:
        resource = await self._store.write_intent(resource, intent)
        reading = self._clock.now()
        answer: Answer = NotSent("the process was too slow to send in time, or lost the lease")
        if self._permits.leads and guards.send_in_time(intent, reading, self._policy):
            answer = await call(reading)
        elif intent.action is OperationAction.DELETE:
            return  # held up since the intent: whose the cluster is now, the next pass looks up before it asks
        _log.info("%s: %s", intent.action, answer, extra={"resource": str(resource.ref), "cluster": resource.id})
        await self._settle(resource, intent, answer, credentials)

    async def _settle(self, resource: Resource, intent: Intent, answer: Answer, credentials: Credentials) -> None:
        deleting = intent.action is OperationAction.DELETE
        match answer:
            case Accepted(job_id=str()):
                await self._writer.answered(resource, intent, answer)
            case Refused(code=code) if deleting and code == _NOT_FOUND:
                await self._writer.answered(resource, intent, answer)
            case Refused() | NotSent():
                closing = remembering.closing(resource.memory, intent, answer, self._clock.now())
                await self._writer.close(resource, intent, closing)
                await tell_apart(self._calls, credentials, answer)
            case NoAnswer() | Accepted():
                pass  # what came of it, the next passes find out by looking
            case _:
                assert_never(answer)
