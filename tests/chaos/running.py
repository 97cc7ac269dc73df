"""Playing scenarios: one from nothing to its row, or many beside each other on one API server."""

import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from chaos import aftermath
from chaos.acts import install
from chaos.arena import Arena
from chaos.scenarios import Scenario
from chaos.table import Count, Row
from local_control_plane import ControlPlane


def run(scenario: Scenario, shared: ControlPlane, folder: Path) -> Row:
    """Play one scenario; `shared` has the CRD. Whatever it does not clear away is ended, whatever happens is a row."""
    began, found, problems, notes = time.monotonic(), Count(), [], []
    try:
        with ExitStack() as stack:
            arena = Arena(scenario.name, folder / scenario.name, shared, stack)
            notes = arena.notes
            try:
                scenario.play(arena)
                aftermath.settle(arena, scenario.expected)
            except AssertionError as missed:
                problems.append(_one_line(missed))
            found = aftermath.measure(arena)
            problems += scenario.expected.missed(found)
            problems += aftermath.problems(arena)
    except Exception as error:  # noqa: BLE001 - one broken scenario must not end the others
        problems.append(f"{type(error).__name__}: {_one_line(error)}")
    return Row(scenario.name, scenario.what, found, problems, notes, time.monotonic() - began)


def _one_line(error: BaseException) -> str:
    """The message; without one, the line that asserted."""
    text = str(error) or str(traceback.extract_tb(error.__traceback__)[-1].line)
    return " ".join(text.split())[:1500]


def play(chosen: Sequence[Scenario], folder: Path, jobs: int) -> Iterator[Row]:
    """All of them, `jobs` at a time; each row as soon as it is there."""
    with ControlPlane() as shared, ThreadPoolExecutor(jobs) as pool:
        install(shared)
        for done in as_completed([pool.submit(run, each, shared, folder) for each in chosen]):
            yield done.result()
