"""Waiting for calls is told with a time, and told again only when that time has passed; a rest that knows its end."""

from dataclasses import replace

import pytest
from decide_scenes import NOW, POLICY, living, resource

from hpc_operator.decide.pace import rest
from hpc_operator.decide.quota import exhausted
from hpc_operator.domain.record import Condition, Resource


def told(message: str, reason: str = "QuotaExhausted") -> Resource:
    return replace(resource(), conditions=(Condition("Ready", "False", reason, message, 1, NOW),))


def test_a_time_that_was_told_stands_until_it_has_passed() -> None:
    first = exhausted(resource(), NOW + 600, NOW, "the create")
    later = exhausted(told(first.message), NOW + 1800, NOW + 300, "the create")
    assert (later.message, later.after) == (first.message, 1500)
    assert exhausted(told(first.message), NOW + 1800, NOW + 700, "the create").message != first.message


@pytest.mark.parametrize(
    "held",
    [
        told("the create waits until about 2099-01-01 00:00 UTC.", "LookingFirst"),
        told("the create waits until the cows come home"),
        told("The account's calls of this hour are used up; the call waits until about 2099-01-01 00:00 UTC."),
        resource(),
    ],
    ids=["another reason", "no time", "something else waited", "nothing"],
)
def test_anything_else_that_was_told_is_told_anew(held: Resource) -> None:
    assert exhausted(held, NOW + 600, NOW, "the create") == exhausted(resource(), NOW + 600, NOW, "the create")


def test_the_time_is_rounded_up_to_a_minute_and_a_moment_is_not_worth_a_write() -> None:
    assert exhausted(resource(), 61.0, 0.0, "it").message.endswith("until about 1970-01-01 00:02 UTC.")
    assert [exhausted(resource(), NOW + wait, NOW, "it").quiet for wait in (1, 4.9, 5, 60)] == [
        True,
        True,
        False,
        False,
    ]


def test_what_was_written_last_is_looked_at_when_it_shows_and_everything_now_and_then() -> None:
    described = living(first_active_at=NOW - 100, described_at=NOW - 10)
    assert rest(described, NOW, POLICY) == min(10 * POLICY.staleness, POLICY.visibility_lag + POLICY.staleness - 10)
    assert rest(described, NOW + 10_000, POLICY) == 10 * POLICY.staleness
    soon = replace(POLICY, visibility_lag=60.0)
    assert rest(described, NOW, soon) == 60 + POLICY.staleness - 10
