"""The objects of the schema as sections: a heading, its full paths, one row for each field. Pure.

Objects that are alike (nodes of each role, an account) have one section together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hpc_operator.kube.transitions import CHANGEABLE, FIXED, FROZEN, REFUSED
from reference.markdown import code, table
from reference.parameters import parameters
from reference.shapes import Schema, below, bounds, kind

SPEC = ("field", "whose", "type", "may hold", "required", "left out", "later", "what it is")
STATUS = ("field", "whose", "type", "may hold", "always there", "what it is")
_LEFT_OUT = re.compile(r"(?:^|[;.] *)[Ll]eft out: (?P<said>.+?)\.?$")
_WORD = re.compile(r"(\w+) \(when left out\)")
_ABSENT = {each.place: each.absent for each in parameters()}
_KEPT_ROLES = {".".join(path) for path in FROZEN}


@dataclass(frozen=True, slots=True)
class Section:
    """One object: where it stands in the resource, and its schema."""

    paths: tuple[str, ...]
    schema: Schema

    @property
    def title(self) -> str:
        """Short in the spec, where last names are unique; the whole path in the status."""
        if self.paths[0].startswith("status"):
            return ", ".join(self.paths)
        return ", ".join(path.rpartition(".")[2] for path in self.paths)

    @property
    def anchor(self) -> str:
        """As the forges make it of the title."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")


def sections(path: str, schema: Schema) -> list[Section]:
    """The object at the path and all below it."""
    found: dict[str, Section] = {}
    for here, each in _walk(path, schema):
        alike = repr((each["properties"], each.get("required")))
        before = found[alike].paths if alike in found else ()
        found[alike] = Section((*before, here), each)
    return list(found.values())


def page(root: str, schema: Schema) -> str:
    """All sections of `spec` or `status`."""
    found = sections(root, schema)
    anchors = {path: each.anchor for each in found for path in each.paths}
    return "\n\n".join(_told(each, anchors, spec=root == "spec") for each in found)


def _walk(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, inner in schema["properties"].items():
        if (under := below(inner)) is not None:
            yield from _walk(_below(path, name, inner), under)


def _below(path: str, name: str, inner: Schema) -> str:
    return f"{path}.{name}" + ("[]" if inner["type"] == "array" else "")


def _told(section: Section, anchors: dict[str, str], *, spec: bool) -> str:
    rows = (_row(section, name, inner, anchors, spec=spec) for name, inner in section.schema["properties"].items())
    told = section.title == ", ".join(section.paths)
    where = "" if told else f"At {', '.join(map(code, section.paths))}.\n\n"
    level = "##" if section.title in ("spec", "status") else "###"
    return f"{level} {section.title}\n\n{where}{table(SPEC if spec else STATUS, rows)}"


def _row(section: Section, name: str, inner: Schema, anchors: dict[str, str], *, spec: bool) -> tuple[str, ...]:
    whose, _, said = inner["description"].partition(": ")
    anchor = anchors.get(_below(section.paths[0], name, inner))
    shape = kind(inner).replace("object", f"[object](#{anchor})") if anchor else kind(inner)
    needed = "yes" if name in section.schema.get("required", ()) else ""
    fields = {path.rpartition(".")[2]: f"{path}.{name}".partition(".")[2] for path in section.paths}
    absent = "" if needed else _absent(next(iter(fields.values())), said, inner)
    more = (absent, _later(fields, leaf=anchor is None)) if spec else ()
    return (code(name), whose, shape, bounds(inner), needed, *more, _LEFT_OUT.sub("", said) if spec else said)


def _absent(field: str, said: str, schema: Schema) -> str:
    if found := _LEFT_OUT.search(said):
        return found["said"]
    if found := _WORD.match(said):
        return code(found[1])
    return _ABSENT.get(field, code("false") if schema["type"] == "boolean" else "")


def _later(fields: dict[str, str], *, leaf: bool) -> str:
    """Of each place that the object has; said once where it is the same for all."""
    words = {last: _word(field, leaf=leaf) for last, field in fields.items()}
    alike: dict[str, list[str]] = {}
    for last, word in words.items():
        alike.setdefault(word, []).append(last)
    return next(iter(alike)) if len(alike) == 1 else "; ".join(f"{w} ({', '.join(of)})" for w, of in alike.items())


def _word(field: str, *, leaf: bool) -> str:
    if not leaf:
        return "neither comes nor goes" if field in _KEPT_ROLES else ""
    if field in CHANGEABLE:
        return "yes"
    return "never given" if field in REFUSED else "only its one value" if field in FIXED else "no"
