"""The spent window outlives the process: it stands in the Lease and is taken over, however the first one ended."""

import json
import time
from typing import Any

import pytest
from stage.manifests import ehpc
from stage.operators import Operator
from stage.setting import Stage
from stage.waiting import until

QUOTA = 4000
ALLOTMENT = int(QUOTA * 0.8) // 32


def _used(operator: Operator) -> float:
    lines = operator.probe("/metrics")[1].splitlines()
    return sum(float(x.rsplit(" ", 1)[1]) for x in lines if x.startswith("hpc_operator_budget_used_calls{"))


def _kept(stage: Stage) -> dict[str, Any]:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{stage.namespace}/leases/hpc-operator"
    lease = stage.kube.get(path)
    assert lease is not None
    kept: dict[str, Any] = json.loads(lease["metadata"]["annotations"]["hpc.qingcloud.com/spent-calls"])
    return kept


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_successor_goes_on_with_what_is_left_of_the_hour(stage: Stage, how: str) -> None:
    """A call is counted before it is sent: the two counts can be compared only where nobody calls for a while."""
    quiet = {"QUOTA": str(QUOTA), "LEASE_DURATION": "4", "STALENESS": "600"}
    first = stage.operator(**quiet)
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    made = until("every call counted has arrived", lambda: _used(first) == (n := len(stage.cloud.calls())) and n)
    if how == "killed":
        first.kill()
    else:
        first.terminate()
        until("it has ended", lambda: first.program.poll() is not None)
        assert _kept(stage)["gap"] == 0, "in good order: nothing is unknown"
    assert made == len(stage.cloud.calls()) >= 6
    second = stage.operator(**quiet)
    unknown = ALLOTMENT if how == "killed" else 0
    assert made <= _used(second)
    until("it counts no call that was not made", lambda: _used(second) <= len(stage.cloud.calls()) + unknown)
    assert len(stage.cloud.calls()) <= made + 6, "it was quiet meanwhile: a call too many would have been seen"
    assert len([endpoint for endpoint, *_ in _kept(stage)["accounts"] if endpoint]) == 1


def test_the_window_costs_no_write_of_its_own_while_there_is_little_to_tell(stage: Stage) -> None:
    operator = stage.operator(QUOTA=str(QUOTA), LEASE_DURATION="30")
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    since, before, began = len(stage.to_kube.log), _used(operator), time.monotonic()
    until("eight calls more", lambda: _used(operator) >= before + 8)
    leases = [each for each in stage.to_kube.writes(since=since, but=()) if "/leases" in each.path]
    renewals = (time.monotonic() - began) / (30 / 8)
    assert 0 < len(leases) <= renewals + 1, "it goes with them"
