"""The fault suite: in memory, in virtual time. What was tried is printed at the end."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_lines = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the summary at the end of the session."""
    return request.config.stash.setdefault(_lines, [])


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """Thousands of lives log much that nobody reads."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(_lines, [])
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)
