"""The checker of two replicas: what fits to the Lease's terms passes, and each way of acting beside another is told."""

import pytest
from stage.terms import Term, two_at_once

A, B, C = Term(0, "pod-a_1_x", 10, 10.1), Term(1, "pod-b_2_x", 20, 20.1), Term(2, "pod-c_3_x", 30, 30.1)


def calls(*sent: tuple[int, float]) -> list[dict[str, object]]:
    """Changing calls with an effect, by process and time."""
    return [
        {"seq": seq, "call": "createCluster", "effect": "created", "via": f"1.1 {pid}", "time": at}
        for seq, (pid, at) in enumerate(sent, 1)
    ]


def test_each_in_its_own_term_is_as_it_must_be() -> None:
    assert two_at_once(calls((1, 11), (1, 19), (2, 21), (3, 31)), (A, B, C)) == []
    assert two_at_once(calls((1, 11), (3, 31)), (A, B, C)) == [], "who leads need not act"


def test_what_had_no_effect_is_nobodys_acting() -> None:
    late = [call | {"effect": ""} for call in calls((2, 21), (1, 22))]
    assert two_at_once(late, (A, B)) == []


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([(1, 11), (2, 21), (1, 22)], "came after one of process 2"),
        ([(1, 21)], "1.000 s after the next one took the Lease"),
        ([(1, 11), (2, 19)], "1.000 s before it held the Lease"),
        ([(4, 11)], "never held the Lease"),
    ],
    ids=["both-by-turns", "after-its-term", "before-its-term", "without-a-term"],
)
def test_acting_beside_another_is_told(sent: list[tuple[int, float]], told: str) -> None:
    assert any(told in each for each in two_at_once(calls(*sent), (A, B, C)))


def test_the_lease_held_twice_by_one_process_is_told() -> None:
    again = Term(2, A.holder, 30, 30.1)
    assert any("held the Lease twice" in each for each in two_at_once([], (A, B, again)))
