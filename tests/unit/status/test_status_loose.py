"""Fields of any shape."""

from typing import Any

import pytest

from hpc_operator.status import loose


@pytest.mark.parametrize("value", [True, "1", 1.0, None, [1], {}])
def test_only_a_whole_number_is_one(value: object) -> None:
    assert loose.number({"x": value}, "x") is None
    assert loose.number({"x": 7}, "x") == 7


@pytest.mark.parametrize("value", ["yesterday", "2026-01-01T00:00:00", "9999-99-99T00:00:00Z", 7, None])
def test_what_is_no_time_is_none(value: object) -> None:
    assert loose.time({"x": value}, "x") is None
    assert loose.time({"x": "1970-01-01T00:01:00Z"}, "x") == 60


@pytest.mark.parametrize(
    ("value", "said"), [(None, "-"), ({}, "-"), ("", "-"), (0, "0"), (True, "True"), ("a\x1bb", "ab")]
)
def test_a_scalar_in_words(value: Any, said: str) -> None:
    assert loose.said(value) == said


def test_lists_are_cut_and_cleaned() -> None:
    assert loose.texts({"x": ["a\nb", 1, None]}, "x") == ("a b",)
    assert len(loose.texts({"x": ["a"] * 200}, "x")) == 100
    assert loose.objects({"x": [{}, 1, {"a": 1}]}, "x") == [{}, {"a": 1}]
    assert loose.objects({"x": "no"}, "x") == []
