"""Each pass is told once by how it ended: over a store that answers as it is told to, and without a key."""

from typing import Any

import pytest
from decide_scenes import FLEET, KEY, NOW, POLICY, REF, closed, deleting, living, record, resource

from hpc_operator.decide.decision import Act, Blocked, Decision, Settled, Wait
from hpc_operator.domain.actions import Release
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Memory, Resource
from hpc_operator.reconcile.ended import Ended, ended
from hpc_operator.reconcile.engine import Engine
from hpc_operator.reconcile.lives import Lives
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.ports import Conflict, Gone, SecretProblem, Unavailable


class Store:
    """Takes what is written, or raises."""

    def __init__(self, error: Exception | None) -> None:
        self.error, self.announced = error, list[Reason]()

    async def write_status(self, held: Resource, *_: object) -> Resource:
        if self.error is not None:
            raise self.error
        return held

    async def read(self, _: Ref) -> Resource:
        return resource()

    async def release(self, _: Resource) -> None: ...

    async def drop_secrets(self, _: Resource) -> None: ...

    async def doomed(self) -> bool:
        return False

    async def announce(self, _: Resource, reason: Reason, *__: object, **___: object) -> None:
        self.announced.append(reason)


class Keys:
    async def credentials(self, _: Resource) -> None:
        raise SecretProblem(Reason.CREDENTIALS_MISSING, "there is no key")


class Fleet:
    def __init__(self, held: Resource | None) -> None:
        self.held = held

    def get(self, _: Ref) -> Resource | None:
        return self.held

    def missing(self, _: Ref) -> None:
        self.held = None

    def __len__(self) -> int:
        return 1

    def spenders(self) -> tuple[str, ...]:
        return ()

    deletions = terminating = spenders


class Lease:
    """Nothing is approved."""

    def approved_deletions(self) -> int:
        return 0


class Watch:
    """Nobody rests, nothing is counted anew."""

    def shows(self, _: Ref) -> None:
        return None

    def recount(self, _: Ref) -> bool:
        return False

    def leave(self, _: Ref) -> None: ...

    def counted(self, _: Ref, __: float) -> None: ...


class Clock:
    def now(self) -> float:
        return NOW

    def offset(self) -> None:
        return None


async def outcomes(held: Resource | None, error: Exception | None = None) -> list[Ended]:
    told: list[Ended] = []
    nothing: Any = None

    async def sleep(_: float) -> None: ...

    engine = Engine(
        store=Store(error), keys=Keys(), calls=nothing, looks=nothing, budget=nothing, lease=Lease(), clock=Clock(),
        fleet=Fleet(held), lives=Lives(lambda: NOW), meetings=Meetings(lambda: NOW),
        watch=Watch(), fleet_name=FLEET, policy=POLICY, nonce=lambda: KEY, sleep=sleep,
        tell=told.append,
    )  # type: ignore[arg-type]  # fmt: skip
    await engine.look(REF)
    return told


async def test_a_pass_that_waits() -> None:
    assert await outcomes(living()) == [Ended.WAITING], "no key: the resource says so, and is looked at again"


async def test_a_pass_that_is_blocked() -> None:
    assert await outcomes(resource(problem="spec cannot be read")) == [Ended.BLOCKED]


async def test_a_pass_with_nothing_to_do() -> None:
    assert await outcomes(deleting(resource())) == [Ended.SETTLED], "nothing of ours holds it"


async def test_a_pass_that_acts() -> None:
    nothing_there = resource(finalizer=True, record=record(), memory=Memory(last_operation=closed()))
    assert await outcomes(deleting(nothing_there)) == [Ended.ACTED], "its finalizer is taken off"


async def test_a_resource_that_is_gone() -> None:
    assert await outcomes(None) == [Ended.GONE]


ERRORS = [(Conflict(), Ended.CONFLICT), (Gone(), Ended.GONE), (Unavailable("no answer"), Ended.UNAVAILABLE)]


@pytest.mark.parametrize(("error", "outcome"), ERRORS, ids=[row[1] for row in ERRORS])
async def test_what_kubernetes_answered_instead(error: Exception, outcome: Ended) -> None:
    assert await outcomes(living(), error) == [outcome], "what was decided did not come about"


DECISIONS: list[tuple[Decision, Ended]] = [
    (Settled(), Ended.SETTLED),
    (Act(Release()), Ended.ACTED),
    (Wait(Reason.WORKING, 1.0, ""), Ended.WAITING),
    (Blocked(Reason.CREATE_FAILED, "", 1.0), Ended.BLOCKED),
]


@pytest.mark.parametrize(("decision", "outcome"), DECISIONS, ids=[row[1] for row in DECISIONS])
def test_a_decision_has_its_word(decision: Decision, outcome: Ended) -> None:
    assert ended(decision) is outcome
