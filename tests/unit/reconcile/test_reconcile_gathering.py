"""What a pass asks the observer for, and who is in line for a create: over ports that only write down."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from decide_scenes import ACCOUNT, FLEET, KEY, NOW, OTHER, POLICY, REF, delete_intent, deleting, living, resource

from hpc_operator.decide.decision import Blocked, Settled, Wait
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.observed import IdLook, ListLook, LogLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.gathering import Gatherer
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.ports import Credentials

GOING = deleting(living(first_active_at=NOW - 90, operation=delete_intent(50)))


@dataclass
class Ports:
    """Keys, looks, clock, fleet, budget, lives and watch in one. `affords`: lanes in which a look is read anew."""

    affords: tuple[str, ...] = ("look", "finish", "create")
    waits: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    hurried: bool = False
    spending: tuple[str, ...] = ()

    async def credentials(self, _resource: Resource) -> Credentials:
        return Credentials("id", "secret", ACCOUNT, KEY)

    async def listing(
        self, _c: Credentials, _a: Account, not_before: float, lane: str = "look"
    ) -> tuple[ListLook, ...]:
        self.asked.append(("list", lane))
        begun = not_before if lane in self.affords else NOW - 500
        return ListLook(begun, True, KEY), ListLook(begun - 1, True, KEY)

    async def log(
        self, _c: Credentials, _a: Account, since: float, not_before: float, lane: str = "look"
    ) -> tuple[LogLook, ...]:
        self.asked.append(("log", lane))
        return (LogLook(not_before if lane in self.affords else NOW - 500, True, KEY, since),)

    def refuses(self, _credentials: Credentials) -> bool:
        return False

    def known(self, _account: Account) -> dict[str, IdLook]:
        return {}

    def now(self) -> float:
        return NOW

    def offset(self) -> float | None:
        return None

    def wait(self, _account: Account, lane: str, _calls: int = 1) -> float:
        return self.waits.get(lane, 0.0)

    def hurry(self, _account: Account, waiting: bool) -> None:
        self.hurried = waiting

    def get(self, _ref: Ref) -> Resource | None:
        return None

    def of_account(self, _account: Account) -> Collection[Ref]:
        return ()

    def holds(self, _record: Any) -> bool:
        return False

    def before(self, _ref: Ref) -> tuple[Any, ...]:
        return ()

    def watch(self, *_: Any) -> None: ...

    leave = recount = shows = counted = watch

    holders = job_holders = of_account

    def spenders(self) -> Collection[str]:
        return self.spending

    async def weigh(self, scene: Any) -> Any:
        return scene

    def went(self) -> None: ...


def gatherer(ports: Any, policy: Policy = POLICY) -> Gatherer:
    budget = type("Budget", (), {"wait": ports.wait, "hurry": ports.hurry, "waits": lambda *_: None})
    return Gatherer(
        keys=ports,
        looks=ports,
        clock=ports,
        fleet=ports,
        name=FLEET,
        policy=policy,
        unsent=ports,
        lives=ports,
        meetings=Meetings(ports.now),
        watch=ports,
        budget=budget,  # type: ignore[arg-type]
        bulk=ports,
    )


@pytest.mark.parametrize(
    ("affords", "asked"),
    [
        (("look", "finish"), [("list", "look"), ("log", "look")]),
        (("finish",), [("list", "look"), ("list", "finish"), ("log", "look"), ("log", "finish")]),
        ((), [("list", "look"), ("list", "finish"), ("log", "look")]),
    ],
    ids=[
        "fresh looks are there",
        "the watch leaves none: those it must have are paid",
        "without a list, no log either",
    ],
)
async def test_what_must_be_known_is_paid_for_when_the_watch_leaves_nothing(
    affords: tuple[str, ...], asked: list[tuple[str, str]]
) -> None:
    ports = Ports(affords)
    await gatherer(ports).gather(GOING)
    assert ports.asked == asked


async def test_the_look_before_a_create_has_the_create_s_lane_from_the_start() -> None:
    ports = Ports()
    await gatherer(ports).gather(resource())
    assert ports.asked == [("list", "create")]


async def test_who_waits_for_a_call_spends_none_on_looks() -> None:
    ports = Ports(waits={"create": 60.0})
    scene, _ = await gatherer(ports).gather(resource())
    assert scene.facts.quota_until == NOW + 60
    assert {lane for _, lane in ports.asked} == {"look"}


@pytest.mark.parametrize(
    ("decision", "stays"),
    [
        (Wait(Reason.QUOTA_EXHAUSTED, 60.0, ""), True),
        (Wait(Reason.LOOKING_FIRST, 10.0, ""), True),
        (Wait(Reason.FIRST_CREATE_UNDER_WAY, 10.0, ""), True),
        (Wait(Reason.CREDENTIALS_MISSING, 10.0, ""), False),
        (Blocked(Reason.SPEC_REFUSED, "", 30.0), False),
        (Settled(), False),
    ],
)
async def test_only_who_could_create_stays_in_line(decision: Any, stays: bool) -> None:
    """Else a hundred refused resources would be counted before everybody who comes after them."""
    ports = Ports(waits={"create": 60.0})
    made, held = gatherer(ports), resource()
    await made.gather(held)
    assert ports.hurried is True
    made.decided(held.ref, decision)
    assert ports.hurried is stays


async def test_those_that_buy_at_this_moment_count_under_the_ceiling() -> None:
    """Two passes decide at once that there is room for one more: the second finds none, until the first is over."""
    ports = Ports(spending=("uid-of-somebody",))
    made = gatherer(ports, replace(POLICY, max_clusters=2))
    first, second = resource(), resource(ref=OTHER)
    scenes = [(await made.gather(each))[0] for each in (first, second)]
    assert [scene.facts.clusters for scene in scenes] == [1, 1]
    assert [made.room(scene) for scene in scenes] == [True, False]
    assert made.room(scenes[0])  # asked again: it has its place already
    made.unclaim(first.ref)
    assert made.room(scenes[1])


async def test_who_has_a_cluster_already_is_not_in_its_own_way() -> None:
    ports = Ports(spending=(REF.uid,))
    made = gatherer(ports, replace(POLICY, max_clusters=1))
    scene, _ = await made.gather(resource())
    assert scene.facts.clusters == 0
    assert made.room(scene)
