"""One name for one thing: a reason in code has a heading in docs/reasons.md, and the other way round."""

import re
from pathlib import Path

from hpc_operator.domain.reasons import Reason

ROOT = Path(__file__).parents[3]
HEADINGS = re.findall(r"^## (\S+)$", (ROOT / "docs" / "reasons.md").read_text(), re.MULTILINE)


def test_every_reason_is_explained_and_nothing_else_is() -> None:
    assert sorted(HEADINGS) == sorted(reason.value for reason in Reason)


def test_no_reason_is_explained_twice() -> None:
    assert len(HEADINGS) == len(set(HEADINGS))


def test_a_reason_is_what_kubernetes_takes_as_one() -> None:
    """Conditions want ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$ (Kubernetes API, metav1.Condition)."""
    assert all(re.fullmatch(r"[A-Z][A-Za-z]{2,60}", reason) for reason in Reason)


def test_every_reason_is_used() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "operator" / "hpc_operator").rglob("*.py"))
    unused = [reason.name for reason in Reason if f"Reason.{reason.name}" not in sources]
    assert unused == []
