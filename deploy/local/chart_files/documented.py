"""values.yaml as people read it: every value with the comment above it.

A comment that begins with `# --` belongs to the key that follows, whatever number of lines it has. A key without one is
a group of the keys below it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any

import yaml

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][\w.-]*):")
_COMMENT = re.compile(r"^ *# ?(?P<begin>-- )?(?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Value:
    """One documented value: its path, its default, and what its comment says (without line ends)."""

    path: tuple[str, ...]
    default: object
    text: str

    @property
    def name(self) -> str:
        """The path with dots, as in `--set`."""
        return ".".join(self.path)


def documented(text: str) -> list[Value]:
    """Every documented value of a values.yaml, in its order. ValueError: a leaf has no comment."""
    defaults = yaml.safe_load(text)
    found = [Value(path, _at(defaults, path), said) for path, said in _commented(text)]
    told = {value.path for value in found}
    if silent := [".".join(path) for path in _leaves(defaults) if not any(path[: len(each)] == each for each in told)]:
        raise ValueError(f"values without a comment that begins with '# --': {', '.join(silent)}")
    return found


def _commented(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    path: list[str] = []
    said: list[str] = []
    for line in text.splitlines():
        if comment := _COMMENT.match(line):
            said = [comment["text"]] if comment["begin"] else [*said, comment["text"]] if said else []
        elif key := _KEY.match(line):
            path = [*path[: len(key["indent"]) // 2], key["key"]]
            if said:
                yield tuple(path), " ".join(said)
            said = []


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path


def _at(values: Mapping[str, Any], path: tuple[str, ...]) -> object:
    return reduce(getitem, path, values)
