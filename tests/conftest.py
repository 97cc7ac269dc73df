"""What every suite shares: lines about what was tried and measured, printed at the end, also from parallel workers.

And how long Hypothesis searches: `HYPOTHESIS_PROFILE=thorough` (`make fuzz`) tries twenty times as much. Where `CI` is
set every run tries the same. No property has a deadline: the machine may be slow.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from outputs import Searched

_TOLD, SEARCHED = "told", "searched"
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
_FIXED = "CI" in os.environ  # noqa: TID251 - chance is an input of tests
settings.register_profile("quick", deadline=None, max_examples=60, derandomize=_FIXED, suppress_health_check=_SLOW)
settings.register_profile("thorough", deadline=None, max_examples=1200, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))  # noqa: TID251


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say a line in the summary of the run."""

    def say(line: str) -> None:
        request.node.user_properties.append((_TOLD, line))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    every = [r for reports in terminalreporter.stats.values() for r in reports]
    ends = [r for r in every if isinstance(r, pytest.TestReport) and r.when == "teardown"]
    lines = [text for r in ends for name, text in r.user_properties if name == _TOLD]
    searched = Searched()
    for report in ends:
        for name, counts in report.user_properties:
            if name == SEARCHED:
                searched.add(Searched(*counts))
    lines += [f"stages at their end: {searched}"] if searched.outputs else []
    if lines:
        terminalreporter.section("tried and measured")
        for line in lines:
            terminalreporter.write_line(line)
