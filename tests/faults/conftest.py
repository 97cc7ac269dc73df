"""The fault suite: in memory, in virtual time. What was tried is printed at the end."""

import logging
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from faults.harness.world import SEARCHED
from outputs import Searched

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """Thousands of lives log much that nobody reads."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A parallel worker hands over what it searched."""
    handed = getattr(session.config, "workeroutput", None)
    if handed is not None:
        handed["searched"] = astuple(SEARCHED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The one that prints adds it up."""
    SEARCHED.add(Searched(*getattr(node, "workeroutput", {}).get("searched", ())))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SEARCHED.outputs:
        terminalreporter.write_line(f"all worlds at their end: {SEARCHED}")
