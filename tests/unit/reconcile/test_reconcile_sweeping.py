"""The watch over settled resources, in virtual time: as often as promised, with a key that works, and never hot."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from faults.harness.looptime import VirtualLoop, run_virtually
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.observed import Cluster, ListLook, LogLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.noticing import Noticer
from hpc_operator.reconcile.ports import Credentials, SecretProblem, Unavailable
from hpc_operator.reconcile.sweeping import Sweeper

HERE, THERE = Account("e", "z", "o"), Account("e", "z", "other")
POLICY, PERIOD = Policy(), 29.0
SELDOM = Policy(poll=3600.0)
A, B = (Ref("default", name, f"uid-{name}") for name in "ab")


@dataclass
class _Held:
    uid: str
    id: str | None = None


@dataclass
class Account1:
    """Keys, looks, fleet and pace in one; `keys`: by uid. `down`: looks are incomplete; `fail`: raised instead."""

    loop: VirtualLoop
    keys: dict[str, Credentials | Exception] = field(default_factory=dict)
    lists: list[tuple[float, str, str]] = field(default_factory=list)
    logs: list[tuple[float, float]] = field(default_factory=list)
    woken: list[Ref] = field(default_factory=list)
    down: bool = False
    fail: Exception | None = None
    broke: bool = False
    offset_: float = 0.0
    read: float = 0.0
    policy: Policy = POLICY
    hold: asyncio.Event | None = None
    newest: ListLook | None = None

    def __post_init__(self) -> None:
        self.noticer = Noticer(self, self.woken.append, lag=POLICY.window)  # type: ignore[arg-type]
        self.sweeper = Sweeper(
            looks=self,  # type: ignore[arg-type]
            keys=self,
            fleet=self,  # type: ignore[arg-type]
            noticer=self.noticer,
            pace=self,
            clock=self,
            policy=self.policy,
            wake=self.woken.append,
            sleep=asyncio.sleep,
        )

    def now(self) -> float:
        self.read += 1e-6  # as every genuine clock: no two readings are alike
        return 1.8e9 + self.loop.time() + self.offset_ + self.read

    def offset(self) -> float | None:
        return None

    def period(self, _account: Account, _listed: int, _read: int, _logged: int) -> float:
        return PERIOD

    def get(self, ref: Ref) -> Any:
        return _Held(ref.uid)

    def holders(self, _cluster_id: str) -> list[Ref]:
        return []

    bearers = job_holders = holders

    async def credentials(self, resource: Resource) -> Credentials:
        found = self.keys[resource.uid]  # type: ignore[attr-defined]
        if isinstance(found, Exception):
            raise found
        return found

    async def listing(
        self, credentials: Credentials, account: Account, not_before: float, lane: str
    ) -> tuple[ListLook, ...]:
        if self.fail is not None:
            raise self.fail
        if self.hold is not None:
            await self.hold.wait()
        if self.newest is not None and not_before <= self.newest.begun <= self.now():
            return (self.newest,)
        if self.broke:
            return (ListLook(self.now(), False, credentials.fingerprint),)
        self.lists.append((round(self.loop.time(), 1), credentials.fingerprint, lane))
        look = self.newest = ListLook(self.now(), not self.down, credentials.fingerprint, (Cluster("ehpc-1"),))
        self.noticer.shown(account, look, self.now(), 1)
        return (look,)

    async def log(
        self, credentials: Credentials, account: Account, since: float, not_before: float, lane: str
    ) -> tuple[LogLook, ...]:
        assert lane == "sweep"
        self.logs.append((round(self.loop.time(), 1), since))
        look = LogLook(self.now(), not self.down, credentials.fingerprint, since)
        self.noticer.shown(account, look, self.now(), 1)
        return (look,)

    def rest(self, ref: Ref, key: str = "k1", account: Account = HERE) -> None:
        self.keys[ref.uid] = Credentials("id", "secret", account, key)
        self.sweeper.watch(ref, self.keys[ref.uid])  # type: ignore[arg-type]


def play(scenario: Callable[[Account1], Awaitable[None]], policy: Policy = POLICY) -> None:
    loop = VirtualLoop()

    async def begin() -> None:
        made = Account1(loop, policy=policy)
        task = asyncio.create_task(made.sweeper.run())
        await scenario(made)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert [left for left in asyncio.all_tasks() if left.get_name().startswith("sweep")] == []

    run_virtually(begin(), loop)


def test_one_sweep_a_period_for_all_who_rest_there() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.rest(B)
        await asyncio.sleep(10 * PERIOD + 1)
        assert len(account.lists) == len(account.logs) == 10
        gaps = [after[0] - before[0] for before, after in zip(account.lists, account.lists[1:], strict=False)]
        assert max(gaps) <= PERIOD + 0.1
        assert {lane for _, _, lane in account.lists} == {"sweep"}

    play(scenario)


def test_nobody_there_nothing_is_swept_and_who_left_is_not_watched() -> None:
    async def scenario(account: Account1) -> None:
        await asyncio.sleep(100)
        account.rest(A)
        account.sweeper.leave(A)
        await asyncio.sleep(100)
        assert account.lists == []
        assert account.sweeper.states() == {}

    play(scenario)


def test_a_look_that_a_pass_made_is_not_made_again() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        for _ in range(20):
            await asyncio.sleep(5)
            await account.listing(account.keys[A.uid], HERE, account.now(), "look")  # type: ignore[arg-type]
        assert len(account.lists) == 20, "only theirs"
        assert len(account.logs) >= 3, "the log is read all the same"

    play(scenario)


def test_a_failed_look_is_tried_again_sooner_and_out_of_the_spare_calls() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        await asyncio.sleep(PERIOD + 1)
        account.down = True
        await asyncio.sleep(120)
        assert 8 <= len(account.lists) - 1 <= 14
        assert "look" in {lane for _, _, lane in account.lists}

    play(scenario)


def test_without_calls_nothing_is_asked_for_in_a_loop() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.broke = True
        await asyncio.sleep(200)
        assert account.lists == []
        assert len(account.logs) <= 200 / (POLICY.poll / 2) + 1

    play(scenario)


def test_a_key_that_fails_gives_way_to_another_of_the_account() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A, "k1")
        account.rest(B, "k2")
        account.down = True
        await asyncio.sleep(PERIOD + 15)
        assert {key for _, key, _ in account.lists} == {"k1", "k2"}

    play(scenario)


def test_a_secret_that_is_gone_wakes_those_who_use_it_once_and_the_others_are_watched() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A, "k1")
        account.rest(B, "k2")
        account.keys[A.uid] = SecretProblem(Reason.CREDENTIALS_MISSING, "gone")
        await asyncio.sleep(10 * PERIOD)
        assert account.woken == [A]
        assert {key for _, key, _ in account.lists} == {"k2"}
        assert len(account.lists) >= 8

    play(scenario)


def test_where_all_use_the_secret_that_is_gone_they_are_told_once_and_anew_when_it_goes_again() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        key = account.keys[A.uid]
        account.keys[A.uid] = SecretProblem(Reason.CREDENTIALS_MISSING, "gone")
        await asyncio.sleep(10 * PERIOD)
        assert account.woken == [A]
        account.keys[A.uid] = key
        await asyncio.sleep(2 * PERIOD)
        assert len(account.lists) >= 1
        account.keys[A.uid] = SecretProblem(Reason.CREDENTIALS_MISSING, "gone")
        await asyncio.sleep(10 * PERIOD)
        assert account.woken == [A, A]

    play(scenario)


def test_a_key_that_leads_elsewhere_now_is_told_and_not_used() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.keys[A.uid] = Credentials("id", "secret", THERE, "k1")
        await asyncio.sleep(3 * PERIOD)
        assert account.woken[:1] == [A]
        assert account.lists == []

    play(scenario)


def test_who_moved_to_another_account_is_watched_there_only() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.rest(A, account=THERE)
        assert list(account.sweeper.states()) == [THERE]

    play(scenario)


def test_when_nothing_complete_was_seen_for_ten_stalenesses_everybody_says_so_once() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.rest(B)
        await asyncio.sleep(PERIOD + 1)
        account.down = True
        await asyncio.sleep(10 * POLICY.staleness - 10)
        assert account.woken == []
        await asyncio.sleep(600)
        assert sorted(account.woken) == [A, B]
        account.down = False
        await asyncio.sleep(60)
        account.down = True
        await asyncio.sleep(11 * POLICY.staleness + PERIOD)
        assert sorted(account.woken) == [A, A, B, B], "seen in between: said anew"

    play(scenario)


def test_an_error_of_any_kind_ends_nothing() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        for error in (Unavailable("no"), ValueError("a defect")):
            account.fail = error
            await asyncio.sleep(2 * PERIOD)
        account.fail = None
        await asyncio.sleep(PERIOD)
        assert len(account.lists) >= 1

    play(scenario)


def test_a_clock_that_goes_back_an_hour_does_not_stop_the_watch() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        await asyncio.sleep(3 * PERIOD)
        before = len(account.lists)
        account.offset_ -= 3600
        await asyncio.sleep(3 * PERIOD)
        assert len(account.lists) >= before + 1

    play(scenario)


def test_a_long_poll_does_not_put_off_the_watch() -> None:
    async def scenario(account: Account1) -> None:
        await asyncio.sleep(1)
        account.rest(A)
        await asyncio.sleep(5 * PERIOD + 1 + SELDOM.staleness / 2)
        assert len(account.lists) >= 5

    play(scenario, SELDOM)


def test_a_sweep_of_an_account_that_nobody_watches_any_more_ends_with_the_process() -> None:
    async def scenario(account: Account1) -> None:
        account.hold = asyncio.Event()
        account.rest(A)
        await asyncio.sleep(PERIOD + 6)
        account.sweeper.leave(A)

    play(scenario)


# --- a key that turned


def turned(account: Account1, ref: Ref, key: str) -> bool:
    account.keys[ref.uid] = Credentials("id", "secret", HERE, key)
    return account.sweeper.turned(ref, account.keys[ref.uid])  # type: ignore[arg-type]


def test_who_has_a_new_key_is_woken_when_the_account_was_looked_at_with_it() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.rest(B)
        await asyncio.sleep(3 * PERIOD)
        before = len(account.lists)
        assert turned(account, A, "k2")
        assert turned(account, B, "k2")
        assert account.woken == [], "nothing was seen with it yet"
        await asyncio.sleep(POLICY.poll + 1)
        assert account.woken == [A, B]
        assert [(key, lane) for _, key, lane in account.lists[before:]] == [("k2", "sweep")], (
            "one look for both, at once"
        )
        await asyncio.sleep(3 * PERIOD)
        assert account.woken == [A, B], "once"

    play(scenario)


def test_one_failed_look_with_a_new_key_says_nothing_and_a_second_one_does() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        await asyncio.sleep(PERIOD + 1)
        account.down = True
        assert turned(account, A, "k2")
        await asyncio.sleep(POLICY.poll)
        assert (account.lists[-1][1], account.woken) == ("k2", [])
        await asyncio.sleep(POLICY.poll + 1)
        assert account.woken == [A]

    play(scenario)


def test_without_calls_for_a_look_with_it_a_new_key_wakes_nobody_yet() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        await asyncio.sleep(PERIOD + 1)
        account.broke, account.newest = True, None
        assert turned(account, A, "k2")
        await asyncio.sleep(60)
        assert account.woken == []
        account.broke = False
        await asyncio.sleep(POLICY.poll + 1)
        assert account.woken == [A]

    play(scenario)


def test_a_new_key_of_one_is_looked_with_although_others_have_one_that_works() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A, "k1")
        account.rest(B, "k2")
        await asyncio.sleep(PERIOD + 1)
        assert {key for _, key, _ in account.lists} == {"k1"}
        assert turned(account, B, "k3")
        await asyncio.sleep(POLICY.poll + 1)
        assert (account.lists[-1][1], account.woken) == ("k3", [B])
        await asyncio.sleep(2 * PERIOD)
        assert account.lists[-1][1] == "k1", "and then as before"

    play(scenario)


def test_a_key_that_turns_once_more_is_looked_with_as_it_is_then() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        await asyncio.sleep(PERIOD + 1)
        account.hold = asyncio.Event()
        assert turned(account, A, "k2")
        await asyncio.sleep(5)
        assert turned(account, A, "k3")
        account.hold.set()
        await asyncio.sleep(2 * POLICY.poll)
        assert (account.lists[-1][1], account.woken) == ("k3", [A])
        before = len(account.lists)
        await asyncio.sleep(3 * PERIOD)
        assert account.woken == [A]
        assert len(account.lists) - before <= 4, "nobody waits for a look with the one in between"

    play(scenario)


def test_a_key_that_was_looked_with_already_needs_no_other_look() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        await asyncio.sleep(PERIOD + 1)
        account.keys[A.uid] = Credentials("id", "secret", HERE, "k2")
        await asyncio.sleep(PERIOD + 1)
        assert account.lists[-1][1] == "k2", "the watch took it as it was"
        assert not turned(account, A, "k2"), "whoever tells of it wakes it"

    play(scenario)


def test_who_rests_elsewhere_or_went_is_not_waited_for() -> None:
    async def scenario(account: Account1) -> None:
        account.rest(A)
        account.rest(B)
        await asyncio.sleep(PERIOD + 1)
        other = Credentials("id", "secret", THERE, "k2")
        assert not account.sweeper.turned(A, other), "it leads elsewhere: nothing is looked at there"
        assert turned(account, A, "k2")
        account.sweeper.leave(A)
        before = len(account.lists)
        await asyncio.sleep(2 * PERIOD)
        assert {key for _, key, _ in account.lists[before:]} == {"k1"}
        assert account.woken == []

    play(scenario)
