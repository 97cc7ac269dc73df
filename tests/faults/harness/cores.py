"""Lives played on all cores: a run is a pure function of its plan, so that processes share nothing."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Plan = TypeVar("Plan")
Outcome = TypeVar("Outcome")


def on_all_cores(play: Callable[[Plan], Outcome], plans: Iterable[Plan], at_once: int = 1) -> Iterator[Outcome]:
    """The outcomes in the order of the plans; `at_once` plans are handed to a process together."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        yield from pool.map(play, plans, chunksize=at_once)
