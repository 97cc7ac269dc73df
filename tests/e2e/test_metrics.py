"""`/metrics` of a real process: what docs/metrics.md says, and what it shows of what happened."""

from collections import Counter
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from stage import Stage, until
from stage.manifests import ehpc
from stage.operators import Operator

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from hpc_operator.kube.counted import KINDS, kind_of
from measuring_docs import exposed, rows

P = "hpc_operator_"
ACCOUNT = {"owner": "usr-simulator"}


def scraped(operator: Operator) -> str:
    status, text = operator.probe("/metrics")
    assert status == 200
    return text


def value(operator: Operator, name: str, *, scrape: str | None = None, **labels: str) -> float | None:
    """The sum of the samples of this name that have these labels, now or in that scrape; None without one."""
    families = text_string_to_metric_families(scrape or scraped(operator))
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == P + name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def becomes(operator: Operator, name: str, wanted: float, **labels: str) -> None:
    until(f"{name}{labels} is {wanted}", lambda: value(operator, name, **labels) == wanted or None)


def test_docs_and_answer_agree_in_both_directions(stage: Stage) -> None:
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    told = {row.name: row for row in rows()}
    found = exposed(scraped(operator))
    assert set(found) == set(told), "every metric is in the docs, and every one there is exposed"
    for name, (kind, labels) in found.items():
        assert kind == told[name].kind, name
        assert labels <= {tuple(sorted(told[name].labels))}, name
    silent = {name for name, (_, labels) in found.items() if not labels}
    assert silent <= {P + "blocked"}, "all but what is bad has values by now"


def test_a_create_is_seen_in_counters_and_states(stage: Stage) -> None:
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    becomes(operator, "resources", 1, condition="Ready", status="True", reason="Ready")
    exact: list[tuple[str, dict[str, str], float]] = [
        ("leader", {}, 1),
        ("api_calls_total", {"call": "createCluster", "code": "0"}, 1),
        ("time_to_ready_seconds_count", {}, 1),
        ("kubernetes_writes_total", {"kind": "secrets"}, 2),  # the password, and how the cluster is reached
        ("kubernetes_writes_total", {"outcome": "refused"}, 0),
        ("passes_total", {"outcome": "failed"}, 0),
        ("orphans", ACCOUNT, 0),
        ("duplicates", ACCOUNT, 0),
        ("budget_closed_until_timestamp_seconds", ACCOUNT, 0),
    ]
    found = {(name, *labels.items()): value(operator, name, **labels) or 0.0 for name, labels, _ in exact}
    assert found == {(name, *labels.items()): wanted for name, labels, wanted in exact}
    calls = len(stage.cloud.calls())
    counted = value(operator, "api_calls_total")
    assert counted is not None
    assert calls <= counted <= len(stage.cloud.calls()), "every call is counted, once"
    once = scraped(operator)
    passes, timed = (value(operator, name, scrape=once) for name in ("passes_total", "pass_duration_seconds_count"))
    assert passes is not None
    assert timed is not None
    assert abs(passes - timed) <= 1, "each pass ends in one word; one may be between its word and its time"


def came_by(stage: Stage) -> dict[str, int]:
    """Writes to Kubernetes that the proxy saw, by kind."""
    seen = Counter(kind_of(each.path) for each in stage.to_kube.log if each.writes)
    return dict(seen)


def test_writes_are_those_that_came_by(stage: Stage) -> None:
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    for kind, before in came_by(stage).items():
        counted = value(operator, "kubernetes_writes_total", kind=kind)
        assert counted is not None, kind
        assert before <= counted <= came_by(stage)[kind], kind
    assert set(came_by(stage)) == set(KINDS)


def test_the_budget_and_the_sweeps_of_a_settled_account(stage: Stage) -> None:
    operator = stage.operator(QUOTA="2000")
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    becomes(operator, "sweep_pages", 1, zone="jn1a", **ACCOUNT)
    until("a staleness was reached", lambda: (value(operator, "staleness_seconds_count") or 0) >= 2 or None)
    used = value(operator, "budget_used_calls", **ACCOUNT)
    assert used is not None
    assert 0 < used <= len(stage.cloud.calls()) + 5
    left = {lane: value(operator, "budget_left_calls", lane=lane) for lane in ("finish", "look")}
    assert left["finish"] is not None
    assert left["look"] is not None
    assert left["finish"] > left["look"] > 1000
    spent = value(operator, "budget_spent_calls_total")
    assert spent is not None
    assert spent >= used, "nothing is spent that is not permitted"
    age, period = value(operator, "sweep_age_seconds"), value(operator, "sweep_period_seconds")
    assert age is not None
    assert period is not None
    assert 0 <= age < 60


def test_a_closed_tap_is_told_with_its_end(stage: Stage) -> None:
    operator = stage.operator(QUOTA_PAUSE="600")
    stage.cloud.fault("code", "list", ret_code=2500, count=1)
    stage.kube.apply(ehpc("demo"))
    until("the tap is closed", lambda: value(operator, "api_calls_total", code="2500"))
    closed = value(operator, "budget_closed_until_timestamp_seconds", **ACCOUNT)
    assert closed is not None
    assert closed > 0
    assert value(operator, "budget_left_calls", lane="finish") == 0
    until("work waits for it", lambda: value(operator, "budget_wait_seconds_count") or None)


def test_a_blocked_resource_is_counted_by_its_reason_and_no_longer_once_it_is_gone(stage: Stage) -> None:
    operator = stage.operator()
    made: dict[str, Any] = ehpc("demo", owner="usr-stranger")
    stage.kube.apply(made)
    reason = str(until("it is blocked", lambda: stage.kube.reason("demo") or None))
    becomes(operator, "blocked", 1, reason=reason)
    stage.kube.kubectl("delete", "hpccluster", "demo", "--wait=false")
    until("it is gone", lambda: value(operator, "blocked", reason=reason) is None or None)
    assert value(operator, "resources") is None


def test_orphans_are_seen_for_free(stage: Stage) -> None:
    """A mark of our fleet that no resource has; the gauge needs no call of its own."""
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    becomes(operator, "orphans", 0, **ACCOUNT)
    mark = stem("stage", Ref(stage.namespace, "never-heard-of", "uid"))
    for name in (f"lost-{mark}-1", f"other-{stem('other', Ref('a', 'b', 'c'))}-1", "by-hand"):
        stage.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": name, "status": "active"})
    becomes(operator, "orphans", 1, **ACCOUNT)
    assert {call["call"] for call in stage.cloud.calls()} <= {
        "list", "operation", "permission", "createCluster", "modifyCluster", "listNodes",
    }  # fmt: skip


def test_a_second_bearer_is_a_duplicate(stage: Stage) -> None:
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"))
    name = str(stage.wait_ready("demo")["cluster_name"])
    stage.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": name, "status": "active"})
    becomes(operator, "duplicates", 1, **ACCOUNT)
    becomes(operator, "blocked", 1, reason="DuplicateClusters")


def test_a_standby_says_that_it_does_not_lead(stage: Stage) -> None:
    leader = stage.operator()
    standby = stage.launch()
    until("the standby answers", lambda: standby.probe("/readyz")[1].startswith("standby") or None)
    assert (value(leader, "leader"), value(standby, "leader")) == (1, 0)
    assert value(standby, "passes_total") == 0
