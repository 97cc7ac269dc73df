"""What every suite shares: lines about what was tried and measured, printed at the end, also from parallel workers."""

from collections.abc import Callable

import pytest

_TOLD = "told"


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a line in the summary of the run."""

    def say(line: str) -> None:
        request.node.user_properties.append((_TOLD, line))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    lines = [text for r in reports if r.when == "call" for name, text in r.user_properties if name == _TOLD]
    if lines:
        terminalreporter.section("tried and measured")
        for line in lines:
            terminalreporter.write_line(line)
