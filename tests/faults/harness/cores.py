"""Lives played on all cores: a run is a pure function of its plan, so that processes share nothing.

What the processes searched for secrets is added up here.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from faults.harness.world import SEARCHED
from outputs import Searched

Plan = TypeVar("Plan")
Outcome = TypeVar("Outcome")


def _played(play: Callable[[Plan], Outcome], plan: Plan) -> tuple[Outcome, Searched]:
    before = replace(SEARCHED)
    return play(plan), SEARCHED - before


def on_all_cores(play: Callable[[Plan], Outcome], plans: Iterable[Plan], at_once: int = 1) -> Iterator[Outcome]:
    """The outcomes in the order of the plans; `at_once` plans are handed to a process together."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for outcome, searched in pool.map(partial(_played, play), plans, chunksize=at_once):
            SEARCHED.add(searched)
            yield outcome
