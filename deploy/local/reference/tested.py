"""Whether tests exist, by their ids as pytest writes them: `file::function`, `file::Class::method`. Nothing is run."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from reference.places import ROOT


def missing(ids: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those that no file below `root` defines; sorted."""
    return sorted({each for each in ids if each not in _defined(root / each.partition("::")[0], root)})


@cache
def _defined(path: Path, root: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    file = path.relative_to(root).as_posix()
    return frozenset(f"{file}::{name}" for name in _names(ast.parse(path.read_text()).body))


def _names(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from (f"{node.name}::{inner}" for inner in _names(node.body))
