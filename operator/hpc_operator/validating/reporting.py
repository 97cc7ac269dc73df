"""Files to a report, and the report to text or JSON. The command line uses it.

Lives here: reading files and directories, counting, showing. Never comes in: what is wrong with a manifest. The
JSON's shape is documented in docs/doctor.md; fields are added, never renamed.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hpc_operator.kube.instants import clean
from hpc_operator.validating.documents import Broken, Document, documents
from hpc_operator.validating.manifest import Level, Problem, is_ours, problems

VERSION = 1
_ENDINGS = (".yaml", ".yml", ".json")
_STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `file:document (namespace/name)`."""

    file: str
    document: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """For people."""
        who = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.file}:{self.document}" + (f" ({who})" if who else "")


@dataclass(slots=True)
class Report:
    """What was found in all files."""

    manifests: int = 0
    found: list[tuple[Place, Problem]] = field(default_factory=list)
    passed_over: list[tuple[Place, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    @property
    def invalid(self) -> int:
        """How many documents would be refused."""
        return len({(p.file, p.document) for p, each in self.found if each.level is Level.ERROR})

    @property
    def exit_code(self) -> int:
        """0 valid, 1 invalid or not a single document, which kubectl refuses too; 2 something could not be read."""
        return 2 if self.unreadable else int(self.invalid > 0 or self.empty)

    @property
    def empty(self) -> bool:
        """Whether there was no document at all, of whatever kind: a wrong path looks like that."""
        return not (self.manifests or self.found or self.passed_over or self.unreadable)


def validated(files: Sequence[Path], stdin: BinaryIO) -> Report:
    """Read and check everything; a file that cannot be read does not keep the others from being checked."""
    report = Report()
    for given in files:
        for path in _inside(given, report):
            try:
                text = (stdin.read() if path == _STDIN else path.read_bytes()).decode("utf-8-sig")
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
                report.unreadable.append((str(path), why or type(error).__name__))
            else:
                _take(report, str(path), text)
    return report


def _inside(given: Path, report: Report) -> Iterator[Path]:
    if given == _STDIN or not given.is_dir():
        yield given
        return
    try:
        yield from sorted(path for path in given.iterdir() if path.suffix in _ENDINGS and path.is_file())
    except OSError as error:
        report.unreadable.append((str(given), error.strerror or "cannot be listed"))


def _take(report: Report, file: str, text: str) -> None:
    for document in documents(text):
        if isinstance(document, Broken):
            place = Place(file, document.number)
            report.found.append((place, Problem("document", document.said, "correct the YAML")))
        elif is_ours(document.value):
            report.manifests += 1
            place = _place(file, document)
            report.found += ((place, each) for each in problems(document.value))
        else:
            report.passed_over.append((_place(file, document), clean(str(document.value.get("kind")), 64)))


def _place(file: str, document: Document) -> Place:
    meta = document.value.get("metadata") if isinstance(document.value, dict) else None
    told = [clean(str((meta if isinstance(meta, dict) else {}).get(key) or ""), 253) for key in ("namespace", "name")]
    return Place(file, document.number, *told)


def as_text(report: Report) -> str:
    """One line for each problem, and a sum."""
    lines = [
        f"{place}: {'warning: ' if each.level is Level.WARNING else ''}{each.field}: {each.said}: {each.advice}"
        for place, each in report.found
    ]
    lines += [f"{place}: passed over: {kind} is not an HpcCluster" for place, kind in report.passed_over]
    lines += [f"{file}: cannot be read: {why}" for file, why in report.unreadable]
    if not report.manifests:
        nothing = ": not a single document was given; name a file or a directory with manifests"
        lines.append(f"no HpcCluster was found{nothing if report.empty else ''}")
    return "\n".join([*lines, f"{report.manifests} HpcCluster manifest(s), {report.invalid} document(s) invalid"])


def as_json(report: Report) -> str:
    """The whole report."""
    found = [
        {**_where(place), "field": each.field, "level": each.level.value, "said": each.said, "advice": each.advice}
        for place, each in report.found
    ]
    whole = {
        "version": VERSION,
        "valid": report.exit_code == 0,
        "manifests": report.manifests,
        "invalid": report.invalid,
        "problems": found,
        "passed_over": [{**_where(place), "kind": kind} for place, kind in report.passed_over],
        "unreadable": [{"file": file, "said": why} for file, why in report.unreadable],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _where(place: Place) -> dict[str, str]:
    return {"file": place.file, "document": place.document, "namespace": place.namespace, "name": place.name}
