"""Markdown as a forge shows it: links, headings, anchors and code of a file. Read with markdown-it (CommonMark with tables)."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
READER = MarkdownIt("commonmark").enable("table")
HTML_LINK = re.compile(r"(?:href|src)=\"([^\"]+)\"")


def written() -> list[Path]:
    """Every Markdown file that belongs to the repository."""
    folders = ("benchmarks", "crds", "deploy", "docs", "examples", "operator", "tests")
    return sorted([*ROOT.glob("*.md"), *(path for folder in folders for path in (ROOT / folder).rglob("*.md"))])


@cache
def tokens(page: Path) -> list[Token]:
    """What a page is made of; read once in a run."""
    return READER.parse(page.read_text())


def links(page: Path) -> list[str]:
    """Targets of links and pictures, in order, also of those that are written in HTML."""
    return [unquote(target) for token in _all(tokens(page)) for target in _targets(token)]


def headings(page: Path) -> list[tuple[int, str]]:
    """Level and text."""
    pairs = pairwise(tokens(page))
    return [(int(opened.tag[1]), _text(inline)) for opened, inline in pairs if opened.type == "heading_open"]


def anchors(page: Path) -> list[str]:
    """As forges make them: lower case, spaces to hyphens, all but words and hyphens dropped; -1 on the second of a kind."""
    seen: dict[str, int] = {}
    made = []
    for _, text in headings(page):
        plain = slug(text)
        made.append(f"{plain}-{seen[plain]}" if plain in seen else plain)
        seen[plain] = seen.get(plain, 0) + 1
    return made


def slug(heading: str) -> str:
    """Lower case, spaces to hyphens, all but words and hyphens dropped."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def code(page: Path) -> list[str]:
    return [token.content for token in tokens(page) if token.type == "fence"]


def count(page: Path, kind: str) -> int:
    """How many elements of a kind (`tr`, `li`, `pre` …) a forge shows."""
    fences = {"fence", "code_block"} if kind == "pre" else set()
    return sum(token.type in fences or (token.tag == kind and token.nesting == 1) for token in _all(tokens(page)))


def dead(page: Path, target: str) -> bool:
    """Whether a link leads nowhere. What is on another host is not asked for."""
    if re.match(r"[a-z]+:", target):
        return not re.match(r"(https|mailto):.", target)
    path, _, anchor = target.partition("#")
    where = (page.parent / path).resolve() if path else page
    return not where.exists() or bool(anchor and (where.suffix != ".md" or anchor not in anchors(where)))


def _all(found: list[Token]) -> Iterator[Token]:
    for token in found:
        yield token
        yield from _all(token.children or [])


def _targets(token: Token) -> list[str]:
    if token.type.startswith("html"):
        return HTML_LINK.findall(token.content)
    return [str(token.attrs[name]) for name in ("href", "src") if name in token.attrs]


def _text(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])
