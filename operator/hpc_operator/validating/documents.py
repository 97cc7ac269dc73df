"""Files of YAML or JSON to documents, as kubectl reads them; and what cannot be read, by line.

`reporting` uses it. Never comes in: what a document means. kubectl reads YAML with another library than ours, so the
plain words that become truth values, numbers and nulls are set here to be the same (sigs.k8s.io/yaml: no dates, no
base-60 numbers, a whole float is an integer). A key that stands twice is refused: one of the two would be lost.
"""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from hpc_operator.kube.instants import clean

_TAG = "tag:yaml.org,2002:"
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("bool", r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]*|0x[0-9A-Fa-f_]+|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
     "-+0123456789."),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("merge", r"<<", "<"),
)  # fmt: skip
_TRUE = frozenset({"y", "yes", "true", "on"})


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, or one item of a list in it. `number` as people count: `2`, or `2 item 3`."""

    number: str
    value: Any


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be read from here on, and why."""

    number: str
    said: str


def documents(text: str) -> Iterator[Document | Broken]:
    """All documents of a text, items of lists each by itself; empty ones are left out."""
    number = 0
    try:
        loader = _Loader(text)
        while loader.check_node():
            number += 1
            node = loader.get_node()
            _refuse_loops(node, set(), set())
            yield from _items(str(number), loader.construct_document(node))
    except yaml.MarkedYAMLError as error:
        yield Broken(str(max(number, 1)), _where(error))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield Broken(str(max(number, 1)), clean(" ".join(str(error).split()), 300))


def _refuse_loops(node: yaml.Node | None, within: set[int], done: set[int]) -> None:
    """An object inside itself can be written with an anchor, but is no JSON."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in done:
        return
    if id(node) in within:
        raise yaml.constructor.ConstructorError(None, None, "an anchor contains itself", node.start_mark)
    for inner in node.value:
        for each in inner if isinstance(inner, tuple) else (inner,):
            _refuse_loops(each, within | {id(node)}, done)
    done.add(id(node))


def _items(number: str, value: Any) -> Iterator[Document]:  # noqa: ANN401 - any document
    items = value.get("items") if isinstance(value, dict) else None
    if isinstance(items, list) and str(value.get("kind", "")).endswith("List"):
        yield from (Document(f"{number} item {index}", item) for index, item in enumerate(items, 1))
    elif value is not None:
        yield Document(number, value)


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return place + " ".join(filter(None, (error.context, error.problem)))


class _Loader(yaml.SafeLoader):
    """kubectl's reading of plain words; keys are texts, and none stands twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as in the base class

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401 - as in the library
        """Before merge keys are resolved, so that a merged key that is overridden stands once."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key.start_mark)
            if key.value in seen:
                said = f"the key {clean(key.value, 64)} stands twice"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
            seen.add(key.value)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Keys as JSON has them."""
        return {_key(key): value for key, value in super().construct_mapping(node, deep=deep).items()}

    def text(self, node: yaml.ScalarNode) -> str:
        """What looks like a date stays a text."""
        return str(self.construct_scalar(node))

    def whole(self, node: yaml.ScalarNode) -> int:
        """With the prefixes of Go; a leading 0 means octal."""
        text = self.construct_scalar(node).replace("_", "").lower()
        digits = text.lstrip("-+")
        if digits.startswith("0") and digits.strip("0") and not digits.startswith(("0x", "0b", "0o")):
            digits = f"0o{digits[1:]}"
        return -int(digits, 0) if text.startswith("-") else int(digits, 0)

    def real(self, node: yaml.ScalarNode) -> float | int:
        """A whole one becomes an integer, as it does on its way through JSON."""
        text = self.construct_scalar(node).lower()
        found = float(text.replace(".inf", "inf").replace(".nan", "nan"))
        return int(found) if found.is_integer() and abs(found) < 2**53 else found

    def truth(self, node: yaml.ScalarNode) -> bool:
        """Any of YAML 1.1's words."""
        return self.construct_scalar(node).lower() in _TRUE


def _key(key: Hashable) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


for _name, _pattern, _first in _WORDS:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), [c.strip("\0") for c in _first])
_Loader.add_constructor(f"{_TAG}int", _Loader.whole)
_Loader.add_constructor(f"{_TAG}float", _Loader.real)
_Loader.add_constructor(f"{_TAG}bool", _Loader.truth)
_Loader.add_constructor(f"{_TAG}timestamp", _Loader.text)
