"""The site's nav and the map of docs/index.md name every page, once each, by the same titles in the same order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.utils.yaml import yaml_load

from outside_docs import place
from prose import DOCS, ROOT, tokens

NAV = yaml_load((ROOT / "mkdocs.yml").read_text())["nav"]
INDEX = DOCS / "index.md"


def leaves(nav: list[Any]) -> Iterator[str]:
    """Every page below a list of the nav."""
    for entry in nav:
        for below in entry.values():
            yield from leaves(below) if isinstance(below, list) else [below]


def titles() -> list[tuple[str, str, str]]:
    """Section, title and page of each; pages of a group within a section (runbooks) are told by their own page."""
    return [
        (section, title, page)
        for part in NAV
        for section, pages in part.items()
        for entry in pages
        for title, page in entry.items()
        if isinstance(page, str) and page != INDEX.name
    ]


def mapped() -> list[tuple[str, str, str]]:
    """The same of docs/index.md: the link that each list item of a section begins with."""
    found, section = [], ""
    for before, token in zip([None, *tokens(INDEX)], tokens(INDEX), strict=False):
        if before is not None and before.type == "heading_open":
            section = token.content
        if token.type == "inline" and token.children and token.children[0].type == "link_open" and token.level > 2:
            target = (DOCS / str(token.children[0].attrs["href"])).resolve()
            found.append((section, token.children[1].content, place(target)))
    return [row for row in found if row[0] in {part for entry in NAV for part in entry}]


def test_the_nav_names_every_page_once() -> None:
    pages = [page for page in leaves(NAV) if not page.startswith("repository/")]
    assert sorted(pages) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_the_map_of_the_home_page_is_the_nav() -> None:
    assert mapped() == titles()


def test_a_file_outside_docs_has_its_place() -> None:
    assert place(ROOT / "README.md") == "index.md"
    assert place(ROOT / "CHANGELOG.md") == "repository/CHANGELOG.md"
    assert place(Path(DOCS / "install.md")) == "install.md"
