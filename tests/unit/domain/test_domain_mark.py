"""The mark: frozen vectors, its form in every text it stands in, and reading it back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, fleet_of, marked, marks_in, stem, unmarked

FORM = re.compile(r"a[a-z2-7]{14}")
FREE = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_. 中é", max_size=80)
ATTEMPT = st.integers(1, 999_999)


@pytest.mark.parametrize(
    ("fleet", "ref", "expected"),
    [
        ("prod", Ref("default", "demo", "0f4a1c9e-0000-4000-8000-000000000001"), "ajmkmyknnngr7ag"),
        ("test", Ref("default", "demo", "0f4a1c9e-0000-4000-8000-000000000001"), "ayxtulefbygr7ag"),
        ("prod", Ref("default", "demo", "x"), "ajmkmyknnn5dx2q"),
        ("prod", Ref("a", "b", "c"), "ajmkms5tdld2aib"),
    ],
    ids=["the reference", "another fleet", "another uid", "another object"],
)
def test_the_derivation_is_frozen(fleet: str, ref: Ref, expected: str) -> None:
    """Clusters bear these for years: a change here loses every one of them."""
    assert stem(fleet, ref) == expected
    assert FORM.fullmatch(expected)
    assert expected.startswith(fleet_of(fleet))


def test_what_each_part_tells() -> None:
    mine, earlier, other = (
        Mark(stem("prod", ref), 1) for ref in (Ref("n", "x", "1"), Ref("n", "x", "2"), Ref("n", "y", "1"))
    )
    assert mine.object == earlier.object != other.object
    assert mine.fleet == other.fleet == fleet_of("prod")
    assert mine.stem != earlier.stem


@given(free=FREE, attempt=ATTEMPT)
def test_every_name_carries_its_mark_and_stays_below_forty(free: str, attempt: int) -> None:
    mark = Mark(stem("prod", Ref("default", "demo", "u")), attempt)
    name = marked(free, mark)
    assert len(name) < 40
    assert mark in list(marks_in(name))
    assert name.endswith(str(mark))


@given(before=FREE, after=FREE, attempt=ATTEMPT)
def test_a_mark_is_found_wherever_it_stands(before: str, after: str, attempt: int) -> None:
    mark = Mark(stem("prod", Ref("default", "demo", "u")), attempt)
    assert mark in list(marks_in(f"{before} {mark} {after}"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "demo",
        "ajmkmyknnngr7ag",
        "ajmkmyknnngr7ag-",
        "xajmkmyknnngr7ag-1",
        "ajmkmyknnngr7ag-1x",
        "ajmkmyknnngr7a1-1",
        "bjmkmyknnngr7ag-1",
        "AJMKMYKNNNGR7AG-1",
        "ajmkmyknnngr7ag-1234567",
    ],
    ids=[
        "nothing",
        "a plain name",
        "no attempt",
        "an empty attempt",
        "inside a word",
        "running on",
        "no base32",
        "another version",
        "upper case",
        "no counter",
    ],
)
def test_what_is_no_mark(text: str) -> None:
    assert list(marks_in(text)) == []


def test_two_marks_in_two_texts() -> None:
    assert list(marks_in("a-ajmkmyknnngr7ag-1", "is ayxtulefbygr7ag-22 too")) == [
        Mark("ajmkmyknnngr7ag", 1),
        Mark("ayxtulefbygr7ag", 22),
    ]


@given(FREE.map(str.strip).filter(lambda text: not text.endswith("-")), ATTEMPT)
def test_the_free_part_is_had_back_whole(free: str, attempt: int) -> None:
    mark = Mark(stem("prod", Ref("n", "x", "1")), attempt)
    assert unmarked(marked(free, mark, 255)) == free
    assert unmarked(f"{mark} {free}") == free
