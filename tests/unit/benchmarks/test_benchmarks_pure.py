"""The pure parts of the benchmark: a number is what it claims to be, and a missed goal cannot be printed as met."""

import json
from pathlib import Path

import pytest

from benchmarks.audit import counted, parse
from benchmarks.figures import growth, median_ratio, percentile, slope
from benchmarks.machine import Machine, fields
from benchmarks.results import FORMAT, document, write
from benchmarks.row import Figure, Goal, Row
from benchmarks.sizes import SIZES
from benchmarks.table import rendered

MACHINE = Machine(2, 1.5, 4096, "6.1", "3.11")


def row(p50: float = 40.0, p99: float = 200.0, **more: object) -> Row:
    goals = (Goal("p50", "<", 50), Goal("p99", "≤", 250))
    figures = (Figure("p50", p50, "ms"), Figure("p99", p99, "ms"))
    return Row("apply → POST", figures, "how quick it is", goals=goals, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "expected"), [(0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_the_smallest_sample_that_enough_samples_do_not_exceed(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_the_99th_of_sixty_samples_is_the_slowest() -> None:
    assert percentile([*([1.0] * 59), 9.0], 0.99) == 9.0


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], 1.1), ([1.0], -0.1)])
def test_a_percentile_of_nothing_or_beyond_all_is_an_error(samples: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(samples, share)


def test_the_ratio_is_taken_of_neighbours_so_that_a_slow_minute_cancels_out() -> None:
    assert median_ratio([2.0, 20.0, 2.2], [1.0, 10.0, 1.0]) == 2.0
    with pytest.raises(ValueError, match="zip"):
        median_ratio([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("costs", "power"), [((1.0, 10.0), 1.0), ((1.0, 100.0), 2.0), ((5.0, 5.0), 0.0)])
def test_growth_is_the_exponent_of_the_size(costs: tuple[float, float], power: float) -> None:
    assert growth((7, 100, 1000), (0.5, *costs)) == pytest.approx(power)


def test_slope_is_what_one_more_costs() -> None:
    assert slope((0, 200, 500), (80.0, 90.0, 96.0)) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("p50", "p99", "verdict"),
    [(49.9, 250.0, "met"), (50.0, 250.0, "missed"), (49.9, 250.1, "missed"), (1.0, 1.0, "met")],
)
def test_a_row_is_met_only_when_every_goal_is(p50: float, p99: float, verdict: str) -> None:
    assert row(p50, p99).verdict == verdict


def test_a_row_without_goals_is_told() -> None:
    assert Row("passes", (Figure("passes", 3.0),), "how many").verdict == "told"


def test_a_goal_about_nothing_measured_is_an_error_and_not_met() -> None:
    with pytest.raises(ValueError, match="p98"):
        Row("x", (Figure("p99", 1.0),), "x", goals=(Goal("p98", "<", 2),))


def test_the_table_says_each_figure_its_goal_and_a_miss_plainly() -> None:
    told = Row("decide", (Figure("at 1000", 364.2, "/s"), Figure("each", 0.01234, "s")), "pure time")
    text = rendered([row(p50=57.7, notes=("60 creations",)), told])
    for said in ("p50 57.7 ms", "p50 < 50 ms", "p99 ≤ 250 ms", "missed", "364 /s", "0.0123 s", "pure time", "told"):
        assert said in text
    assert "apply → POST\n  60 creations\n" in text
    assert all(len(line) <= 118 for line in text.splitlines())


def test_the_json_carries_everything_under_fixed_names(tmp_path: Path) -> None:
    rows = [row(details={"samples": [1.0]}, notes=("n",))]
    made = document(rows, size=SIZES["small"], machine=MACHINE, began="2026-01-01T00:00:00+00:00", seconds=1.26)
    path = tmp_path / "new" / "run.json"
    write(path, made)
    read = json.loads(path.read_text())
    assert list(read) == ["format", "began", "seconds", "machine", "size", "rows"]
    assert (read["format"], read["seconds"], read["machine"]["cores"]) == (FORMAT, 1.3, 2)
    assert read["rows"] == [
        {
            "name": "apply → POST",
            "verdict": "met",
            "goals": [
                {"figure": "p50", "sign": "<", "limit": 50},
                {"figure": "p99", "sign": "≤", "limit": 250},
            ],
            "figures": [
                {"name": "p50", "value": 40.0, "unit": "ms"},
                {"name": "p99", "value": 200.0, "unit": "ms"},
            ],
            "meaning": "how quick it is",
            "notes": ["n"],
            "details": {"samples": [1.0]},
        }
    ]


def line(verb: str, resource: str, code: int = 200, **ref: str) -> dict[str, object]:
    return {
        "verb": verb,
        "userAgent": "hpc-operator",
        "objectRef": {"resource": resource, "namespace": "n", **ref},
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": "2026-01-01T00:00:00.250000Z",
        "stageTimestamp": "2026-01-01T00:00:00.500000Z",
    }


def test_a_line_of_the_audit_log_tells_who_asked_what_when() -> None:
    request = parse(line("patch", "hpcclusters", subresource="status", name="one"))
    assert (request.agent, request.namespace, request.name) == ("hpc-operator", "n", "one")
    assert (request.what, request.writes) == ("patch hpcclusters/status", True)
    assert request.answered - request.received == pytest.approx(0.25)
    assert not parse(line("get", "hpcclusters")).writes
    assert not parse(line("update", "leases")).writes


def test_requests_are_counted_by_name_and_refusals_by_themselves() -> None:
    asked = [parse(line("get", "secrets", code)) for code in (404, 404, 200)]
    assert counted(asked) == {"get secrets": 1, "get secrets (404)": 2}


def test_a_proc_file_is_read_by_names(tmp_path: Path) -> None:
    path = tmp_path / "status"
    path.write_text("Name:\tpython\nVmRSS:\t  1024 kB\n")
    assert fields(path) == {"Name": "python", "VmRSS": "1024 kB"}


def test_every_size_can_be_measured() -> None:
    for size in SIZES.values():
        assert len(size.listed) >= 2
        assert min(size.newcomers, size.burst, size.repetitions, size.restarts, size.polled, size.kills) >= 1
        assert size.settled < size.grown
        assert 1 <= size.changed < size.settled
        assert 1 <= size.grown_changed < size.grown
        assert 1000 in size.listed
