"""No value of a known secret gets out, in whatever form it is written."""

import base64
import io
import json
import logging
from urllib.parse import quote, quote_plus

import pytest
from cloud_scripts import UNHURRIED
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.scrub import Scrubber, ScrubFilter

VALUE = 'pa"ss/w\\rd+1&é='


def scrubber(*values: str) -> Scrubber:
    made = Scrubber()
    for value in values:
        made.add(value)
    return made


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (VALUE, "as it is"),
        (quote(VALUE, safe=""), "in a query"),
        (quote(quote(VALUE, safe=""), safe=""), "encoded twice"),
        (quote_plus(VALUE), "in a form"),
        (json.dumps(VALUE), "in JSON"),
        (json.dumps(VALUE, ensure_ascii=False), "in JSON that keeps its letters"),
        (repr(VALUE), "in a repr"),
        (base64.b64encode(VALUE.encode()).decode(), "in a Secret"),
        (base64.b64encode(b"user:" + VALUE.encode() + b"\n").decode(), "in a header, amid other bytes"),
        (base64.urlsafe_b64encode(VALUE.encode()).decode(), "in URL-safe base64"),
    ],
)
def test_each_form_of_a_secret_is_hidden(form: str, reason: str) -> None:
    shown = scrubber(VALUE).scrub(f"before {form} after")
    assert "***" in shown, reason
    assert form not in shown, reason
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@UNHURRIED
@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_survives_in_any_text(secret: str, before: str, after: str) -> None:
    if secret in "***" or any(0xD800 <= ord(char) <= 0xDFFF for char in secret):
        return
    assert secret not in scrubber(secret).scrub(before + secret + after).replace("***", "\0")


@pytest.mark.parametrize(
    "text",
    [
        "https://h/api/x?zone=a&signature=W68n%252BXs%252FM%253D",
        "url https://h/?signature=abc&zone=1",
        "{'next': '/x?Signature=abc'}",
        "redirect%3Fsignature%3Dabc",
    ],
)
def test_signatures_are_hidden_even_when_no_secret_is_known(text: str) -> None:
    shown = Scrubber().scrub(text).lower()
    assert "signature=" not in shown
    assert "abc" not in shown
    assert "w68n" not in shown


def test_other_text_is_left_alone_and_short_values_would_eat_it() -> None:
    assert scrubber("abc", "").scrub("abc is a common word") == "abc is a common word"


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    assert scrubber("hunter", "hunter2-long").scrub("x hunter2-long y") == "x *** y"


def logged(say: str, *args: object, **extra: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(ScrubFilter(scrubber(VALUE)))
    handler.setFormatter(logging.Formatter("%(message)s %(cause)s", defaults={"cause": ""}))
    logger = logging.getLogger("test.scrub")
    logger.propagate, logger.handlers = False, [handler]
    try:
        int(VALUE)
    except ValueError:
        logger.exception(say, *args, extra=extra)
    return stream.getvalue()


def test_log_records_are_scrubbed_in_message_arguments_extras_and_exceptions() -> None:
    shown = logged("the password is %s", VALUE, cause={"inner": [VALUE, ValueError(VALUE)], "n": 3})
    assert "the password is ***" in shown
    assert "Traceback" in shown
    assert VALUE not in shown
    assert repr(VALUE)[1:-1] not in shown
    assert "ValueError" in shown
    assert "'n': 3" in shown


def test_a_record_without_secrets_keeps_its_extras_as_they_are() -> None:
    record = logging.makeLogRecord({"msg": "x", "seconds": 1.5, "code": "0", "flag": None})
    assert ScrubFilter(scrubber(VALUE)).filter(record)
    assert (record.seconds, record.code, record.flag) == (1.5, "0", None)  # type: ignore[attr-defined]


def test_a_log_line_whose_arguments_do_not_fit_breaks_nobody() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "%d of %d " + VALUE, ("a",), None)
    assert ScrubFilter(scrubber(VALUE)).filter(record)
    assert record.getMessage() == "%d of %d ***"
