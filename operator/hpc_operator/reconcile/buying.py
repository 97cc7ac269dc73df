"""Buying: one createCluster, its intent before it, its answer written after it. The only place that creates.

What it is: the law of creating once, top to bottom. What goes wrong without the order: a crash between any two
lines must leave either nothing sent or an open intent. After a restart: the open intent is doubt, and this module
is not entered for it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from hpc_operator.decide import guards, remembering
from hpc_operator.decide.decision import Blocked, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import Create
from hpc_operator.domain.answers import Accepted, Answer, NoAnswer, NotSent, Refused
from hpc_operator.domain.desired import Instant, stored
from hpc_operator.domain.mark import Mark, marked
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Intent, OperationAction, Record, Resource
from hpc_operator.reconcile.keeper import Keeper
from hpc_operator.reconcile.permitting import Permits
from hpc_operator.reconcile.ports import (
    Calls,
    Clock,
    CreateRequest,
    Credentials,
    Person,
    Store,
)
from hpc_operator.reconcile.writing import Writer

_log = logging.getLogger(__name__)
_ACCEPT = "set accept_other_ids in the operator's settings"
_RENEWALS = 3
_QUOTA = 2500


async def tell_apart(calls: Calls, credentials: Credentials, answer: Answer) -> None:
    """2500 on a changing call means calls or resources: one cheap read decides. Refused too, it closes the tap."""
    if isinstance(answer, Refused) and answer.code == _QUOTA:
        await calls.person(credentials, credentials.account)


class Unsent:
    """Records that this very process wrote and has sent nothing under; forgotten before a send, or after a minute."""

    def __init__(self, clock: Clock, lifetime: float = 60.0) -> None:
        self._clock, self._lifetime = clock, lifetime
        self._nonces: dict[str, Instant] = {}

    def add(self, nonce: str) -> None:
        """The record with this nonce is about to be written."""
        self._nonces[nonce] = self._clock.now()

    def discard(self, nonce: str) -> None:
        """An intent is about to be written under the record."""
        self._nonces.pop(nonce, None)

    def holds(self, record: Record | None) -> bool:
        """Whether nothing can have been sent under this record."""
        now = self._clock.now()
        self._nonces = {n: at for n, at in self._nonces.items() if 0 <= now - at < self._lifetime}
        return record is not None and record.nonce in self._nonces


class Buyer:
    """Carries out `Create`. Answers None when the next pass should look at once, else why it did not come to a send."""

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
        self._clock, self._writer, self._keeper, self._policy, self._nonce = clock, writer, keeper, policy, nonce
        self._people: dict[tuple[str, str], Person] = {}
        self.unsent = Unsent(clock)

    async def buy(self, scene: Scene, action: Create, credentials: Credentials) -> Decision | None:
        """Everything that can wait comes first; then record, intent, one request, its answer."""
        request = await self._prepare(scene, action, credentials)
        if not isinstance(request, CreateRequest):
            return request
        if held := await self._permits.change(scene.resource, credentials.account, "create", "the create"):
            return held
        await self._keeper.keep(self._commit(scene, action, credentials, request), f"create {scene.resource.ref}")
        return None

    async def _commit(self, scene: Scene, action: Create, credentials: Credentials, request: CreateRequest) -> None:
        """From here on nothing may be cancelled: a process that is ending waits for it."""
        resource = await self._remembered(scene.resource, action)
        intent = self._intent(scene, action, credentials)
        written = await self._intend(resource, intent)
        await self._send(written, intent, credentials, request)

    async def _prepare(self, scene: Scene, action: Create, credentials: Credentials) -> CreateRequest | Decision:
        resource = scene.resource
        person = await self._person(resource, credentials)
        if not isinstance(person, Person):
            return person
        key = resource.desired.password
        admin = resource.desired.admin_password
        return CreateRequest(
            desired=resource.desired,
            account=credentials.account,
            name=marked(resource.desired.free_name(resource.ref.name), Mark(scene.stem, action.attempt)),
            uid_number=person.uid_number,
            gid_number=person.gid_number,
            admin_password=await (
                self._store.password(resource, admin) if admin else self._store.admin_password(resource)
            ),
            password=await self._store.password(resource, key) if key else None,
        )

    async def _person(self, resource: Resource, credentials: Credentials) -> Person | Decision:
        """The ids that the account has; a differing wish is refused unless the settings allow it."""
        uid, gid = resource.desired.uid_number, resource.desired.gid_number
        if self._policy.accept_other_ids and uid is not None and gid is not None:
            return Person(uid, gid)
        found = await self._known_person(credentials)
        if isinstance(found, Refused):
            text = f"{found.message}. Mend spec.owner: a user id (usr-…) that this API key is of."
            return Blocked(Reason.ACCESS_DENIED, text, self._policy.retry_cap)
        if isinstance(found, str):
            return Wait(
                Reason.CLOUD_UNREACHABLE, self._policy.retry_base, f"The owner's uid and gid cannot be read: {found}"
            )
        if uid not in (None, found.uid_number) or gid not in (None, found.gid_number):
            way = "name both: others are taken as a pair" if self._policy.accept_other_ids else _ACCEPT
            text = f"spec.uid_number/gid_number differ from the account's {found.uid_number}/{found.gid_number}: "
            return Blocked(Reason.IDS_DIFFER, f"{text}leave them out, or {way}.", self._policy.staleness)
        return found

    async def _known_person(self, credentials: Credentials) -> Person | Refused | str:
        key = (credentials.account.endpoint, credentials.account.owner)
        if key not in self._people:
            found = await self._calls.person(credentials, credentials.account)
            if not isinstance(found, Person):
                return found
            self._people[key] = found
        return self._people[key]

    async def _remembered(self, resource: Resource, action: Create) -> Resource:
        if action.record is None:
            return resource
        record = replace(action.record, nonce=self._nonce())
        if resource.memory.empty:
            self.unsent.add(record.nonce)
        return await self._store.remember(resource, record)

    def _intent(self, scene: Scene, action: Create, credentials: Credentials) -> Intent:
        return Intent(
            action=OperationAction.CREATE,
            mark=scene.stem,
            attempt=action.attempt,
            started_at=stored(self._clock.now()),
            nonce=self._nonce(),
            account=credentials.account,
            key=credentials.fingerprint,
            generation=scene.resource.generation,
            reconcile_at=scene.resource.orders.reconcile_at,
        )

    async def _intend(self, resource: Resource, intent: Intent) -> Resource:
        written = await self._store.write_intent(resource, intent)
        if resource.record is not None:
            self.unsent.discard(resource.record.nonce)
        return written

    async def _send(self, resource: Resource, intent: Intent, credentials: Credentials, request: CreateRequest) -> None:
        """One reading of the clock is the timestamp; too late for it, the intent is renewed and nothing is sent."""
        for _ in range(_RENEWALS):
            reading = self._clock.now()
            if self._permits.leads and guards.send_in_time(intent, reading, self._policy):
                answer = await self._calls.create(credentials, request, reading)
                await self._settle(resource, intent, answer, credentials)
                return
            intent = replace(intent, started_at=stored(reading), nonce=self._nonce())
            resource = await self._store.write_intent(resource, intent)
        await self._settle(resource, intent, NotSent("the process was too slow to send in time"), credentials)

    async def _settle(self, resource: Resource, intent: Intent, answer: Answer, credentials: Credentials) -> None:
        """Write what the answer means. No answer stays an open intent: the next pass resolves the doubt."""
        where = {"resource": str(resource.ref), "mark": intent.full_mark}
        match answer:
            case Accepted():
                _log.info("createCluster was accepted", extra={**where, "cluster": answer.cluster_id})
                await self._writer.created(resource, intent, answer)
            case Refused() | NotSent():
                _log.warning("createCluster made nothing: %s", answer, extra=where)
                closing = remembering.closing(resource.memory, intent, answer, self._clock.now())
                await self._writer.close(resource, intent, closing)
                await tell_apart(self._calls, credentials, answer)
            case NoAnswer():
                _log.warning("createCluster has no answer: %s", answer.cause, extra=where)
