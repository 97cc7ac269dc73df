"""What was answered before is not read again: which pages and lines are the very same, and what each call still costs."""

from dataclasses import replace
from typing import Any

import pytest
from cloud_scripts import ACCOUNT, CREDENTIALS, UNHURRIED, Bench, bench, reply
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud import wire
from hpc_operator.cloud.envelope import Answered
from hpc_operator.cloud.text import clean
from hpc_operator.cloud.unchanged import AnsweredPage, Question, Unchanged
from hpc_operator.cloud.unread import Unread
from hpc_operator.cloud.wire import Page, cluster_page
from hpc_operator.domain.observed import Cluster, ListLook
from hpc_operator.domain.record import Account

LINE = {"cluster_id": "ehpc-1", "cluster_name": "one", "cluster_status": "active", "cluster_type": "ehpc"}
OTHER = LINE | {"cluster_id": "ehpc-2", "description": "aabcdefghijklmn-1"}
QUESTION: Question = (ACCOUNT, "key", "list", (("offset", 0),))


def listed(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"ret_code": 0, "total_count": len(lines), "cluster_set": [dict(line) for line in lines]}


async def page(made: Bench, offset: int = 0, account: Account = ACCOUNT, key: str = "key") -> Page[Cluster]:
    found = await made.calls.cluster_page(replace(CREDENTIALS, fingerprint=key), account, offset)
    assert isinstance(found, Page)
    return found


async def test_an_equal_answer_is_the_same_page_and_a_call_like_any_other() -> None:
    made = bench(lambda _: listed(LINE, OTHER))
    first = await page(made)
    assert await page(made) is first
    assert [line.id for line in first.items] == ["ehpc-1", "ehpc-2"]
    assert len(made.transport.calls) == made.budget.used(ACCOUNT) == 2, "asked and counted"
    assert [what[:2] for what in made.told] == [("list", "0")] * 2, "and measured"


async def test_an_answer_that_differs_is_read_and_shares_the_lines_that_do_not() -> None:
    said = [listed(LINE, OTHER), listed(LINE | {"cluster_status": "stopped"}, OTHER), listed(LINE, OTHER)]
    made = bench(lambda _: said.pop(0))
    before, moved, back = await page(made), await page(made), await page(made)
    assert [line.status for line in moved.items] == ["stopped", "active"]
    assert moved.items[1] is before.items[1]
    assert back == before, "the page before the last is forgotten"
    assert back is not before


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"offset": 1}, "another part of the list"),
        ({"key": "another"}, "another key may see another account"),
        ({"account": replace(ACCOUNT, zone="jn1b")}, "another view"),
        ({"account": replace(ACCOUNT, endpoint="https://other.example.test/api")}, "another service"),
    ],
)
async def test_each_question_has_its_own_answer(other: dict[str, Any], reason: str) -> None:
    made = bench(lambda _: listed(LINE))
    first, second = await page(made), await page(made, **other)
    assert second == first
    assert second is not first, reason


async def test_what_failed_is_never_told_as_what_was_seen_before() -> None:
    said: list[object] = [listed(LINE), {"ret_code": 1200}, reply(b"", status=200), listed(LINE)]
    made = bench(lambda _: said.pop(0))
    first = await page(made)
    assert await made.calls.cluster_page(replace(CREDENTIALS, fingerprint="key"), ACCOUNT, 0) == Unread("ret_code 1200")
    assert await page(made) is first, "asked again after the answer that was none"
    assert [what[1] for what in made.told] == ["0", "1200", "http-200", "0"]


def test_the_status_of_the_answer_counts_too() -> None:
    unchanged = Unchanged()
    read = unchanged.reading(QUESTION, cluster_page)
    body = listed(LINE)
    assert isinstance(read(reply(body)), AnsweredPage)
    assert not isinstance(read(reply(body, status=502)), Answered), "the same bytes from a gateway are no answer"


def test_a_page_with_something_unreadable_says_so_each_time() -> None:
    unchanged = Unchanged()
    read = unchanged.reading(QUESTION, cluster_page)
    found = [read(reply(listed(LINE, {"cluster_id": "?"}))) for _ in range(2)]
    assert found[0] is found[1]
    assert isinstance(found[0], AnsweredPage)
    assert found[0].page.problem == "1 unreadable item(s) in cluster_set"


def test_only_the_last_questions_are_remembered_and_no_body() -> None:
    unchanged = Unchanged(most=2)
    pages = []
    for offset in (0, 1, 0, 2, 0, 1):
        read = unchanged.reading((*QUESTION[:3], (("offset", offset),)), cluster_page)
        pages.append(read(reply(listed(LINE))))
    assert len(unchanged) == 2
    assert pages[0] is pages[2] is pages[4], "asked again and again: remembered"
    assert pages[5] is not pages[1], "1 was asked longest ago when 2 came"
    assert isinstance(pages[0], AnsweredPage)
    assert pages[0].fields == {}


def test_looks_that_show_the_same_share_their_indexes() -> None:
    lines = cluster_page(Answered(0, "", listed(LINE, OTHER))).items
    first, second = ListLook(1.0, True, "k", lines), ListLook(2.0, True, "k", (*lines,))
    assert second.by_mark is first.by_mark
    assert second.by_id is first.by_id
    other = ListLook(3.0, True, "k", lines[:1])
    assert (set(other.by_id), set(other.by_mark)) == ({"ehpc-1"}, set())


@UNHURRIED
@given(st.text(max_size=60), st.integers(1, 50))
def test_the_short_way_to_a_clean_text_is_the_long_one(text: str, limit: int) -> None:
    assert clean(text, limit) == clean(f"\0{text}", limit), "a NUL leaves no trace but the long way"


def test_a_text_that_is_clean_already_is_the_very_same() -> None:
    name = "".join(["demo", "-", "aabcdefghijklmn-1"])
    assert clean(name, wire.NAME) is name
