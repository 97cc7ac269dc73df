"""Writing an answer: what is asked of the store, in which order, and which conditions still hold without a read first."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from hpc_operator.domain.answers import Accepted
from hpc_operator.domain.desired import ClusterType, Desired, Orders, Ref
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import (
    Account,
    Closed,
    Intent,
    Memory,
    OperationAction,
    Outcome,
    Report,
    Resource,
)
from hpc_operator.reconcile.ports import Conflict, Gone, Store, Unavailable
from hpc_operator.reconcile.writing import Writer

REF = Ref("team-a", "first", "uid-1")
ACCOUNT = Account("https://api.example/api", "jn1a", "usr-1")
INTENT = Intent(OperationAction.CREATE, "aabcd", 1, 1000.0, "n1", ACCOUNT, "key", 1)
ANSWER = Accepted("j-1", "ehpc-1")
CLOSED = Closed(OperationAction.CREATE, 1, Outcome.REFUSED, 1001.0, 1)
RESOURCE = Resource(
    REF, "7", 1, 0.0, None, True, Desired(ClusterType.EHPC, None, None), Orders(), None, Memory(operation=INTENT)
)


class Clock:
    """Stands still."""

    def now(self) -> float:
        return 1000.0

    def offset(self) -> float | None:
        return None


@dataclass
class Server:
    """The store: one resource under optimistic locking. `failures` are raised by the next writes, one each."""

    held: Resource = RESOURCE
    failures: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    told: list[Reason] = field(default_factory=list)
    lost_answers: bool = False

    async def read(self, ref: Ref) -> Resource:
        self.asked.append("read")
        if self.held.ref != ref:
            raise Gone
        return self.held

    async def write_status(self, resource: Resource, memory: Memory, report: Report | None = None) -> Resource:
        self.asked.append("write")
        assert report is None, "an answer is written alone"
        if self.failures and not self.lost_answers:
            raise self.failures.pop(0)
        if resource.resource_version != self.held.resource_version:
            raise Conflict
        self.held = replace(resource, resource_version=f"{resource.resource_version}0", memory=memory)
        if self.failures:
            raise self.failures.pop(0)
        return self.held

    async def announce(self, _resource: Resource, reason: Reason, _message: str, *, warning: bool) -> None:
        assert warning
        self.told.append(reason)


def writer(server: Server, slept: list[float] | None = None) -> Writer:
    async def sleep(seconds: float) -> None:
        (slept if slept is not None else []).append(seconds)

    store: Store = server  # type: ignore[assignment]  # the part of it that is used here
    return Writer(store, Clock(), sleep)


async def test_an_answer_is_written_upon_the_resource_in_hand() -> None:
    server = Server()
    await writer(server).created(RESOURCE, INTENT, ANSWER)
    assert server.asked == ["write"], "its resourceVersion vouches as a read would"
    assert server.held.memory.hpc_cluster_id == "ehpc-1"


async def test_after_somebody_elses_write_it_is_written_upon_a_fresh_read() -> None:
    server = Server(replace(RESOURCE, resource_version="8", generation=2))
    await writer(server).created(RESOURCE, INTENT, ANSWER)
    assert server.asked == ["write", "read", "write"]
    assert server.held.memory.hpc_cluster_id == "ehpc-1"
    assert server.held.generation == 2, "what the other one wrote stays"


MEANWHILE: tuple[tuple[Memory, tuple[str | None, tuple[str, ...]], str], ...] = (
    (Memory(hpc_cluster_id="ehpc-1"), ("ehpc-1", ()), "written already"),
    (Memory(hpc_cluster_id="ehpc-9"), ("ehpc-9", ("ehpc-1",)), "never over another id"),
    (Memory(operation=replace(INTENT, attempt=2)), (None, ("ehpc-1",)), "only the same attempt"),
)


@pytest.mark.parametrize(("there", "stands", "reason"), MEANWHILE, ids=[each[2] for each in MEANWHILE])
async def test_what_somebody_wrote_meanwhile_is_judged_by_a_fresh_read(
    there: Memory, stands: tuple[str | None, tuple[str, ...]], reason: str
) -> None:
    server = Server(replace(RESOURCE, resource_version="8", memory=there))
    await writer(server).created(RESOURCE, INTENT, ANSWER)
    assert (server.held.memory.hpc_cluster_id, server.held.memory.strays) == stands, reason
    assert server.asked[:2] == ["write", "read"], reason


@pytest.mark.parametrize("lost", [False, True])
async def test_without_an_answer_of_the_server_each_further_try_reads_first(lost: bool) -> None:
    slept: list[float] = []
    server = Server(failures=[Unavailable("away"), Unavailable("away")], lost_answers=lost)
    await writer(server, slept).created(RESOURCE, INTENT, ANSWER)
    assert server.asked == (["write", "read"] if lost else ["write", "read", "write", "read", "write"])
    assert slept == ([1.0] if lost else [1.0, 1.0])
    assert server.held.memory.hpc_cluster_id == "ehpc-1"
    assert server.held.memory.strays == (), "written twice it would be its own stray"


async def test_another_life_of_the_name_gets_nothing() -> None:
    successor = replace(RESOURCE, ref=replace(REF, uid="uid-2"), resource_version="9", memory=Memory())
    server = Server(successor)
    await writer(server).created(RESOURCE, INTENT, ANSWER)
    assert server.held == successor
    assert server.told == [Reason.ORPHANED]


CLOSING: tuple[tuple[Callable[[Resource], Resource], list[str], str], ...] = (
    (lambda r: r, ["write"], "the very intent is in hand"),
    (lambda r: replace(r, memory=Memory()), ["read", "write"], "what is in hand says nothing: the server does"),
)


@pytest.mark.parametrize(("hand", "asked", "reason"), CLOSING, ids=[each[2] for each in CLOSING])
async def test_that_there_is_nothing_to_write_is_believed_of_a_fresh_read_only(
    hand: Callable[[Resource], Resource], asked: list[str], reason: str
) -> None:
    server = Server()
    await writer(server).close(hand(RESOURCE), INTENT, CLOSED)
    assert server.asked == asked, reason
    assert server.held.memory.last_operation == CLOSED, reason


async def test_another_intent_is_not_closed() -> None:
    renewed = replace(RESOURCE, resource_version="8", memory=Memory(operation=replace(INTENT, nonce="n2")))
    server = Server(renewed)
    await writer(server).close(RESOURCE, INTENT, CLOSED)
    assert server.held == renewed
    assert server.asked == ["write", "read"]
