"""Calling: reads are asked again, changes never; every call is measured; nothing secret is told."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from cloud_scripts import ACCOUNT, CREDENTIALS, KEY, PASSWORD, SECRET, bench, reply, request

from hpc_operator.cloud.calls import CallSettings
from hpc_operator.cloud.envelope import Spent
from hpc_operator.cloud.signing import Encoding
from hpc_operator.cloud.transport import TransportNoAnswer, TransportNotSent
from hpc_operator.cloud.unread import Unread, told
from hpc_operator.domain.answers import Accepted, NoAnswer, NotSent, Refused
from hpc_operator.reconcile.ports import Person

MADE = {"ret_code": 0, "hpc_cluster_id": "ehpc-1", "job_id": "j-1"}
EMPTY = {"ret_code": 0, "cluster_set": [], "total_count": 0}
FAILURES: list[tuple[object, object]] = [
    (TransportNoAnswer("reset"), NoAnswer("reset")),
    (TransportNotSent("refused"), NotSent("refused")),
    ({"ret_code": 5100}, NoAnswer("ret_code 5100", 5100)),
    ({"ret_code": 1300, "message": "expired"}, Refused(1300, "expired")),
    ({"ret_code": 2500, "message": "quota"}, Refused(2500, "quota")),
    (b"<html>", NoAnswer("HTTP 200, not JSON")),
]


@pytest.mark.parametrize(("said", "expected"), FAILURES)
async def test_a_create_is_one_request_whatever_comes_back(said: object, expected: object) -> None:
    made = bench(lambda _: said)
    assert await made.calls.create(CREDENTIALS, request(), made.clock.at) == expected
    assert (len(made.transport.calls), made.slept) == (1, [])


@pytest.mark.parametrize(("said", "expected"), FAILURES)
async def test_a_delete_and_a_rename_are_one_request_too(said: object, expected: object) -> None:
    made = bench(lambda _: said)
    assert await made.calls.delete(CREDENTIALS, ACCOUNT, "ehpc-1", made.clock.at) == expected
    assert await made.calls.describe(CREDENTIALS, ACCOUNT, "ehpc-1", "name", "text") == expected
    assert len(made.transport.calls) == 2


async def test_a_create_signs_the_timestamp_that_it_was_given() -> None:
    made = bench(lambda _: MADE)
    answer = await made.calls.create(CREDENTIALS, request(), 1_629_391_480.0)
    (call,) = made.transport.calls
    assert answer == Accepted("j-1", "ehpc-1")
    assert (call.method, call.path) == ("POST", "/api/cluster/createCluster")
    assert call.query["timestamp"] == "2021-08-19T16:44:40Z"
    assert call.query["zone"] == "jn1a"
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body or "")["cluster_conf"]["env"]["admin.password"] == PASSWORD


async def test_a_create_that_cannot_be_written_down_was_not_sent() -> None:
    made = bench(lambda _: MADE)
    assert isinstance(await made.calls.create(CREDENTIALS, request(conf=None), 0.0), NotSent)
    assert made.transport.calls == []


async def test_delete_and_rename_say_what_the_pages_say() -> None:
    made = bench(lambda _: {"ret_code": 0})
    await made.calls.delete(CREDENTIALS, ACCOUNT, "ehpc-1", made.clock.at)
    await made.calls.describe(CREDENTIALS, ACCOUNT, "ehpc-1", "n", "d")
    delete, modify = (json.loads(call.body or "") for call in made.transport.calls)
    assert delete == {"cluster_ids": ["ehpc-1"], "run_user": "usr-abc123", "zone": "jn1a"}
    assert modify == {"cluster_id": "ehpc-1", "zone": "jn1a", "cluster_name": "n", "description": "d"}


@pytest.mark.parametrize(
    ("said", "times", "reason"),
    [
        (TransportNoAnswer("reset"), 3, "no answer may be a hiccup"),
        (TransportNotSent("refused"), 3, "so may a refused connection"),
        (b"<html>", 3, "a gateway's page is no answer"),
        ({"ret_code": 1300}, 3, "too old on arrival: signed anew"),
        ({"ret_code": 5100}, 3, "busy"),
        ({"ret_code": 5300}, 3, "being updated"),
        ({"ret_code": 1200}, 1, "a wrong key stays wrong"),
        ({"ret_code": 1400}, 1, "denied stays denied"),
        ({"ret_code": 2500}, 1, "the quota must not be asked in a tight loop"),
        ({"ret_code": 7777}, 1, "unknown: the next look tells"),
    ],
)
async def test_which_reads_are_asked_again(said: object, times: int, reason: str) -> None:
    made = bench(lambda _: said)
    found = await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert isinstance(found, Unread)
    assert (len(made.transport.calls), len(made.slept)) == (times, times - 1), reason


async def test_a_read_asked_again_is_signed_anew() -> None:
    made = bench(
        lambda _: {"ret_code": 1300} if len(made.transport.calls) == 1 else EMPTY, CallSettings(read_backoff=4.0)
    )
    page = await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    first, second = made.transport.calls
    assert not isinstance(page, Unread)
    assert first.query["timestamp"] != second.query["timestamp"]
    assert first.query["signature"] != second.query["signature"]


async def test_reads_say_limit_offset_and_order_out_loud() -> None:
    made = bench(lambda _: EMPTY)
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 99)
    await made.calls.operation_page(CREDENTIALS, ACCOUNT, 0)
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0, cluster_id="ehpc-1")
    await made.calls.operation_page(CREDENTIALS, ACCOUNT, 0, resource_id="ehpc-1")
    listed, log, by_id, log_by_id = (call.query for call in made.transport.calls)
    assert listed.items() >= {"limit": "100", "offset": "99", "sort_key": "create_time", "reverse": "0"}.items()
    assert log.items() >= {"limit": "100", "offset": "0", "reverse": "1", "owner": "usr-abc123", "zone": "jn1a"}.items()
    assert by_id["cluster_id"] == "ehpc-1"
    assert log_by_id["resource_ids"] == "ehpc-1"
    assert [call.path for call in made.transport.calls[:2]] == ["/api/cluster/list", "/api/operation"]


async def test_the_owner_in_the_path_is_signed_and_sent_alike() -> None:
    made = bench(lambda _: {"ret_code": 0, "uid_number": 5, "gid_number": 6})
    assert await made.calls.person(CREDENTIALS, ACCOUNT) == Person(5, 6)
    assert made.transport.calls[0].path == "/api/permission/usr-abc123"


@pytest.mark.parametrize("said", [{"ret_code": 1400}, {"ret_code": 0}, b"<html>"])
async def test_ids_that_cannot_be_read_are_a_sentence(said: object) -> None:
    made = bench(lambda _: said)
    assert "The ids of usr-abc123 cannot be read" in str(await made.calls.person(CREDENTIALS, ACCOUNT))


@pytest.mark.parametrize(("code", "final"), [(1101, True), (1400, True), (2100, True), (1200, False), (5200, False)])
async def test_an_owner_that_is_not_known_is_told_from_what_may_pass(code: int, final: bool) -> None:
    found = await bench(lambda _: {"ret_code": code}).calls.person(CREDENTIALS, ACCOUNT)
    assert isinstance(found, Refused) is final
    assert "The ids of usr-abc123 cannot be read" in str(found)


async def test_every_attempt_of_a_read_is_counted_and_none_goes_without_a_permit() -> None:
    made = bench(lambda _: TransportNoAnswer("x"), limit=4)
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert made.budget.used(ACCOUNT) == 3
    found = await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert isinstance(found, Unread)
    assert found.problem.startswith("quota: ")
    assert len(made.transport.calls) == 4


async def test_a_refused_quota_closes_the_tap_for_this_account_alone() -> None:
    made = bench(lambda _: {"ret_code": 2500, "message": "配额"}, CallSettings(quota_pause=100.0))
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert len(made.transport.calls) == 1
    assert await made.budget.permit(ACCOUNT, "finish") == pytest.approx(100.0)
    made.clock.at += 101
    assert await made.budget.permit(ACCOUNT, "look") == 0


async def test_calls_are_measured_and_dates_watched() -> None:
    made = bench(lambda _: EMPTY)
    made.transport.date = made.clock.at + 120
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert made.told == [("list", "0", 0.0)]
    assert made.watched.offset() == pytest.approx(120.0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"ret_code": 1200}, "1200"),
        (TransportNotSent("x"), "NotSent"),
        (TransportNoAnswer("x"), "NoAnswer"),
        (reply(b"<html>", status=502), "http-502"),
    ],
)
async def test_what_metrics_are_told(said: object, code: str) -> None:
    made = bench(lambda _: said, CallSettings(read_attempts=1))
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert [what[1] for what in made.told] == [code]


@pytest.mark.parametrize("said", [EMPTY, TransportNoAnswer("x"), asyncio.CancelledError()], ids=repr)
async def test_a_call_is_in_flight_exactly_while_it_waits(said: object) -> None:
    """Also one that is cut off: it would be counted for ever."""
    open_now: list[str] = []
    seen: list[list[str]] = []

    @contextmanager
    def calling(call: str) -> Iterator[None]:
        open_now.append(call)
        try:
            yield
        finally:
            open_now.remove(call)

    def answer(_: object) -> object:
        seen.append(list(open_now))
        if isinstance(said, asyncio.CancelledError):
            raise said
        return said

    made = bench(answer, CallSettings(read_attempts=1))
    made.calls._caller._calling = calling
    with suppress(asyncio.CancelledError):
        await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    assert (seen, open_now) == ([["list"]], [])


async def test_the_encoding_is_a_setting() -> None:
    urls = []
    for encoding in (Encoding.ONCE, Encoding.TWICE):
        made = bench(lambda _: EMPTY, CallSettings(encoding=encoding))
        await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
        urls.append(made.transport.calls[0].url)
    once, twice = (url.split("&signature=")[1] for url in urls)
    assert once.endswith("%3D")
    assert twice == once.replace("%", "%25")


async def test_logs_name_the_call_and_never_its_url_or_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = iter([TransportNoAnswer("reset"), MADE, TransportNotSent("dns"), EMPTY, {"ret_code": 1200}])
    made = bench(lambda _: next(answers), CallSettings(read_attempts=1))
    for _ in range(2):
        await made.calls.create(CREDENTIALS, request(), made.clock.at)
    for _ in range(3):
        await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0)
    shown = " ".join(str(vars(record)) for record in caplog.records)
    assert "createCluster" in shown
    assert not any(secret in shown for secret in (KEY, SECRET, PASSWORD, "signature=", "https://"))


def test_no_value_here_shows_the_secret() -> None:
    assert not any(secret in repr(CREDENTIALS) for secret in (KEY, SECRET))
    assert PASSWORD not in repr(request())


def test_waiting_for_the_budget_is_one_sentence_however_long_it_lasts() -> None:
    """It stands in status: seconds in it would be a write to every resource at every pass, for up to an hour."""
    assert told(Spent(3600.0)) == told(Spent(1.0))


async def test_a_refusal_is_told_in_the_words_that_were_heard_first() -> None:
    words = iter(["authentication failed", "认证失败", "AuthFailure, request 4711"])
    made = bench(lambda _: {"ret_code": 1200, "message": next(words)})
    found = [await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0) for _ in range(3)]
    assert found == [Unread("ret_code 1200: authentication failed")] * 3


async def test_what_was_paid_for_is_not_called_either_once_the_tap_is_closed() -> None:
    """Pages of a sweep are paid for together; one of them meets the end of the service's quota."""
    made = bench(lambda _: {"ret_code": 2500})
    assert await made.budget.permit(ACCOUNT, "sweep", 4) == 0
    for offset in (0, 100, 200, 300):
        page = await made.calls.cluster_page(CREDENTIALS, ACCOUNT, offset, lane="sweep", paid=True)
        assert isinstance(page, Unread)
    assert len(made.transport.calls) == 1


@pytest.mark.parametrize("lane", ["create", "finish", "look"])
async def test_a_read_in_any_lane_promises_no_calls_after_it(lane: str) -> None:
    """Only a create brings others after it: reads for creates, repeated in an outage, must not stop the creates."""
    made = bench(lambda _: {"ret_code": 0, "cluster_set": [], "total_count": 0}, limit=100)
    before = made.budget.left(ACCOUNT, "create")
    await made.calls.cluster_page(CREDENTIALS, ACCOUNT, 0, lane=lane)
    assert made.budget.left(ACCOUNT, "create") == before - 1
