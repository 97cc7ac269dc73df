"""What `/metrics` answers: every metric of the catalogue, its labels, and values that follow the live parts."""

from dataclasses import dataclass, field, replace

import pytest
from decide_scenes import (
    ACCOUNT,
    ID,
    NOW,
    OTHER,
    SECOND,
    STEM,
    WINDOW,
    ago,
    cluster,
    in_doubt,
    living,
    log,
    look,
    named,
    resource,
)
from measuring_parts import SETTLED, P, Scraped, View, conditioned, everything

from hpc_operator.domain.mark import stem
from hpc_operator.domain.record import Account, OperationAction
from hpc_operator.kube.counted import KINDS, Written
from hpc_operator.measuring.catalogue import METRICS
from hpc_operator.measuring.conditions import took_to_be_ready
from hpc_operator.measuring.released import released
from hpc_operator.measuring.sweeps import CountedLooks
from hpc_operator.reconcile.ended import Ended
from measuring_docs import exposed, rows

ORPHAN_STEM = stem("prod", OTHER)
VIEW = {"endpoint": ACCOUNT.endpoint, "zone": ACCOUNT.zone, "owner": ACCOUNT.owner}
QUOTA = {"endpoint": ACCOUNT.endpoint, "owner": ACCOUNT.owner}


@pytest.fixture
def scraped() -> Scraped:
    return Scraped()


def test_docs_and_exposition_have_the_same_metrics_types_and_labels(scraped: Scraped) -> None:
    everything(scraped.metrics)
    scraped.parts.resources = [conditioned(SETTLED, Stalled=("True", "CreateFailed"))]
    told = {row.name: (row.kind, {tuple(sorted(row.labels))}) for row in rows()}
    assert exposed(scraped.text()) == told


def test_every_metric_is_there_before_anything_happened(scraped: Scraped) -> None:
    assert set(exposed(scraped.text())) == {metric.name for metric in METRICS}


def test_help_and_type_stand_in_the_answer(scraped: Scraped) -> None:
    text = scraped.text()
    for metric in METRICS:
        assert f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n" in text


def test_no_series_is_spent_on_when_a_counter_began(scraped: Scraped) -> None:
    everything(scraped.metrics)
    assert "_created" not in scraped.text()


def test_closed_sets_begin_with_zero(scraped: Scraped) -> None:
    assert [scraped.value("passes_total", outcome=each) for each in Ended] == [0.0] * len(Ended)
    writes = [scraped.value("kubernetes_writes_total", kind=kind, outcome="written") for kind in KINDS]
    assert writes == [0.0] * 5


def test_what_happens_is_counted(scraped: Scraped) -> None:
    metrics = scraped.metrics
    for outcome in (Ended.SETTLED, Ended.SETTLED, Ended.FAILED):
        metrics.ended(outcome)
    metrics.passed(0.02)
    everything(metrics)
    metrics.wrote("leases", Written.CONFLICT)
    assert scraped.value("passes_total", outcome="settled") == 2
    assert scraped.value("passes_total", outcome="failed") == 1
    assert scraped.value("pass_duration_seconds_sum") == 0.02
    assert scraped.value("api_calls_total", call="list", code="0") == 1
    assert scraped.value("api_call_duration_seconds_sum", call="list") == 0.2
    assert scraped.value("budget_wait_seconds_sum", lane="look") == 3
    assert scraped.value("budget_spent_calls_total", lane="look") == 3
    assert scraped.value("time_to_ready_seconds_bucket", le="480.0") == 1
    assert scraped.value("time_to_ready_seconds_bucket", le="360.0") == 0
    assert scraped.value("staleness_seconds_bucket", le="30.0") == 0
    assert scraped.value("staleness_seconds_bucket", le="40.0") == 1
    assert scraped.value("kubernetes_writes_total", kind="leases", outcome="conflict") == 1
    assert scraped.value("build_info", version=released()) == 1


