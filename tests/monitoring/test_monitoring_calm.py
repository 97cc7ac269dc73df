"""Hours of the genuine registry, scraped once a minute: of a calm operator no alert tells, of a blind one the right one does."""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from decide_scenes import ACCOUNT, NOW, resource
from measuring_parts import Budget, Parts, Scraped, View

from chart_files.places import ALERTS
from hpc_operator.reconcile.ended import Ended

MINUTES = 90
Minute = Callable[[Scraped, int], None]


class Idle(Budget):
    """Of an operator that never called."""

    def accounts(self) -> tuple[tuple[str, str], ...]:
        return ()


def scraped(minute: Minute, parts: Parts, instance: str) -> dict[str, list[str]]:
    """The values of every series in each minute, `_` where it is not there; `minute` changes the parts before a scrape."""
    process = Scraped()
    process.parts.__dict__.update(parts.__dict__)
    values: defaultdict[str, list[str]] = defaultdict(lambda: ["_"] * MINUTES)
    for at in range(MINUTES):
        minute(process, at)
        for family in process.metrics.registry.collect():
            for sample in family.samples:
                labels = {**sample.labels, "namespace": "hpc", "job": "hpc-operator-metrics", "instance": instance}
                key = sample.name + "{" + ",".join(f"{k}={json.dumps(v)}" for k, v in labels.items()) + "}"
                values[key][at] = repr(float(sample.value))
    return dict(values)


def fired(promtool, folder: Path, *processes: dict[str, list[str]]) -> str:
    """What promtool says to the claim that no alert fires in all the time; empty: none does."""
    series = [{"series": key, "values": " ".join(values)} for each in processes for key, values in each.items()]
    never = [{"expr": f'count_over_time(ALERTS{{alertstate="firing"}}[{MINUTES}m])', "eval_time": f"{MINUTES - 1}m"}]
    tests = [
        {"interval": "1m", "input_series": series, "promql_expr_test": [{**each, "exp_samples": []} for each in never]}
    ]
    path = folder / "calm.yaml"
    path.write_text(json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}))
    done = promtool("test", "rules", path)
    return "" if done.returncode == 0 else str(done.stdout)


def idle(_process: Scraped, _minute: int) -> None:
    """Nothing happens."""


def working(process: Scraped, minute: int) -> None:
    """A pass and a look each minute."""
    metrics = process.metrics
    metrics.ended(Ended.SETTLED)
    metrics.called("list", "0", 0.2)
    metrics.swept(complete=True, seconds=1.0, staleness=31.0)


def beginning(process: Scraped, minute: int) -> None:
    """Its first look succeeds after five minutes: before, the service did not answer, and Kubernetes did so slowly."""
    if minute >= 5:
        process.parts.now = NOW
        process.parts.views = {ACCOUNT: View()}
        working(process, minute)
        return
    process.parts.views = {ACCOUNT: View(look=None)}
    process.parts.now += 60
    process.metrics.called("list", "NoAnswer", 30.0)
    process.metrics.ended(Ended.UNAVAILABLE)
    process.metrics.wrote("leases", "unanswered")


def blind(process: Scraped, minute: int) -> None:
    """No look ever succeeds."""
    process.parts.now += 60
    process.parts.views = {ACCOUNT: View(look=None)}
    process.metrics.called("list", "NoAnswer", 30.0)


def nobody() -> Parts:
    return Parts(resources=[], views={}, budget=Idle())


def fresh() -> Parts:
    return Parts(resources=[resource(), resource()])


def standby() -> dict[str, list[str]]:
    return scraped(idle, Parts(resources=[], views={}, budget=Idle(), lease_left=-1.0), "b")


@pytest.mark.parametrize(
    ("minute", "parts"),
    [(idle, nobody()), (working, Parts()), (beginning, fresh())],
    ids=["no cluster at all", "a settled fleet", "just started"],
)
def test_no_alert_tells_of_a_calm_operator(promtool, tmp_path: Path, minute: Minute, parts: Parts) -> None:
    assert fired(promtool, tmp_path, scraped(minute, parts, "a"), standby()) == ""


def test_no_alert_tells_of_one_replica_alone(promtool, tmp_path: Path) -> None:
    assert fired(promtool, tmp_path, scraped(working, Parts(), "a")) == ""


def test_of_a_blind_operator_the_right_ones_tell(promtool, tmp_path: Path) -> None:
    said = fired(promtool, tmp_path, scraped(blind, Parts(), "a"), standby())
    assert {name for name in ("HpcOperatorLooksLate", "HpcOperatorCloudUnreachable") if name in said} == {
        "HpcOperatorLooksLate",
        "HpcOperatorCloudUnreachable",
    }
    assert "HpcOperatorNotOneLeader" not in said


def test_of_two_standbys_one_tells(promtool, tmp_path: Path) -> None:
    assert "HpcOperatorNotOneLeader" in fired(promtool, tmp_path, standby())
