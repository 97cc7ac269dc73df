"""Every link of every Markdown file leads somewhere, and so does every page that a program or a comment names. No network."""

import re
from pathlib import Path

import pytest

from prose import DOCS, ROOT, anchors, dead, links, written

NAMED = re.compile(r"\bdocs/[\w./-]+\.md(?:#[\w-]+)?")
PROGRAMS = [
    path
    for folder in (".ci", "benchmarks", "crds", "deploy", "examples", "operator", "tests")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {"", ".py", ".yaml", ".yml", ".toml", ".txt", ".tpl", ".lua", ".json"} and path.is_file()
]


@pytest.mark.parametrize("page", written(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    assert [link for link in links(page) if dead(page, link)] == []


def test_the_files_that_a_reader_meets_first_are_among_them() -> None:
    first = ["README.md", "README.zh-CN.md", "CHANGELOG.md", "docs/index.md", "deploy/charts/hpc-operator/README.md"]
    assert {ROOT / name for name in first} <= set(written())


def test_programs_and_comments_name_pages_that_are_there() -> None:
    named = {(path, page) for path in [ROOT / "Makefile", *PROGRAMS] for page in NAMED.findall(text(path))}
    assert len(named) > 20
    assert sorted(f"{path.relative_to(ROOT)}: {page}" for path, page in named if dead(ROOT / "page.md", page)) == []


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '# Here `it` is\n# Twice\n# Twice\n```\n# not this\n[nor](this)\n```\n[a](b%20c.md) <img src="d.svg">\n\n[e]: f.md\n[e]\n'
    )
    assert links(page) == ["b c.md", "d.svg", "f.md"]
    assert anchors(page) == ["here-it-is", "twice", "twice-1"]
    assert not any(dead(page, target) for target in ("#here-it-is", "page.md#twice-1", "https://example.org/x"))
    assert all(
        dead(page, target) for target in ("#not-this", "gone.md", "page.md#gone", "#twice-2", "http://example.org")
    )


def text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_every_page_is_under_docs() -> None:
    """A link that leaves docs/ must name a file: the site has no page for a folder."""
    outside = [(page, link) for page in DOCS.rglob("*.md") for link in links(page) if link.startswith("../")]
    assert outside
    assert [link for page, link in outside if (page.parent / link.partition("#")[0]).is_dir()] == []
