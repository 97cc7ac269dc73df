"""What a person may edit after the intent, leaf by leaf, drawn from the CRD's schema; the walks over it.

`test_schema_walks` and `test_life_machine` draw from it. A new leaf that may change and has no values here raises.
The values are such that the simulated cloud takes them; `BAD` are ones that pass the schema and that it refuses.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from faults.harness.people import EHPC
from hpc_operator.kube.fields import leaves
from hpc_operator.kube.schema import Spec
from hpc_operator.kube.transitions import CHANGEABLE
from hpc_operator.kube.wish import parse_spec

Raw = dict[str, Any]
Path = tuple[str, ...]

MOST, TABOO = 5, "taboo"
CLOUD: Mapping[str, Any] = {"strict_sizes": True, "most_nodes": MOST, "refused_word": TABOO, "longest_name": 64}
"""Settings of the simulated cloud under which the values below are good and bad."""
KEYS = ("key-one", "key-two")
"""Secrets with the account's key. What `BAD` names besides does not exist."""

_WHOLE = {"count": (1, 2, 3, 4), "cpu": (2, 4, 8), "memory": (4096, 12288, 24576)}
_TEXT = {
    "cluster_name": ("weather", "chemie-2"),
    "name": ("weather", "chemie-2"),
    "description": ("first words", "other words", "气象"),
    "disruptionDeadline": ("1m", "700h"),
    "createTimeout": ("50m", "2h"),
}
BAD: Mapping[str, Any] = {
    "count": MOST + 2,
    "cpu": 5,
    "memory": 5000,
    "cluster_name": f"a {TABOO}",
    "description": f"one {TABOO} more",
    "credentialsSecretRef.name": "key-nowhere",
}
"""By the leaf's path, or its last name."""


def changeable() -> list[Path]:
    """Every leaf that may change, in the schema's order."""
    return [path for path in leaves() if ".".join(path) in CHANGEABLE]


def values(path: Path) -> tuple[Any, ...]:
    """The good values of a leaf; None among them where it may be left out. KeyError for a leaf that nobody thought of."""
    field = _field(path)
    kinds = set(get_args(field.annotation)) if get_args(field.annotation) else {field.annotation}
    optional = (None,) if type(None) in kinds and not field.is_required() else ()
    return (*_of_kind(path, field, kinds - {type(None)}), *optional)


def bad(path: Path) -> Any:
    """A value that the schema lets through and the service refuses; None where there is none."""
    return BAD.get(".".join(path), BAD.get(path[-1]))


def _of_kind(path: Path, field: FieldInfo, kinds: set[Any]) -> tuple[Any, ...]:
    if path == ("credentialsSecretRef", "name"):
        return (*KEYS, None)
    if kinds == {bool}:
        return (True, False)
    if kinds == {int}:
        return _WHOLE[path[-1]]
    if kinds == {str}:
        return _TEXT[path[-1]]
    found = [get_args(kind) if get_origin(kind) is Literal else () for kind in (*kinds, field.annotation)]
    chosen = tuple(value for each in found for value in each)
    if not chosen:
        raise KeyError(f"{'.'.join(path)}: a leaf of a kind that no walk knows; give it values")
    return chosen


def _field(path: Path) -> FieldInfo:
    model: Any = Spec
    for name in path[:-1]:
        model = _inner(next(f for n, f in model.model_fields.items() if (f.alias or n) == name))
    return next(f for n, f in model.model_fields.items() if (f.alias or n) == path[-1])


def _inner(field: FieldInfo) -> Any:
    options = get_args(field.annotation) or (field.annotation,)
    return next(each for each in options if hasattr(each, "model_fields"))


def put(spec: Raw, path: Path, value: Any) -> None:
    """Set a leaf; None takes it out, and with it the object that would be empty."""
    if len(path) > 1:
        held = spec.setdefault(path[0], {})
        put(held, path[1:], value)
        if not held:
            del spec[path[0]]
    elif value is None:
        spec.pop(path[0], None)
    else:
        spec[path[0]] = value


def got(spec: Mapping[str, Any], path: Path) -> Any:
    """The value of a leaf; None without."""
    held: Any = spec
    for name in path:
        held = held.get(name) if isinstance(held, Mapping) else None
    return held


def edited(spec: Raw, moves: Mapping[Path, Any]) -> Raw:
    """The spec after an edit. Where the server would refuse two names that differ, the inner one goes."""
    made = copy.deepcopy(spec)
    for path, value in moves.items():
        put(made, path, value)
    if parse_spec(made)[1] is not None:
        put(made, ("cluster_conf", "cluster", "name"), None)
    _, problem = parse_spec(made)
    assert problem is None, problem
    return made


def _drawn(path: Path, *, spoiled: bool) -> st.SearchStrategy[Any]:
    good = st.sampled_from(values(path))
    return st.one_of(good, good, st.just(bad(path))) if spoiled and bad(path) is not None else good


def edits(*, least: int = 1, most: int = 5, spoiled: bool = True) -> st.SearchStrategy[dict[Path, Any]]:
    """One edit: up to so many leaves at once; with `spoiled`, values that the service refuses are among them."""
    return st.lists(st.sampled_from(changeable()), min_size=least, max_size=most, unique=True).flatmap(
        lambda paths: st.fixed_dictionaries({path: _drawn(path, spoiled=spoiled) for path in paths})
    )


@st.composite
def stops(draw: st.DrawFn, most: int = 5) -> list[tuple[Raw, bool]]:
    """A → B … → A: the spec at each stop, and whether jobs run on the cluster there. A has every good leaf."""
    start = edited(copy.deepcopy(EHPC), draw(edits(spoiled=False)))
    start.pop("credentialsSecretRef", None)
    start |= {"managementPolicy": "Full", "power": "Running"}
    found, spec = [(start, False)], start
    for _ in range(draw(st.integers(2, most))):
        moves = draw(edits(least=2, most=6))
        spec = edited(spec, moves)
        found.append((spec, draw(st.booleans())))
        found += _mended(draw, spec, moves)
        spec = found[-1][0]
    return [*found, (start, False)]


def _mended(draw: st.DrawFn, spec: Raw, moves: Mapping[Path, Any]) -> Iterator[tuple[Raw, bool]]:
    """After a bad value a good one, at once or later."""
    spoiled = [path for path, value in moves.items() if bad(path) is not None and value == bad(path)]
    if spoiled and draw(st.booleans()):
        yield edited(spec, {path: draw(st.sampled_from(values(path))) for path in spoiled}), False
