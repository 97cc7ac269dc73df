"""No value of a known secret gets out, in whatever form it is written."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from cloud_scripts import UNHURRIED
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.cloud.scrub import Scrubber

VALUE = 'pa"ss/w\\rd+1&(é)*='


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
        (
            "".join(f"%{byte:02x}" if not chr(byte).isalnum() or byte > 127 else chr(byte) for byte in VALUE.encode()),
            "with lower-case digits",
        ),
        (quote(VALUE, safe="!'()*"), "as browsers encode"),
        (html.escape(VALUE), "in a gateway's page"),
        (json.dumps(VALUE, ensure_ascii=False).replace("&", "\\u0026"), "in JSON as Go writes it"),
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


@pytest.mark.parametrize(
    "text",
    [
        "x hun",
        "x hunter2-l…",
        "x hunter2-l",
        "x hunt… y",
        "(ret_code 1101: x hunter2-…). Then",
        "x hunter2-long hunter2",
    ],
)
def test_the_beginning_of_a_secret_is_hidden_where_a_text_breaks_off(text: str) -> None:
    """Messages are cut before they are scrubbed: half a password at the end is half told."""
    shown = scrubber("hunter2-long").scrub(text)
    assert "hunt" not in shown
    assert shown.startswith(text[:1])
    assert shown.endswith(text[-1]) or "…" not in text


@UNHURRIED
@given(st.text(min_size=8, max_size=30), st.text(max_size=30), st.integers(0, 70), st.booleans())
def test_wherever_a_text_is_cut_no_more_than_three_characters_of_a_secret_are_left(
    secret: str, before: str, length: int, told: bool
) -> None:
    """Cut silently or with an ellipsis; a word of the text that is the secret's own beginning is no leak."""
    if "*" in secret or "…" in secret + before or secret[:4] in before + secret[1:]:
        return
    cut = (before + secret + " after")[:length] + ("…" if told else "")
    shown = scrubber(secret).scrub(cut)
    assert secret[:4] not in shown


def test_a_service_that_makes_one_line_of_a_text_does_not_unmask_it() -> None:
    assert scrubber("two  blanks\tand a tab").scrub("x two blanks and a tab y") == "x *** y"


def test_thousands_of_secrets_cost_what_one_costs() -> None:
    """Counted, not timed: each position of the text is looked up once, however many values are known."""
    made, asked = Scrubber(), []
    for number in range(3000):
        made.add(f"{number:04d}-secret-of-a-cluster")

    class Counting(dict[str, tuple[str, ...]]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            asked.append(key)
            return super().get(key, default)  # type: ignore[arg-type]

    made._heads = Counting(made._heads)
    text = "a line of some length that tells nothing " * 5
    assert made.scrub(text) == text
    assert len(asked) <= len(text)
    assert made.scrub("x 2999-secret-of-a-cluster") == "x ***"


def test_the_newest_secrets_are_kept_and_those_in_use_are_new() -> None:
    made = Scrubber(most=10)
    for number in range(100):
        made.add("always-in-use")
        made.add(f"rotated-{number:03d}")
        assert len(made._known) <= 10
    assert made.scrub("always-in-use rotated-099 rotated-000") == "*** *** rotated-000"
