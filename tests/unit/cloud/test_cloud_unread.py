"""Why a read brought nothing: a sentence that stays the same while the reason does."""

from dataclasses import replace

from cloud_scripts import ACCOUNT

from hpc_operator.cloud.envelope import Answered, Spent
from hpc_operator.cloud.unread import Unread, Words
from hpc_operator.domain.answers import NoAnswer, NotSent

OTHER = replace(ACCOUNT, zone="pek3a")


def refused(message: str, code: int = 1200) -> Answered:
    return Answered(code, message, {})


def test_messages_that_vary_are_told_once() -> None:
    words = Words()
    said = [words.told(ACCOUNT, "list", refused(message)) for message in ("signature", "认证失败", "")]
    assert said == [Unread("ret_code 1200: signature")] * 3


def test_another_code_call_or_account_has_words_of_its_own() -> None:
    words = Words()
    words.told(ACCOUNT, "list", refused("one"))
    assert words.told(ACCOUNT, "list", refused("two", 1400)) == Unread("ret_code 1400: two")
    assert words.told(ACCOUNT, "operation", refused("three")) == Unread("ret_code 1200: three")
    assert words.told(OTHER, "list", refused("four")) == Unread("ret_code 1200: four")


def test_when_it_was_answered_meanwhile_the_new_words_count() -> None:
    words, answer = Words(), Answered(0, "", {})
    for call in ("list", "operation"):
        words.told(ACCOUNT, call, refused("one"))
    assert words.told(ACCOUNT, "list", answer) is answer
    assert words.told(ACCOUNT, "list", refused("two")) == Unread("ret_code 1200: two")
    assert words.told(ACCOUNT, "operation", refused("two")) == Unread("ret_code 1200: one"), "this one was not"


def test_no_sentence_tells_a_number_that_moves_by_itself() -> None:
    words = Words()
    assert len({words.told(ACCOUNT, "list", Spent(wait)) for wait in (1.0, 20.0, 300.0)}) == 1
    assert words.told(ACCOUNT, "list", NoAnswer("HTTP 502")) == Unread("no answer: HTTP 502")
    assert words.told(ACCOUNT, "list", NotSent("ConnectError")) == Unread("no answer: ConnectError")


def test_what_is_remembered_is_bounded() -> None:
    words = Words()
    for code in range(1000, 3000):
        words.told(ACCOUNT, "list", refused("x", code))
    assert len(words.first) == 256
