"""Every reason has its line, and the lines say what docs/reasons.md says: nothing where it goes on by itself."""

import re
from pathlib import Path

import pytest

from hpc_operator.domain.reasons import MENDED_BY_A_PERSON, Reason
from hpc_operator.status.advice import ADVICE, NOTHING, UNKNOWN, advice

ROOT = Path(__file__).parents[3]
SECTIONS = dict(
    re.findall(r"^## (\S+)\n((?:(?!^## ).*\n?)*)", (ROOT / "docs" / "reasons.md").read_text(), re.MULTILINE)
)

MIXED = (Reason.CREATE_FAILED, Reason.CEILING_REACHED, Reason.CHANGE_REFUSED)
"""May heal by itself, and is told to a person all the same."""


def test_every_reason_has_advice_or_an_explicit_nothing() -> None:
    assert set(ADVICE) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_line_is_one_short_sentence_that_can_be_filled_in(reason: Reason) -> None:
    text = ADVICE[reason].text.format(annotate="kubectl annotate", resource="hpc demo", cluster="ehpc-1")
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 300
    assert not re.search(r"{\w*}", text), "nothing is left to be filled in"


def test_what_is_told_as_a_warning_is_a_persons() -> None:
    assert [reason for reason in MENDED_BY_A_PERSON if not ADVICE[reason].person] == []


def test_what_needs_a_person_says_what_to_do() -> None:
    assert [each for each, said in ADVICE.items() if said.person and said.text.startswith("Nothing")] == []


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.value in SECTIONS])
def test_what_goes_on_by_itself_by_the_docs_needs_no_person(reason: Reason) -> None:
    """And the other way round: where the line is *nothing*, the docs do not ask for anything either."""
    by_itself = "y itself" in SECTIONS[reason.value]
    assert not (by_itself and ADVICE[reason].person and reason not in MIXED)
    assert by_itself or ADVICE[reason] is not NOTHING


@pytest.mark.parametrize(
    "orders", re.findall(r"hpc\.qingcloud\.com/([a-z-]+)", " ".join(s.text for s in ADVICE.values()))
)
def test_orders_that_are_advised_exist(orders: str) -> None:
    assert orders in (
        "adopt",
        "take-over",
        "create-beside",
        "recreate",
        "paused",
        "paused-",
        "reconcile-at",
        "approve-deletions",
    )


def test_a_reason_of_a_newer_operator_is_no_mistake() -> None:
    assert advice("SomethingNew") is UNKNOWN
    assert advice("") is UNKNOWN
    assert advice("Creating") is NOTHING
