"""The site is built without a warning, asks no other host for anything, and shows what a forge shows."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from outside_docs import place
from prose import DOCS, ROOT, anchors, count, links, written

KINDS = ("h1", "h2", "h3", "h4", "li", "tr", "pre", "strong")
PAGES = sorted(DOCS.rglob("*.md"))
ELSEWHERE = re.compile(
    r"(?:<(?:script|img|iframe|link)\b[^>]*(?:src|href)=|url\(|@import )[\"']?(?:https?:)?//[^\"'>)]+"
)


class Article(HTMLParser):
    """What stands between <article> and its end: ids of headings, elements by kind, links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.kinds: list[str] = []
        self.links: list[str] = []
        self.feed(text[text.index("<article") : text.index("</article")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.kinds.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.ids.append(str(given.get("id")))
        if tag in {"a", "img"} and given.get("class") != "headerlink":
            self.links.append(str(given.get("href", given.get("src"))))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` does: a warning ends it. Some seconds, once."""
    made = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(made), strict=True))
    return made


@cache
def article(site: Path, page: Path) -> Article:
    return Article((site / place(page)).with_suffix(".html").read_text())


def test_each_page_has_the_headings_lists_tables_and_code_that_a_forge_shows(site: Path) -> None:
    """A list without an empty line before it is text to one of the two; so is a table with a bar too many."""
    rows = [
        (page.name, kind, article(site, page).kinds.count(kind), count(page, kind)) for page in PAGES for kind in KINDS
    ]
    assert [row for row in rows if row[2] != row[3]] == []


def test_each_page_has_the_anchors_that_a_forge_makes(site: Path) -> None:
    """Chinese ones too, which a site drops when it is not told otherwise."""
    pages = [*PAGES, ROOT / "README.zh-CN.md"]
    assert {page.name: article(site, page).ids for page in pages} == {page.name: anchors(page) for page in pages}


def test_a_link_out_of_docs_leads_to_a_file_of_the_site(site: Path) -> None:
    inside = [page for page in written() if page != ROOT / "README.md"]
    pages = [page for page in inside if (site / place(page)).with_suffix(".html").exists()]
    assert {ROOT / "README.zh-CN.md", ROOT / "CHANGELOG.md", *PAGES} <= set(pages)
    for page in pages:
        here = (site / place(page)).with_suffix(".html")
        kept = [link for link in article(site, page).links if "://" not in link]
        assert [link for link in kept if not (here.parent / link.partition("#")[0]).exists()] == []
        assert len(kept) == sum("://" not in link for link in links(page))


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    files = [path for kind in ("html", "css") for path in site.rglob(f"*.{kind}")]
    assert len(files) > len(PAGES)
    assert {found for path in files for found in ELSEWHERE.findall(path.read_text())} == set()


def test_search_has_every_page_and_needs_no_server(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text()
    assert [page.name for page in PAGES if f'"location":"{place(page).removesuffix("md")}html"' not in index] == []
    assert "assets/iframe-worker.js" in (site / "index.html").read_text()


def test_what_another_host_would_give_is_seen() -> None:
    bad = ('<script src="https://a/b.js">', '<link rel="x" href=//a/b.css>', "@import 'http://a/b'", "url(https://a/b)")
    assert all(ELSEWHERE.search(text) for text in bad)
    assert not ELSEWHERE.search('<a href="https://a/b"> <img src="assets/x.svg"> url(../x) <link href="c.css">')
