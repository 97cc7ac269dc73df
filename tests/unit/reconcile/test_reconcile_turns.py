"""Who creates next when calls are short: namespaces take turns, within one first come first served."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.turns import Turns

HERE, THERE = Account("e", "z", "o"), Account("e", "z", "other")


@dataclass
class Calls:
    """`free` calls now, one more each second."""

    free: int = 0
    hurried: list[bool] = field(default_factory=list)
    told: list[tuple[str, float]] = field(default_factory=list)

    def wait(self, _account: Account, _lane: str, calls: int = 1) -> float:
        return max(0.0, float(calls - self.free))

    async def permit(self, account: Account, lane: str, calls: int = 1) -> float:
        return self.wait(account, lane, calls)

    def waits(self, _account: Account, lane: str, seconds: float) -> None:
        self.told.append((lane, seconds))

    def hurry(self, _account: Account, waiting: bool) -> None:
        self.hurried.append(waiting)

    def now(self) -> float:
        return 1000.0

    def offset(self) -> float | None:
        return None


def ref(namespace: str, name: object) -> Ref:
    return Ref(namespace, str(name), f"{namespace}/{name}")


def turns(free: int = 0) -> tuple[Turns, Calls]:
    calls = Calls(free)
    return Turns(calls, calls), calls


def test_with_calls_for_everybody_nobody_waits() -> None:
    made, _ = turns(2701)
    assert [made.until(HERE, ref("a", n)) for n in range(900)] == [None] * 900


def test_who_waits_is_told_when_its_turn_comes() -> None:
    made, _ = turns()
    assert [made.until(HERE, ref("a", n)) for n in range(3)] == [1001.0, 1004.0, 1007.0], (
        "each create brings two calls after it"
    )
    assert made.until(HERE, ref("a", 1)) == 1004.0, "asking again moves nobody"


def test_nine_hundred_in_one_namespace_do_not_hold_back_the_one_in_another() -> None:
    made, calls = turns()
    for n in range(900):
        made.until(HERE, ref("a", n))
    assert made.until(HERE, ref("b", "only")) == 1004.0, "behind the first of the other namespace"
    calls.free = 4
    assert made.until(HERE, ref("b", "only")) is None
    assert made.until(HERE, ref("a", 0)) is None
    assert made.until(HERE, ref("a", 1)) == 1003.0


def test_a_namespace_that_had_its_turn_goes_behind_the_others() -> None:
    made, calls = turns()
    for n in range(3):
        made.until(HERE, ref("a", n))
    made.until(HERE, ref("b", 0))
    calls.free = 1
    assert made.until(HERE, ref("a", 0)) is None
    made.leave(ref("a", 0))
    assert made.until(HERE, ref("b", 0)) is None
    assert made.until(HERE, ref("a", 1)) == 1003.0


def test_who_left_is_counted_no_more() -> None:
    made, _ = turns()
    for n in range(3):
        made.until(HERE, ref("a", n))
    made.leave(ref("a", 0))
    made.leave(ref("a", 0))
    assert made.until(HERE, ref("a", 2)) == 1004.0


def test_the_budget_is_told_whether_anybody_waits() -> None:
    made, calls = turns()
    for n in range(3):
        made.until(HERE, ref("a", n))
    assert calls.hurried == [True]
    made.until(HERE, ref("a", 0))
    assert calls.told == [("create", 1.0), ("create", 4.0), ("create", 7.0)], "each once"
    calls.free = 1000
    for n in range(2):
        made.until(HERE, ref("a", n))
    made.leave(ref("a", 2))
    assert calls.hurried == [True, False]


def test_accounts_have_lines_of_their_own() -> None:
    made, _ = turns()
    for n in range(5):
        made.until(HERE, ref("a", n))
    assert made.until(THERE, ref("a", "other")) == 1001.0
    assert made.until(THERE, ref("a", 0)) == 1004.0, "who now creates elsewhere left the first line"
    assert made.until(HERE, ref("a", 1)) == 1001.0


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_one_free_call_a_second_serves_everybody_and_no_namespace_twice_before_another(asked: list[str]) -> None:
    made, calls = turns()
    waiting = [ref(namespace, n) for n, namespace in enumerate(asked)]
    calls.free, served = 1, []
    while waiting:
        free = [each for each in waiting if made.until(HERE, each) is None]
        assert len(free) == 1, "the one whose turn it is"
        served.append(free[0])
        made.leave(free[0])
        waiting.remove(free[0])
    for namespace in set(asked):
        names = [int(each.name) for each in served if each.namespace == namespace]
        assert names == sorted(names), "first come, first served"


def test_the_line_is_empty_in_the_end() -> None:
    made, _ = turns()
    made.until(HERE, ref("a", 1))
    made.leave(ref("a", 1))
    assert made.until(HERE, ref("z", 1)) == 1001.0
