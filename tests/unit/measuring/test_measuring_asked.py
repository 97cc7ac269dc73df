"""Whatever alerts, dashboard and the alerts' tests ask for is what the genuine registry exposes: names, labels, words."""

import re

import pytest
from measuring_parts import SETTLED, Scraped, conditioned, everything

from chart_files import alerts
from hpc_operator.cloud.quota import RESERVES
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import OperationAction
from hpc_operator.measuring.catalogue import METRICS
from hpc_operator.measuring.conditions import CONDITIONS
from hpc_operator.reconcile.ended import Ended
from hpc_operator.reconcile.queue import Lane
from hpc_operator.status.advice import ADVICE
from measuring_docs import exposed, rows
from monitoring_files import TARGET, Series, aggregated, expressions, family, given, series

EXPRESSIONS = expressions()
WORDS = {
    "reason": {*Reason, "Active", "Suspended"},
    "condition": {*CONDITIONS},
    "status": {"True", "False", "Unknown"},
    "outcome": {*Ended},
    "lane": {*RESERVES, *(lane.name.lower() for lane in Lane)},
    "action": {*OperationAction},
}
"""Labels with a closed set of words. A word that is not in it would be asked for in vain."""


def exposes() -> dict[str, set[str]]:
    """The labels of every metric of a registry in which everything happened once; the client library's own have none."""
    scraped = Scraped()
    everything(scraped.metrics)
    scraped.parts.resources = [conditioned(SETTLED, Stalled=("True", "CreateFailed"))]
    ours = {name: {label for labels in sets for label in labels} for name, (_, sets) in exposed(scraped.text()).items()}
    own = re.findall(r"^# TYPE (process_\w+) ", scraped.text(), re.MULTILINE)
    return ours | {name: set() for name in own}


EXPOSED = exposes()


def unknown(each: Series) -> list[str]:
    """What of a series the registry does not have: its name, a label, a word of a closed set."""
    name = family(each.name, EXPOSED)
    if name not in EXPOSED:
        return [each.name]
    wrong = [label for label in each.labels if label not in {*EXPOSED[name], *TARGET}]
    for label, _, value in each.matchers:
        wrong += [word for word in value.split("|") if label in WORDS and word not in WORDS[label]]
    return wrong


@pytest.mark.parametrize(("where", "expr"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_what_is_asked_for_is_exposed(where: str, expr: str) -> None:
    asked = series(expr)
    assert asked, "it asks for something of ours"
    assert {each: wrong for each in asked if (wrong := unknown(each))} == {}
    labels = {label for each in asked for label in EXPOSED[family(each.name, EXPOSED)]}
    assert aggregated(expr) - {"le"} <= {*labels, *TARGET}


def test_what_the_unit_tests_of_the_alerts_are_given_is_exposed_with_just_its_labels() -> None:
    wrong = {
        (where, each.name): sorted(each.labels ^ {*EXPOSED[family(each.name, EXPOSED)], *TARGET})
        for where, each in given()
        if unknown(each) or each.labels != {*EXPOSED[family(each.name, EXPOSED)], *TARGET}
    }
    assert wrong == {}
    assert len(given()) > 50


def test_a_name_a_label_and_a_word_that_do_not_exist_are_seen() -> None:
    (name,) = series('hpc_operator_leaders{namespace="a"}')
    (label,) = series('hpc_operator_leader{zone="a"}')
    (word,) = series('hpc_operator_resources{reason=~"Ready|Redy"}')
    assert [unknown(each) for each in (name, label, word)] == [["hpc_operator_leaders"], ["zone"], ["Redy"]]


def test_every_metric_that_is_asked_for_has_its_row_in_the_docs() -> None:
    asked = {family(each.name, EXPOSED) for _, expr in EXPRESSIONS for each in series(expr)}
    assert {name for name in asked if name.startswith("hpc_operator_")} <= {row.name for row in rows()}


def test_every_metric_stands_on_the_dashboard_or_in_an_alert() -> None:
    asked = {family(each.name, EXPOSED) for _, expr in EXPRESSIONS for each in series(expr)}
    assert {metric.name for metric in METRICS} - asked == set()


NO_ALERT = {Reason.PAUSED: "a person's own doing", Reason.ORPHANED: "an event; its cluster counts as an orphan"}


def told_of() -> dict[str, set[str]]:
    """The reasons of the condition Ready of which each alert tells."""
    found: dict[str, set[str]] = {}
    for rule in alerts.rules():
        for each in series(rule["expr"]):
            if ("condition", "=", "Ready") in each.matchers:
                (reasons,) = (value for label, _, value in each.matchers if label == "reason")
                found.setdefault(rule["alert"], set()).update(reasons.split("|"))
    return found


def test_every_reason_that_waits_for_a_person_is_told_of_by_one_alert() -> None:
    told = [reason for reasons in told_of().values() for reason in reasons]
    assert sorted(told) == sorted({reason for reason, said in ADVICE.items() if said.person} - set(NO_ALERT))


def test_a_change_that_was_refused_is_told_of_once_it_is_stalled() -> None:
    (waits,) = (rule["expr"] for rule in alerts.rules() if rule["alert"] == "HpcOperatorClusterWaitsForPerson")
    (stalled,) = (each for each in series(waits) if each.name == "hpc_operator_blocked")
    assert stalled.matchers == (("reason", "=~", f"{Reason.CHANGE_FAILED}|{Reason.CHANGE_REFUSED}"),)
