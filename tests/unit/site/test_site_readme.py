"""README fits a screen or two, and its Chinese sister says the same: headings, code, links and picture."""

import re

from prose import DOCS, ROOT, code, count, headings, links

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
OWN = {
    "README.md": "*",
    "README.zh-CN.md": "*",
    "docs/assets/lifecycle.svg": "*",
    "docs/assets/lifecycle.zh-CN.svg": "*",
}


def commands(blocks: list[str]) -> list[str]:
    """Code without its comments, which are translated."""
    return [re.sub(r" +#.*", "", block) for block in blocks]


def drawing(name: str) -> str:
    """A picture without its words."""
    return re.sub(r"(<(text|title|desc)\b[^>]*>)[^<]*", r"\1", (DOCS / "assets" / name).read_text())


def test_it_is_short() -> None:
    assert len(ENGLISH.read_text().splitlines()) <= 110


def test_the_two_commands_of_a_developer_are_told() -> None:
    assert {"make demo", "make test"} <= {
        line.strip() for block in commands(code(ENGLISH)) for line in block.splitlines()
    }


def test_both_have_the_same_headings() -> None:
    assert [level for level, _ in headings(CHINESE)] == [level for level, _ in headings(ENGLISH)]


def test_both_have_the_same_code() -> None:
    assert commands(code(CHINESE)) == commands(code(ENGLISH))


def test_both_have_the_same_links() -> None:
    told = {page: [OWN.get(link, link) for link in links(page)] for page in (ENGLISH, CHINESE)}
    assert told[CHINESE] == told[ENGLISH]
    assert {"README.zh-CN.md", "docs/assets/lifecycle.svg"} < set(links(ENGLISH))


def test_both_have_as_many_points() -> None:
    assert [count(CHINESE, kind) for kind in ("li", "strong")] == [count(ENGLISH, kind) for kind in ("li", "strong")]


def test_both_pictures_are_one_drawing() -> None:
    assert drawing("lifecycle.zh-CN.svg") == drawing("lifecycle.svg")
    assert "生命周期" not in drawing("lifecycle.zh-CN.svg")
