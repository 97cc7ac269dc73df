"""What is remembered of resources that went without being let go."""

from dataclasses import replace

import pytest

from hpc_operator.decide.facts import Earlier
from hpc_operator.domain.record import Resource
from hpc_operator.reconcile.lives import Lives
from unit.decide.decide_scenes import (
    ACCOUNT,
    EARLIER,
    ID,
    NOW,
    OTHER,
    REF,
    STEM,
    ago,
    create_intent,
    in_doubt,
    living,
    record,
    resource,
    tried,
)

KEY = "key-of-the-account"
NEXT = replace(REF, uid="uid-of-the-next-life")


def _lives(*went: Resource, most: int = 10) -> Lives:
    made = Lives(lambda: NOW, most)
    for each in went:
        made.went(each)
    return made


@pytest.mark.parametrize(
    ("went", "left", "because"),
    [
        (living(50), Earlier(REF, STEM, ID, ACCOUNT, ago(50)), "its cluster may not be listed yet"),
        (
            in_doubt(intent=create_intent(20)),
            Earlier(REF, STEM, None, ACCOUNT, ago(20), None, KEY),
            "its create may still take effect",
        ),
        (
            resource(record=record(), finalizer=True),
            Earlier(REF, STEM, None, ACCOUNT, NOW, resource().created_at, KEY),
            "a record without a memory may hide a create that was begun until now",
        ),
        (
            resource(record=record(id=ID)),
            Earlier(REF, STEM, ID, ACCOUNT, NOW),
            "only the annotation knew the id",
        ),
    ],
)
def test_who_may_have_left_something_is_remembered(went: Resource, left: Earlier, because: str) -> None:
    assert _lives(went).before(NEXT) == (left,), because


@pytest.mark.parametrize("went", [resource(), tried()], ids=["never touched", "its only create came to nothing"])
def test_who_left_nothing_is_not_remembered(went: Resource) -> None:
    assert _lives(went).before(NEXT) == ()


def test_only_other_lives_of_the_same_name_count() -> None:
    lives = _lives(living(50))
    assert lives.before(REF) == (), "not its own"
    assert lives.before(OTHER) == ()
    assert len(lives.before(EARLIER)) == 1


def test_who_was_let_go_in_good_order_is_forgotten() -> None:
    lives = _lives(living(50), replace(living(90), ref=EARLIER))
    lives.released(REF)
    assert [life.ref for life in lives.before(NEXT)] == [EARLIER]
    lives.released(EARLIER)
    assert lives.before(NEXT) == ()


def test_no_more_names_are_kept_than_wanted() -> None:
    went = [replace(living(50), ref=replace(REF, name=f"n{number}", uid=f"u{number}")) for number in range(5)]
    lives = _lives(*went, most=3)
    kept = [number for number in range(5) if lives.before(replace(NEXT, name=f"n{number}"))]
    assert kept == [2, 3, 4], "the newest"
