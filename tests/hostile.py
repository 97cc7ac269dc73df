"""Hostile answers: what a broken gateway, a changed service or an attacker may send instead of a documented answer.

Every suite uses it. `bent` turns an honest answer into a near-miss by a `Recipe` of plain numbers, so that a run can
draw its recipes before it knows the answers. `understood` reads a page as the API reference prints it, written here
anew and stricter than the client: what it cannot read in full must never count as complete. The client's own parsers
must never come in.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

SETS = {"list": "cluster_set", "operation": "job_set", "listNodes": "hpc_app_nodes_set"}
"""The documented list of each page."""
BELIEVABLE = re.compile(r"e?hpc-[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


class Raw(str):
    """JSON text that Python would not write: NaN, numbers beyond reason, nesting without end."""

    __slots__ = ()


VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.0, 0.5, 10**30, Raw("-0"), Raw("1e999"), Raw("NaN"), Raw("Infinity"), Raw("9" * 5000),
    "", " ", "0", " 0", "0 ", "00", "-0", "+0", "0.0", "0x0", "٠", "true", "null", "active ", "\tactive", "act\u200bive",
    "\x1b[31mactive\x1b[0m", "\u202eactive", "ａctive", "active\x00", ["active"], {"status": "active"},
    "ehpc-1\n", "ehpc-1/../2", "ehpc-1%2F2", "ehpc-1?x=1", "ehpc-1#", "ehpc-\u202e1", "ehpc\u2010abc", "ehpc-\x00", "xehpc-1", "cl-1",
    "EHPC-1", "ehpc-", "ehpc-" + "a" * 70, "j-" + "b" * 70, "ehpc-1 ehpc-2/", "\ud800", "\udfff\ud800", "\x00", "\x7f\x9b31m",
    "2021-08-17", "2021-13-40T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "fe80::1%\x1b[31m\n", "x" * 100_000, "長" * 5000,
    [], {}, [[]], [None], [{}], [0], {"": 0}, Raw("[" * 600 + "]" * 600), Raw("[" * 20_000), Raw('{"a":' * 600 + "1" + "}" * 600),
)  # fmt: skip
"""What a field may hold instead of what it should. None of it is a believable lie: a status, an id, a mark."""

Pairs = list[Any]  # an object as a list of [name, value], so that a name can stand twice


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to bend an answer: for each change, which place, what is done there, and with which value; then how it is sent."""

    changes: tuple[tuple[int, int, int], ...]
    sent: int = 0
    status: int = 200


def recipes(most: int = 3) -> st.SearchStrategy[Recipe]:
    """Any recipe; most leave the sending and the status alone, so that the bent fields are met."""
    number = st.integers(0, 10_000)
    statuses = st.sampled_from(
        [200] * 12 + [*range(100, 600, 17), 302, 307, 400, 403, 404, 429, 500, 502, 503, 504, 999]
    )
    return st.builds(
        Recipe,
        st.lists(st.tuples(number, number, number), min_size=1, max_size=most).map(tuple),
        st.one_of(st.just(0), st.just(0), st.just(0), number),
        statuses,
    )


class _Object(Pairs):
    """An object, told apart from an array."""


def bent(body: bytes, recipe: Recipe) -> bytes:
    """The answer, bent."""
    document = _open(json.loads(body))
    for where, how, what in recipe.changes:
        places = list(_places(document))
        if places:
            container, index = places[where % len(places)]
            _CHANGES[how % len(_CHANGES)](container, index, VALUES[what % len(VALUES)])
    text = _written(document, ascii_only=recipe.sent % 2 == 0)
    return _SENDINGS[recipe.sent % len(_SENDINGS)](text.encode("utf-8", "surrogatepass"))


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return _Object([name, _open(inner)] for name, inner in value.items())
    return [_open(inner) for inner in value] if isinstance(value, list) else value


def _places(value: Any) -> Iterator[tuple[Any, int]]:
    """Every field and every item, as its container and where it stands there; the outermost first."""
    for index in range(len(value) if isinstance(value, list) else 0):
        yield value, index
    for item in value if isinstance(value, list) else []:
        yield from _places(item[1] if isinstance(value, _Object) else item)


def _put(container: Any, index: int, value: Any) -> None:
    if isinstance(container, _Object):
        container[index] = [container[index][0], _open(value)]
    else:
        container[index] = _open(value)


def _drop(container: Any, index: int, _value: Any) -> None:
    del container[index]


def _rename(container: Any, index: int, value: Any) -> None:
    if isinstance(container, _Object):
        container[index] = [
            container[index][0] + ("_" if not isinstance(value, str) else value[:9]),
            container[index][1],
        ]
    else:
        _put(container, index, value)


