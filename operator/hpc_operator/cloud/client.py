"""The calls of the API by name: `HpcCalls` changes things (ports.Calls) and reads pages for the observer.

May be imported by `cloud.observer` (as the protocol `Pages` there) and the composition root. Must never come in:
retries of changing calls, what follows from an answer. Source: API reference, one page for each call.
"""

from collections.abc import Callable, Container, Mapping
from typing import TypeVar

from hpc_operator.cloud import body as bodies
from hpc_operator.cloud import wire
from hpc_operator.cloud.calls import Call, Caller
from hpc_operator.cloud.changes import call_of
from hpc_operator.cloud.envelope import ECHOES, Answered
from hpc_operator.cloud.signing import Param, percent
from hpc_operator.cloud.transport import Reply
from hpc_operator.cloud.unchanged import AnsweredPage, Question, Unchanged
from hpc_operator.cloud.unread import Unread, Words
from hpc_operator.cloud.wire import PAGE, Page
from hpc_operator.domain.actions import Change
from hpc_operator.domain.answers import Answer, NotSent, Refused
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Cluster, Entry, Node
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import CreateRequest, Credentials, Person

T = TypeVar("T")
_NO_SUCH_OWNER = (1101, 1400, 2100)
"""What can be said of an owner that the key is not of, or that is misspelt; asking again changes nothing."""
_SELDOM = {"cluster_id", "resource_ids"}
"""Questions about one cluster come seldom and not again: their answers are not kept."""


class HpcCalls:
    """ports.Calls over HTTP, and the pages of the three lists."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._words = Words()
        self._unchanged = Unchanged()

    async def create(self, credentials: Credentials, request: CreateRequest, timestamp: Instant) -> Answer:
        """POST createCluster, once, with this timestamp."""
        try:
            settings = self._caller.settings
            made = bodies.create_body(request, env_defaults=settings.env_defaults, conf_as_text=settings.conf_as_text)
        except ValueError as error:
            return NotSent(str(error))
        reply = await self._caller.change(
            _post("createCluster"), credentials, request.account, bodies.text(made), timestamp
        )
        return wire.created(reply.status, reply.body) if isinstance(reply, Reply) else reply

    async def delete(self, credentials: Credentials, account: Account, cluster_id: str, timestamp: Instant) -> Answer:
        """POST deleteCluster by id, once, with this timestamp."""
        body: dict[str, bodies.Json] = {
            "cluster_ids": [cluster_id],
            "run_user": account.owner,
            "zone": account.zone,
        }
        return await self._change("deleteCluster", credentials, account, body, timestamp)

    async def describe(
        self, credentials: Credentials, account: Account, cluster_id: str, name: str, description: str
    ) -> Answer:
        """POST modifyCluster, once: name and description."""
        body: dict[str, bodies.Json] = {
            "cluster_id": cluster_id,
            "zone": account.zone,
            "cluster_name": name,
            "description": description,
        }
        return await self._change("modifyCluster", credentials, account, body, self._caller.clock.now())

    async def change(self, credentials: Credentials, account: Account, change: Change, timestamp: Instant) -> Answer:
        """POST addNodes, deleteNodes, resizeCluster, startCluster or stopCluster, once, with this timestamp."""
        try:
            name, body = call_of(change, account.zone)
        except ValueError as error:
            return NotSent(str(error))
        return await self._change(name, credentials, account, body, timestamp, echoes=ECHOES.get(change.action, ()))

    async def _change(
        self,
        name: str,
        credentials: Credentials,
        account: Account,
        body: Mapping[str, bodies.Json],
        timestamp: Instant,
        *,
        echoes: Container[int] = (),
    ) -> Answer:
        reply = await self._caller.change(_post(name), credentials, account, bodies.text(body), timestamp)
        return wire.changed(reply.status, reply.body, echoes) if isinstance(reply, Reply) else reply

    def refuses(self, credentials: Credentials) -> bool:
        """See ports.Looks."""
        return credentials.fingerprint in self._caller.refused

    async def person(self, credentials: Credentials, account: Account) -> Person | Refused | str:
        """GET /permission/{owner}; what the service says of such an owner; a sentence when it cannot be read."""
        call = Call("permission", f"/permission/{percent(account.owner)}", lane="create")
        read = await self._caller.read(call, credentials, account)
        answer = self._words.told(account, call.name, read)
        if isinstance(read, Answered) and read.code in _NO_SUCH_OWNER and not isinstance(answer, Answered):
            return Refused(read.code, f"The ids of {account.owner} cannot be read: {answer.problem}")
        found = wire.person(answer) if isinstance(answer, Answered) else answer.problem
        return found if isinstance(found, Person) else f"The ids of {account.owner} cannot be read: {found}"

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
        """A page of cluster/list, oldest first; of one cluster where `cluster_id` is given, of one status likewise."""
        params: dict[str, Param] = {"owner": account.owner, "limit": PAGE, "offset": offset}
        params |= {"sort_key": "create_time", "reverse": 0} if cluster_id is None else {"cluster_id": cluster_id}
        params |= {"status": status} if status is not None else {}
        call = Call("list", "/cluster/list", params, lane, paid)
        return await self._page(call, credentials, account, wire.cluster_page)

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
        """A page of the operation log, newest first; of one resource where `resource_id` is given."""
        params: dict[str, Param] = {"owner": account.owner, "limit": PAGE, "offset": offset, "reverse": 1}
        if resource_id is not None:
            params["resource_ids"] = resource_id
        call = Call("operation", "/operation", params, lane, paid)
        return await self._page(call, credentials, account, wire.operation_page)

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
        params: dict[str, Param] = {"cluster_id": cluster_id, "limit": PAGE, "offset": offset}
        call = Call("listNodes", "/cluster/listNodes", params, lane, paid)
        return await self._page(call, credentials, account, wire.node_page)

    async def _page(
        self, call: Call, credentials: Credentials, account: Account, parse: Callable[[Answered], Page[T]]
    ) -> Page[T] | Unread:
        if _SELDOM & call.params.keys():
            read = await self._caller.read(call, credentials, account)
        else:
            question: Question = account, credentials.fingerprint, call.name, tuple(call.params.items())
            read = await self._caller.read(call, credentials, account, self._unchanged.reading(question, parse))
        answer = self._words.told(account, call.name, read)
        if isinstance(answer, AnsweredPage):
            page: Page[T] = answer.page
            return page
        return parse(answer) if isinstance(answer, Answered) else answer


def _post(name: str) -> Call:
    return Call(name, f"/cluster/{name}")
