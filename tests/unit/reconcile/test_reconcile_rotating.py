"""Rounds over keys: each source is asked for once, and its users are woken when it turned, or when it was looked at."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from faults.harness.looptime import VirtualLoop, run_virtually
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Credentials, KeySource, SecretProblem, Unavailable
from hpc_operator.reconcile.rotating import KeyRounds

OWN: KeySource = None
SHARED: KeySource = ("lab", "shared")


@dataclass(frozen=True)
class _Wish:
    credentials_secret: str | None


@dataclass(frozen=True)
class _Resource:
    ref: Ref
    desired: _Wish


def user(name: str, source: KeySource) -> _Resource:
    namespace = "default" if source is None else source[0]
    return _Resource(Ref(namespace, name, f"uid-{name}"), _Wish(None if source is None else source[1]))


@dataclass
class Fleet:
    """Keys, fleet and watch in one. `trouble`: raised for these; `resting`: who waits for a look."""

    users: list[_Resource]
    trouble: dict[str, Exception] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.rounds = KeyRounds(
            keys=self,
            fleet=self,
            watch=self,
            wake=lambda ref: self.woken.append(ref.name),
            sleep=asyncio.sleep,
        )

    def resources(self) -> Any:
        return list(self.users)

    async def credentials(self, resource: Any) -> Credentials:
        self.asked.append(resource.ref.name)
        self.during()
        if (trouble := self.trouble.get(resource.ref.name)) is not None:
            raise trouble
        return Credentials("id", "secret", Account("e", "z", "o"), "k")

    def turned(self, ref: Ref, _credentials: Credentials) -> bool:
        return ref.name in self.resting


def fleet(**fields: Any) -> Fleet:
    return Fleet([user("a", OWN), user("b", OWN), user("c", SHARED), user("d", SHARED)], **fields)


async def test_each_source_is_asked_for_once_a_round_and_nobody_is_woken_while_nothing_turns() -> None:
    made = fleet()
    for _ in range(3):
        await made.rounds.once()
    assert made.asked == ["a", "c"] * 3
    assert made.woken == []


async def test_the_users_of_what_turned_are_woken_once_and_no_others() -> None:
    made = fleet()
    made.rounds.turned(SHARED)
    made.rounds.turned(SHARED)
    await made.rounds.once()
    await made.rounds.once()
    assert made.woken == ["c", "d"]


async def test_who_rests_is_woken_by_the_watch_and_not_here() -> None:
    made = fleet(resting={"a"})
    made.rounds.turned(OWN)
    await made.rounds.once()
    assert made.woken == ["b"]


async def test_who_has_no_key_any_more_is_woken_at_once() -> None:
    gone = SecretProblem(Reason.CREDENTIALS_MISSING, "gone")
    made = fleet(resting={"c", "d"}, trouble={"c": gone, "d": Unavailable("forbidden", permanent=True)})
    made.rounds.turned(SHARED)
    await made.rounds.once()
    assert made.woken == ["c", "d"]


async def test_what_turns_while_it_is_asked_for_is_told_in_the_same_round() -> None:
    made = fleet()
    made.during = lambda: made.rounds.turned(SHARED) if made.asked == ["a", "c"] else None
    await made.rounds.once()
    assert made.woken == ["c", "d"]


async def test_a_secret_of_the_same_name_in_another_namespace_is_another_source() -> None:
    made = fleet()
    made.users.append(user("e", ("other", "shared")))
    made.rounds.turned(("other", "shared"))
    await made.rounds.once()
    assert (made.asked[:3], made.woken) == (["a", "c", "e"], ["e"])


async def test_a_source_that_nobody_uses_any_more_is_not_asked_for() -> None:
    made = fleet()
    made.rounds.turned(("lab", "unused"))
    del made.users[2:]
    await made.rounds.once()
    assert (made.asked, made.woken) == (["a"], [])


def test_a_round_that_breaks_is_made_again() -> None:
    made = fleet(trouble={"a": ValueError("x")})

    async def scenario() -> None:
        running = asyncio.create_task(made.rounds.run())
        await asyncio.sleep(31)
        made.trouble.clear()
        made.rounds.turned(OWN)
        await asyncio.sleep(5)
        running.cancel()
        await asyncio.wait([running])

    run_virtually(scenario(), VirtualLoop())
    assert made.asked[:7] == ["a"] * 6 + ["a"]
    assert made.woken == ["a", "b"]
