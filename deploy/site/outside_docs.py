"""Files outside docs/ that its pages link to, as part of the site (a hook of mkdocs).

A page links to `../examples/x.yaml` as it must on a forge. Each such file is put into the site under `repository/` (a
Markdown file as a page), and the links are turned there. README.md is the site's home. Only mkdocs and tests call this.
"""

import re
from os.path import relpath
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OUTSIDE = "repository"
HOME = "index.md"
LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?(?=\))")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds what pages link to outside docs/, and what those link to in turn."""
    pending = [Path(str(file.abs_src_path)) for file in files.documentation_pages()]
    seen = set(pending)
    while pending:
        for target in linked(pending.pop()) - seen:
            seen.add(target)
            if not target.is_relative_to(DOCS) and target.is_file() and place(target) != HOME:
                file = File.generated(config, place(target), abs_src_path=str(target))
                file.inclusion = InclusionLevel.NOT_IN_NAV
                files.append(file)
                pending += [target] if target.suffix == ".md" else []
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turns each link of a page to where its target is in the site."""
    source = Path(str(page.file.abs_src_path))
    here = Path(page.file.src_uri).parent

    def turned(link: re.Match[str]) -> str:
        return relpath(place((source.parent / link["path"]).resolve()), here) + (link["anchor"] or "")

    return LINK.sub(turned, markdown)


def linked(page: Path) -> set[Path]:
    """The files that a page links to, wherever they are."""
    return {(page.parent / link["path"]).resolve() for link in LINK.finditer(page.read_text())}


def place(target: Path) -> str:
    """Where a file of the repository is in the site's sources."""
    if target == ROOT / "README.md":
        return HOME
    if target.is_relative_to(DOCS):
        return target.relative_to(DOCS).as_posix()
    return f"{OUTSIDE}/{target.relative_to(ROOT).as_posix()}"
