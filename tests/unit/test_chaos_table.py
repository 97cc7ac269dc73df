"""The table of `make chaos`: every number that is another one is a miss, and a miss is told in every form."""

import json

import pytest

from chaos.table import Count, Expected, Row, as_json, cells, markdown, summed_up

WANTED = Count(creates=3, deletes=1, posts=4, ends={"Ready": 2, "OwnedElsewhere": 1})


def test_what_was_expected_is_no_miss() -> None:
    assert Expected(WANTED).missed(WANTED) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Count(4, 1, 4, WANTED.ends), "creates: 4 instead of 3"),
        (Count(3, 0, 4, WANTED.ends), "deletes: 0 instead of 1"),
        (Count(3, 1, 5, WANTED.ends), "POSTs: 5 instead of 4"),
        (Count(3, 1, 3, WANTED.ends), "POSTs: 3 instead of 4"),
        (Count(3, 1, 4, {"Ready": 3}), "ends: {'Ready': 3} instead of {'Ready': 2, 'OwnedElsewhere': 1}"),
        (Count(3, 1, 4, {}), "ends: {} instead of {'Ready': 2, 'OwnedElsewhere': 1}"),
    ],
)
def test_each_other_number_is_a_miss(found: Count, sentence: str) -> None:
    assert Expected(WANTED).missed(found) == [sentence]


@pytest.mark.parametrize(("posts", "missed"), [(3, True), (4, False), (6, False), (7, True)])
def test_requests_that_chance_may_lose_have_a_bound(posts: int, missed: bool) -> None:
    assert bool(Expected(WANTED, lost=2).missed(Count(3, 1, posts, WANTED.ends))) is missed


GOOD = Row("good", "a | b\nc", WANTED, notes=["1.5 s before"], seconds=2.04)
BAD = Row("bad", "two", Count(ends={"": 1}), problems=["creates: 0 instead of 1", "a secret stands in a log"])


def test_a_row_tells_verdict_and_ends_with_the_most_frequent_first() -> None:
    assert cells(GOOD)[1:] == ("3", "1", "4", "Ready × 2, OwnedElsewhere × 1", "as expected")
    assert cells(BAD)[4:] == ("(none) × 1", "MISSED: creates: 0 instead of 1; a secret stands in a log")
    assert Row("gone", "", Count()).ends == "no resource"


def test_markdown_keeps_a_row_on_a_line_and_a_cell_in_its_column() -> None:
    lines = markdown([GOOD, BAD], "the sum").splitlines()
    assert lines[2] == "| a \\| b c | 3 | 1 | 4 | Ready × 2, OwnedElsewhere × 1 | as expected |"
    assert "MISSED" in lines[3]
    assert lines[4:] == ["", "the sum", "", "- good: 1.5 s before"]


def test_the_file_for_programs_says_whether_all_went_as_expected() -> None:
    told = json.loads(json.dumps(as_json([GOOD, BAD], "the sum")))
    assert told["as_expected"] is False
    assert [row["as_expected"] for row in told["scenarios"]] == [True, False]
    assert as_json([GOOD], "")["as_expected"] is True
    assert summed_up([GOOD, BAD], 61.4) == (
        "2 scenarios, 1 as expected; 4 createCluster requests, 3 clusters created, 1 deleted, in 61 s"
    )
