"""Guards bite: each safeguard of guards.toml is switched off in a process of its own, and its test must be red then.

That the same tests are green with every guard on is seen first, in one process.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.switches import ROOT, Guard, listed

_FAILED = pytest.ExitCode.TESTS_FAILED
_AT_ONCE = 2
GUARDS = listed()
_SCRIPT = Path(__file__).with_name("switches.py")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="session")
def off() -> dict[str, tuple[int, str]]:
    """How the test of each guard ended without it, and what it said."""
    done = _run(str(_SCRIPT), str(_AT_ONCE))
    assert done.returncode == 0, done.stderr[-3000:]
    return {guard.name: (status, said) for guard, (status, said) in zip(GUARDS, json.loads(done.stdout), strict=True)}


def test_all_are_green_with_every_guard_on(tell: Callable[[str], None]) -> None:
    done = _run("-m", "pytest", "-q", "-p", "no:cacheprovider", *sorted({guard.test for guard in GUARDS}))
    assert done.returncode == 0, done.stdout[-3000:]
    tell(f"guards: {len(GUARDS)} safeguards, each switched off once")


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_red_without(guard: Guard, off: dict[str, tuple[int, str]]) -> None:
    """TESTS_FAILED and nothing else: a switch that broke the import or found no test proves nothing."""
    status, said = off[guard.name]
    assert status == _FAILED, f"{guard.test} does not need {guard.switch}:\n{said}"


def test_every_safeguard_of_the_law_is_listed() -> None:
    """What the law of creating once and of deleting rests on, one by one."""
    names = " | ".join(guard.name for guard in GUARDS)
    for wanted in (
        "intent before", "resourceVersion", "strict answer", "send deadline", "window: send deadline",
        "window: request lifetime", "window: clock skew", "window: visibility lag", "log witness", "startedAt - skew",
        "as-of", "key fingerprint", "close under the nonce", "absence only after the window", "account proof",
        "deleteCluster answered", "before a policy lets go", "finalizer without record", "mark with the finalizer",
        "recorded account", "object look", "second bearer", "two looks",
        "two agreeing looks", "after recording + window", "after the last close", "never below one", "never closed early",
        "no answer is never repeated", "nothing pending", "jobs are idle", "one operation at a time",
    ):  # fmt: skip
        assert wanted in names
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