def test_calls_in_flight_are_those_that_wait_also_when_one_is_cut_off(scraped: Scraped) -> None:
    with scraped.metrics.calling("list"), scraped.metrics.calling("list"):
        assert scraped.value("api_calls_in_flight", call="list") == 2
        with pytest.raises(TimeoutError), scraped.metrics.calling("list"):
            raise TimeoutError
        assert scraped.value("api_calls_in_flight", call="list") == 2
    assert scraped.value("api_calls_in_flight", call="list") == 0


def test_a_clock_that_went_back_is_no_negative_time(scraped: Scraped) -> None:
    """A counter that falls is taken for a restart."""
    metrics = scraped.metrics
    metrics.called("list", "0", -5.0)
    metrics.became_ready(-1.0)
    metrics.swept(complete=True, seconds=-1.0, staleness=-1.0)
    for name, labels in [
        ("api_call_duration_seconds", {"call": "list"}),
        ("time_to_ready_seconds", {}),
        ("sweep_duration_seconds", {"complete": "true"}),
        ("staleness_seconds", {}),
    ]:
        assert scraped.value(f"{name}_sum", **labels) == 0, name
        assert scraped.value(f"{name}_count", **labels) == 1, name
    scraped.parts.views = {ACCOUNT: View(look=look(-5))}
    assert scraped.value("sweep_age_seconds", **VIEW) == 0


@pytest.mark.parametrize(("complete", "staleness", "reached"), [(True, None, 0), (False, 40.0, 0), (True, 40.0, 1)])
def test_staleness_is_reached_from_one_complete_look_to_the_next(
    scraped: Scraped, complete: bool, staleness: float | None, reached: int
) -> None:
    scraped.metrics.swept(complete=complete, seconds=1.0, staleness=staleness)
    assert scraped.value("staleness_seconds_count") == reached
    assert scraped.value("sweep_duration_seconds_count", complete=str(complete).lower()) == 1


STATES: list[tuple[str, dict[str, str], float]] = [
    ("leader", {}, 1),
    ("passes_running", {}, 2),
    ("queue_scheduled", {}, 7),
    ("queue_depth", {"lane": "create"}, 3),
    ("queue_depth", {"lane": "delete"}, 0),
    ("queue_oldest_age_seconds", {"lane": "create"}, 4.5),
    ("budget_used_calls", QUOTA, 41),
    ("budget_left_calls", {**QUOTA, "lane": "finish"}, 1559),
    ("budget_left_calls", {**QUOTA, "lane": "create"}, 1479),
    ("budget_closed_until_timestamp_seconds", QUOTA, 0),
    ("sweep_age_seconds", VIEW, 12),
    ("sweep_pages", VIEW, 1),
    ("sweep_period_seconds", VIEW, 29.1),
    ("resources", {"condition": "Ready", "status": "True", "reason": "Ready"}, 1),
    ("resources", {"condition": "Available", "status": "True", "reason": "Active"}, 1),
    ("resources", {"condition": "Stalled", "status": "False", "reason": "Progressing"}, 1),
    ("operation_open_seconds", {"action": "Create"}, 0),
    ("orphans", VIEW, 0),
    ("duplicates", VIEW, 0),
]


@pytest.mark.parametrize(("name", "labels", "value"), STATES, ids=[f"{row[0]}{[*row[1].values()]}" for row in STATES])
def test_what_is_is_read_at_the_scrape(scraped: Scraped, name: str, labels: dict[str, str], value: float) -> None:
    assert scraped.value(name, **labels) == pytest.approx(value)


def test_a_lost_lease_and_a_closed_tap_are_seen_at_the_next_scrape(scraped: Scraped) -> None:
    scraped.parts.lease_left, scraped.parts.budget.closed = -1.0, NOW + 600
    assert scraped.value("leader") == 0
    assert scraped.value("budget_closed_until_timestamp_seconds", **QUOTA) == NOW + 600


def test_the_oldest_open_operation_of_each_action_is_told(scraped: Scraped) -> None:
    scraped.parts.resources = [SETTLED, in_doubt(300.0), in_doubt(40.0)]
    assert scraped.value("operation_open_seconds", action="Create") == pytest.approx(300.0)
    assert [scraped.value("operation_open_seconds", action=each) for each in OperationAction if each != "Create"] == [
        0.0
    ] * 6
    scraped.parts.now = NOW - 900
    assert scraped.value("operation_open_seconds", action="Create") == 0, "a clock that was set back is no negative age"