def _double(container: Any, index: int, value: Any) -> None:
    """The name stands twice, first or last with another value; an item stands twice."""
    item = container[index]
    again = [item[0], _open(value)] if isinstance(container, _Object) else item
    container.insert(index + (len(str(value)) % 2), again)


def _wrap(container: Any, index: int, _value: Any) -> None:
    item = container[index]
    container[index] = [item[0], [item[1]]] if isinstance(container, _Object) else [item]


def _as_text(container: Any, index: int, _value: Any) -> None:
    inner = container[index][1] if isinstance(container, _Object) else container[index]
    _put(container, index, _written(inner, ascii_only=True))


_CHANGES: tuple[Callable[[Any, int, Any], None], ...] = (_put, _put, _put, _drop, _rename, _double, _wrap, _as_text)


def _written(value: Any, *, ascii_only: bool) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, _Object):
        inner = (f"{_written(str(k), ascii_only=ascii_only)}: {_written(v, ascii_only=ascii_only)}" for k, v in value)
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item, ascii_only=ascii_only) for item in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


_SENDINGS: tuple[Callable[[bytes], bytes], ...] = (
    lambda text: text,
    lambda text: text,  # letters as they are, lone surrogates too
    lambda text: text[: len(text) * 2 // 3],
    lambda text: text[:-1],
    lambda _: b"",
    lambda text: text + b"\n{}",
    lambda text: text + text,
    lambda text: b"\xef\xbb\xbf" + text,
    lambda text: text.decode("utf-8", "replace").encode("utf-16"),
    lambda text: b")]}'\n" + text,
    lambda text: b"callback(" + text + b")",
    gzip.compress,
    zlib.compress,
    lambda text: b"<html>" + text + b"</html>",
    lambda text: b"\x00" + text,
    lambda text: text.replace(b"0", b"\xff", 1),
    lambda text: b"[" + text + b"]",
)


def _strict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _refuse(text: str) -> None:
    raise ValueError(text)


def document(status: int, body: bytes) -> dict[str, Any] | None:
    """The answer's object, where it is one that says success exactly; None where it is not."""
    try:
        found = json.loads(body, object_pairs_hook=_strict, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    exact = (
        isinstance(found, dict) and type(found.get("ret_code")) in (int, float, str) and found["ret_code"] in (0, "0")
    )
    return found if exact and 200 <= status < 300 else None


def understood(call: str, status: int, body: bytes) -> bool:
    """Whether a page, one that begins at 0, can be read in full: whoever asked knows now all that it lists."""
    found = document(status, body)
    if found is None:
        return False
    items, total = found.get(SETS[call]), found.get("total_count")
    if isinstance(total, float) and total.is_integer() and abs(total) < 2**53:
        total = int(total)  # a whole number, however its writer put it
    if not isinstance(items, list) or not re.fullmatch(r"\s*[0-9]{1,18}\s*", f"{total}") or isinstance(total, bool):
        return False
    return len(items) == int(total) and all(isinstance(item, dict) and _READ[call](item) for item in items)


def _cluster(item: dict[str, Any]) -> bool:
    inner = item["app_cluster"] if isinstance(item.get("app_cluster"), dict) else {}
    ids = [fields["cluster_id"] for fields in (item, inner) if _id(fields.get("cluster_id"))]
    shown = {**item, **inner}
    texts = [shown.get(name) for name in ("cluster_name", "description")]
    return len({*ids}) == 1 and all(isinstance(text, str) or not text for text in texts)


def _id(value: Any, kind: str = "e?hpc") -> bool:
    return (
        isinstance(value, str) and len(value) <= 64 and bool(re.fullmatch(rf"{kind}-[A-Za-z0-9][A-Za-z0-9_-]*", value))
    )


def _entry(item: dict[str, Any]) -> bool:
    named = item.get("resource_ids")
    if not _id(item.get("job_id"), "j") or (named and not isinstance(named, str | list | dict)):
        return False
    text = named if isinstance(named, str) else json.dumps(named, ensure_ascii=False)
    left = re.sub(r"(?<![^\s,;|\"'\[\]{}()])e?hpc-[A-Za-z0-9][A-Za-z0-9_-]{0,58}(?![^\s,;|\"'\[\]{}()])", "", text)
    return not re.search(r"hpc-|hpc[^\x00-\x7f]", left, re.IGNORECASE)


def _node(item: dict[str, Any]) -> bool:
    words = (item.get("role"), item.get("status"))
    return _id(item.get("node_id"), "[a-z]{1,16}") and all(
        isinstance(word, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", word) for word in words
    )


_READ: dict[str, Callable[[dict[str, Any]], bool]] = {"list": _cluster, "operation": _entry, "listNodes": _node}
