"""The fault suite: in memory, in virtual time. What was tried is printed at the end."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.harness.world import SEARCHED

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SEARCHED.outputs:
        terminalreporter.write_line(f"all worlds at their end: {SEARCHED}")