def test_a_resource_that_is_gone_is_gone_from_the_next_answer(scraped: Scraped) -> None:
    labels = {"condition": "Ready", "status": "True", "reason": "Ready"}
    assert scraped.value("resources", **labels) == 1
    scraped.parts.resources.clear()
    assert scraped.value("resources", **labels) is None


def test_each_resource_counts_once_under_ready(scraped: Scraped) -> None:
    scraped.parts.resources = [
        SETTLED,
        resource(),
        conditioned(resource(), Ready=("False", "Creating"), Reconciling=("True", "Creating")),
        conditioned(resource(), Available=("False", "NotShown")),
    ]
    text = exposed_values(scraped, "resources")
    assert sum(value for labels, value in text.items() if dict(labels)["condition"] == "Ready") == 4
    assert scraped.value("resources", condition="Ready", status="Unknown", reason="New") == 2


def exposed_values(scraped: Scraped, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    families = [family for family in scraped.metrics.registry.collect() if family.name == P + name]
    return {tuple(sample.labels.items()): sample.value for family in families for sample in family.samples}


def test_labels_are_closed_sets_whatever_a_status_says(scraped: Scraped) -> None:
    """Whoever may write a status must not make series without end; nor may the service's words."""
    scraped.parts.resources = [
        conditioned(living(), Ready=("Perhaps", f"Made-up-{n}"), Stalled=("True", f"X{n}"), Extra=("True", "Ready"))
        for n in range(50)
    ]
    assert exposed_values(scraped, "resources") == {
        (("condition", "Ready"), ("status", "Unknown"), ("reason", "Other")): 50,
        (("condition", "Stalled"), ("status", "True"), ("reason", "Other")): 50,
    }
    assert exposed_values(scraped, "blocked") == {(("reason", "Other"),): 50}


def test_blocked_is_what_is_stalled(scraped: Scraped) -> None:
    stalled = conditioned(living(), Ready=("False", "CreateFailed"), Stalled=("True", "CreateFailed"))
    scraped.parts.resources = [SETTLED, stalled, stalled]
    assert exposed_values(scraped, "blocked") == {(("reason", "CreateFailed"),): 2}


def test_orphans_and_duplicates_are_seen_in_the_newest_complete_look(scraped: Scraped) -> None:
    shown = look(
        5,
        cluster(ID, named(STEM)),
        cluster(SECOND, named(STEM, 2)),
        cluster("ehpc-lost", named(ORPHAN_STEM), created_at=ago(WINDOW + 10)),
        cluster("ehpc-new", named(ORPHAN_STEM), created_at=ago(60)),
    )
    scraped.parts.views = {ACCOUNT: View(look=shown)}
    assert scraped.value("orphans", **VIEW) == 1
    assert scraped.value("duplicates", **VIEW) == 1
    scraped.parts.resources.append(resource(ref=OTHER))
    assert scraped.value("orphans", **VIEW) == 0


def test_before_the_first_complete_look_nothing_is_said(scraped: Scraped) -> None:
    scraped.parts.views = {ACCOUNT: View(look=None, pages=0)}
    for name in ("orphans", "duplicates"):
        assert scraped.value(name, **VIEW) is None, name
    assert scraped.value("sweep_period_seconds", **VIEW) == pytest.approx(29.1)


def test_a_list_that_is_never_seen_whole_grows_old_too(scraped: Scraped) -> None:
    """An alert on its age would be silent just where nothing can be read at all."""
    scraped.parts.views = {ACCOUNT: View(look=None)}
    assert scraped.value("sweep_age_seconds", **VIEW) == 0
    scraped.parts.now += 500
    assert scraped.value("sweep_age_seconds", **VIEW) == 500
    scraped.parts.views = {ACCOUNT: View(look=look(-490))}
    assert scraped.value("sweep_age_seconds", **VIEW) == 10
    scraped.parts.views = {ACCOUNT: View(look=None)}
    assert scraped.value("sweep_age_seconds", **VIEW) == 0, "what was waited for before is over"


SPEAKS = [
    (True, 5000.0, True, "it is swept: the newest complete look is what is known, however old"),
    (False, 299.0, True, "it is not swept, but somebody looked a moment ago"),
    (False, 301.0, False, "nobody looks there any more: what stood there may be gone"),
]


@pytest.mark.parametrize(("swept", "age", "speaks", "reason"), SPEAKS, ids=[row[3] for row in SPEAKS])
def test_an_old_look_at_a_list_that_nobody_watches_says_nothing(
    scraped: Scraped, swept: bool, age: float, speaks: bool, reason: str
) -> None:
    scraped.parts.views, scraped.parts.swept = {ACCOUNT: View(look=look(age))}, swept
    assert (scraped.value("orphans", **VIEW) is not None) == speaks, reason
    assert (scraped.value("duplicates", **VIEW) is not None) == speaks, reason
    assert (scraped.value("sweep_age_seconds", **VIEW) is not None) == swept, "only what is swept has such an age"


@dataclass
class Noticed:
    """A noticer that knows one beginning, and what it was told."""

    complete_begun: float | None = NOW - 31
    told: list[tuple[object, ...]] = field(default_factory=list)

    def seen(self, account: Account) -> "Noticed":
        assert account == ACCOUNT
        return self

    def shown(self, *what: object) -> None:
        self.told.append(what)
        self.complete_begun = NOW


@pytest.mark.parametrize(("swept", "begun", "reached"), [(True, NOW - 31, 1), (True, None, 0), (False, NOW - 31, 0)])
def test_each_look_at_a_list_is_counted_and_handed_on(
    scraped: Scraped, swept: bool, begun: float | None, reached: int
) -> None:
    """The beginning of the look before is asked for before the new one is told."""
    noticer = Noticed(begun)
    counted = CountedLooks(scraped.metrics, noticer)
    counted.watched = lambda: (ACCOUNT,) if swept else ()
    shown = look(2)
    counted.shown(ACCOUNT, shown, NOW, 3)
    assert noticer.told == [(ACCOUNT, shown, NOW, 3)]
    assert scraped.value("staleness_seconds_count") == reached
    assert scraped.value("staleness_seconds_sum") == 31 * reached
    assert scraped.value("sweep_duration_seconds_sum", complete="true") == 2


def test_a_look_at_the_log_is_handed_on_and_not_counted(scraped: Scraped) -> None:
    noticer = Noticed()
    counted = CountedLooks(scraped.metrics, noticer)
    counted.shown(ACCOUNT, log(2), NOW, 1)
    assert len(noticer.told) == 1
    assert scraped.value("sweep_duration_seconds_count", complete="true") is None


def test_before_main_has_said_who_is_swept_nobody_is(scraped: Scraped) -> None:
    CountedLooks(scraped.metrics, Noticed()).shown(ACCOUNT, look(2), NOW, 3)
    assert scraped.value("staleness_seconds_count") == 0


def test_a_password_in_the_endpoint_is_not_told(scraped: Scraped) -> None:
    account = Account("https://me:hush@hpc.test/api/x@y", "jn1a", "usr-1")
    scraped.parts.views = {account: View()}
    scraped.parts.budget.account = (account.endpoint, account.owner)
    assert "hush" not in scraped.text()
    assert scraped.value("sweep_pages", endpoint="https://hpc.test/api/x@y", zone="jn1a", owner="usr-1") == 1


FIRST = [
    (None, ago(100.0), 200.0, "the pass that wrote the first Ready"),
    (ago(100.0), ago(100.0), None, "it was Ready before"),
    (None, None, None, "it is not Ready yet"),
]


@pytest.mark.parametrize(("before", "after", "took", "reason"), FIRST, ids=[row[3] for row in FIRST])
def test_time_to_ready_is_told_once(before: float | None, after: float | None, took: float | None, reason: str) -> None:
    then, now = (replace(living(first_active_at=at), created_at=ago(300.0)) for at in (before, after))
    assert took_to_be_ready(then, now) == (None if took is None else pytest.approx(took)), reason
