"""A fleet under the real quota, in virtual time: exact numbers of calls in an hour of rest, at a restart, in a burst.

The scenarios of the table's rows `hour`, `creations` and `soak` (benchmarks/virtual*.py), at a size for every run.
"""

import pytest

from benchmarks.virtual import REAL, Played
from benchmarks.virtual_creations import accounted, creations
from benchmarks.virtual_hour import AT_ONE_LOOK, Hour, hour
from benchmarks.virtual_soak import Plan, Soaked, soak
from faults.harness.cores import on_all_cores
from faults.harness.world import POLICY

FLEET, CHANGES = 120, 34
PAGES = 2
"""List pages of such a fleet."""
SWEEPS = 127
"""In an hour, one every 28.35 s: a little before the promised 30 are over."""


@pytest.fixture(scope="module")
def played() -> Played[Hour]:
    return hour(FLEET, CHANGES)


def test_an_hour_of_rest_is_its_sweeps_and_nothing_more(played: Played[Hour]) -> None:
    rest = played.result.rest
    assert rest.calls == {"list": SWEEPS * PAGES, "operation": SWEEPS}
    assert (rest.writes, rest.events) == (0, 0)
    assert set(rest.requests) == {"GET hpcclusters"}, "the own list every few minutes"
    assert played.result.busiest <= 0.8 * REAL


def test_a_restart_among_the_settled_reads_the_list_once(played: Played[Hour]) -> None:
    restart = played.result.restart
    assert restart.calls == {"list": PAGES}
    assert (restart.writes, restart.events, restart.passes) == (0, 0, FLEET)
    assert played.result.met_after < 5


def test_a_change_outside_is_said_within_the_promise(played: Played[Hour]) -> None:
    told = played.result.told
    assert {kind: len(times) for kind, times in told.items()} == {
        "renamed": 16,
        "suspended": 16,
        "active again": 16,
        "deleted": 2,
    }
    assert max(each for kind in AT_ONE_LOOK for each in told[kind]) <= POLICY.staleness
    assert max(told["deleted"]) <= 3 * POLICY.staleness, "two lists and a question by id, and only then is it said"
    assert played.result.untold == ()
    assert played.result.unready == 0


def test_a_vanished_cluster_is_asked_for_by_id_once(played: Played[Hour]) -> None:
    """Its line and its log; a fleet of them must not spend what the sweeps need."""
    assert played.result.by_id == 2 * len(played.result.told["deleted"])


def test_creations_beyond_the_quota_waste_no_call_and_take_turns() -> None:
    number, quota = 30, 160
    result = creations(number, quota=quota).result
    own = {call: calls for call, calls in result.calls.items() if call not in ("list", "operation")}
    assert own == accounted(number)
    assert result.wasted == {}
    assert (result.clusters, result.unready) == (number, 0)
    assert result.busiest <= quota
    assert result.took > 3600, "there was not quota enough for all in one hour"
    assert result.before_it <= 1, "the one of the other namespace is next"
    assert result.lone_ready < result.took / 4


def test_a_small_soak_ends_with_nothing_twice_lost_or_stuck() -> None:
    """Four hours: one process is killed again and again, another lives through it. What it keeps is weighed in the row."""
    plans = [Plan(5, fleet=8, hours=4.0, kills=2.0), Plan(6, fleet=8, hours=4.0, kills=0.0)]
    killed, weighed = (each.result for each in on_all_cores(soak, plans))
    for run in (killed, weighed):
        assert _verdict(run) == ([], [], [], []), run.plan
        assert run.acts.total() > 50, "a day without acts proves nothing"
        assert run.faults.total() > 5, "nor one without faults"
        assert run.created > run.plan.fleet, "some were deleted and applied again"
    assert killed.kills >= 8
    assert weighed.kills == 0
    assert weighed.early > 0


def _verdict(run: Soaked) -> tuple[list[str], list[str], list[str], list[str]]:
    return run.duplicates, run.orphans, run.stuck, run.errors
