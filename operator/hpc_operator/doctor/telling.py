"""How findings are shown: one line for each check, or one JSON object. Every text goes through the scrubber here.

`examination` and the command line use it. The JSON's shape is documented in docs/doctor.md: fields are added, never
renamed, and `version` is raised when a meaning changes.
"""

import json
from collections.abc import Callable, Sequence

from hpc_operator.doctor.finding import Finding, Level, Line

VERSION = 1
Scrub = Callable[[str], str]


def line(found: Line, scrub: Scrub) -> str:
    """`level  part  check  what was found: what to do`."""
    finding = found.finding
    return f"{finding.level:<10}{found.part:<12}{found.check:<11}{scrub(one_line(finding))}"


def one_line(finding: Finding) -> str:
    """What was found and what to do, on one line."""
    whole = f"{finding.said}: {finding.advice}" if finding.advice else finding.said
    return " ".join(whole.split())


def summary(lines: Sequence[Line]) -> str:
    """The last line of the text."""
    counts = ", ".join(f"{count} {level}" for level, count in _counts(lines).items() if count)
    verdict = "nothing was looked at" if _nothing(lines) else "something must be mended" if exit_code(lines) else "well"
    return f"{verdict}: {counts}"


def as_json(lines: Sequence[Line], scrub: Scrub) -> str:
    """The whole examination."""
    findings = [
        {
            "part": each.part,
            "check": each.check,
            "level": each.finding.level.value,
            "said": scrub(each.finding.said),
            "advice": scrub(each.finding.advice),
        }
        for each in lines
    ]
    whole = {"version": VERSION, "well": exit_code(lines) == 0, "counts": _counts(lines), "findings": findings}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def exit_code(lines: Sequence[Line]) -> int:
    """0 when nothing must be mended, else 1: also where nothing was looked at, for nothing is known to be well then.

    What was not tried hangs on something else that is told.
    """
    return int(_nothing(lines) or any(each.finding.level in (Level.ERROR, Level.NOT_TRIED) for each in lines))


def _nothing(lines: Sequence[Line]) -> bool:
    return all(each.finding.level is Level.SKIPPED for each in lines)


def _counts(lines: Sequence[Line]) -> dict[str, int]:
    return {level.value: sum(each.finding.level is level for each in lines) for level in Level}
