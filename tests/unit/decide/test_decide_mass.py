"""When deletions are held because too many are asked for at once: the numbers alone, no clock of ours."""

import itertools
from dataclasses import replace

import pytest
from decide_scenes import POLICY
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.decide.mass import SPAN, Deletions, burst, held
from hpc_operator.domain.policy import Policy

AT = 1000.0
FREE = replace(POLICY, hold_deletions=False)
NONE_AT_ALL, THREE = replace(POLICY, max_deletions=0), replace(POLICY, max_deletions=3)


def _many(number: int, *, fleet: int | None = None, gone: int = 0, apart: float = 1.0) -> Deletions:
    times = [AT + apart * each for each in range(number)]
    return Deletions(times, number - gone if fleet is None else fleet, number - gone)


ROWS = [
    ("ten of a small fleet are not many", _many(10), False, 0, POLICY, False),
    ("eleven are", _many(11), False, 0, POLICY, True),
    ("a fifth of a large fleet is not", _many(20, fleet=100), False, 0, POLICY, False),
    ("one more is", _many(21, fleet=100), False, 0, POLICY, True),
    ("who went already counts, as a deletion and as part of the fleet", _many(21, fleet=85, gone=15), False, 0, POLICY, True),
    ("twenty of a hundred, fifteen of which are gone", _many(20, fleet=85, gone=15), False, 0, POLICY, False),
    ("one a minute is no burst", _many(30, apart=60.1), False, 0, POLICY, False),
    ("eleven within ten minutes to the second", _many(11, apart=60.0), False, 0, POLICY, True),
    ("the setting counts", _many(4), False, 0, THREE, True),
    ("as many as it says go", _many(3), False, 0, THREE, False),
    ("nothing goes without an approval where it says so", _many(1), False, 0, NONE_AT_ALL, True),
    ("an approval of the number", _many(25), False, 25, POLICY, False),
    ("an approval of fewer", _many(25), False, 24, POLICY, True),
    ("an approval of fewer where none was needed", _many(10), False, 3, POLICY, False),
    ("the CRD itself goes: one is one too many", _many(1, fleet=500), True, 0, POLICY, True),
    ("approved even so", _many(7, fleet=7), True, 7, POLICY, False),
    ("for the CRD every one that goes must be covered, whenever it was asked for", _many(12, apart=3600.0), True, 11, POLICY, True),
    ("whether the CRD goes cannot be read", _many(1, fleet=500), None, 0, POLICY, True),
    ("unreadable, yet approved", _many(1, fleet=500), None, 1, POLICY, False),
    ("switched off", _many(500), True, 0, FREE, False),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_held(row: tuple[str, Deletions, bool | None, int, Policy, bool]) -> None:
    because, deletions, doomed, approved, policy, expected = row
    found = {held(deletions, at, doomed, approved, policy) is not None for at in deletions.times}
    assert found == {expected}, because


def test_what_it_says() -> None:
    """The number to approve, and the other way out."""
    told = held(_many(25), AT, False, 3, POLICY) or ""
    assert all(word in told for word in ("25", "the 10", "approve-deletions=25", "Lease", "Retain"))
    doomed = held(_many(2), AT, True, 0, POLICY) or ""
    assert all(word in doomed for word in ("CustomResourceDefinition", "approve-deletions=2", "Retain"))
    unread = held(_many(1), AT, None, 0, POLICY) or ""
    assert all(word in unread for word in ("cannot be read", "approve-deletions=1", "Retain"))


def test_one_that_was_deleted_long_before_or_after_the_burst_is_no_part_of_it() -> None:
    times = [AT - 3600, *(AT + each for each in range(30)), AT + 3600]
    deletions = Deletions(times, 32, 32)
    assert held(deletions, times[0], False, 0, POLICY) is None
    assert held(deletions, times[-1], False, 0, POLICY) is None
    assert held(deletions, AT + 5, False, 0, POLICY) is not None


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=25))
def test_a_burst_is_the_largest_window_that_holds_it(found: list[int]) -> None:
    times = sorted(float(each) for each in found)
    for at in times:
        spans = [(a, b) for a, b in itertools.combinations_with_replacement(times, 2) if b - a <= SPAN and a <= at <= b]
        most = max(sum(a <= each <= b for each in times) for a, b in spans)
        assert burst(times, at) == most
