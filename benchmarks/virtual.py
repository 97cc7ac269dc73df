"""The virtual stage: the operator's own engine, queue, observer, budget and client over a simulated account and an API
server in memory, on a clock that jumps. A simulated hour costs seconds, and counts are exact and repeatable.

The world is the fault suite's (tests/faults/harness). The rows `hour`, `creations` and `soak` are played here, and the
tests of scale assert the same numbers at a smaller size. Nothing here starts a process or opens a socket.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from benchmarks.sizes import SIZES, Size
from faults.harness.looptime import run_virtually
from faults.harness.people import EHPC
from faults.harness.world import World

LIFTED = 1_000_000
"""A quota that stops nobody."""
REAL = 2000
"""Calls an hour of a new account (API reference, request page)."""

T = TypeVar("T")
Name = tuple[str, str]
"""Namespace and name of a resource."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is played: clusters of the hour and changes outside, creations, and the soak's fleet and hours."""

    clusters: int
    changes: int
    creations: int
    fleet: int
    hours: float


_SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        "tiny": Scale(120, 30, 60, 10, 4.0),
        "small": Scale(1000, 300, 1000, 60, 24.0),
        "full": Scale(1000, 400, 1000, 100, 24.0),
    }
)


def scale(size: Size) -> Scale:
    """What is played at a size of the table."""
    return next(_SCALES[name] for name, each in SIZES.items() if each == size)


@dataclass(frozen=True, slots=True)
class Played(Generic[T]):
    """What a scenario came to, and how long it took: `virtual` and `wall` in seconds."""

    result: T
    virtual: float
    wall: float

    @property
    def factor(self) -> float:
        """Virtual seconds in a real one."""
        return self.virtual / self.wall


def played(scenario: Callable[[World], Coroutine[Any, Any, T]], **settings: Any) -> Played[T]:
    """Play a scenario in a fresh world. `settings`: World's, and the simulator's by name."""
    world, began = World(**settings), time.perf_counter()
    with _quiet():
        result = run_virtually(scenario(world), world.loop)
    return Played(result, world.loop.time(), time.perf_counter() - began)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hours of an operator log much that nobody reads."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@dataclass(frozen=True, slots=True)
class Span:
    """What happened between two moments: `calls` of the HPC API by name, `requests` to Kubernetes by their kind."""

    seconds: float
    calls: Counter[str]
    writes: int
    events: int
    passes: int
    requests: Counter[str]


class Meter:
    """Counts from the moment of its making on."""

    def __init__(self, world: World) -> None:
        self._world, self._began, self._from = world, world.loop.time(), _totals(world)

    def span(self) -> Span:
        """What happened since."""
        world, (calls, writes, events, requests, passes) = self._world, self._from
        return Span(
            world.loop.time() - self._began,
            Counter(record.call for record in world.cloud.calls[calls:]),
            len(world.kube.writes) - writes,
            len(world.kube.events) - events,
            _totals(world)[-1] - passes,
            Counter(_kind(what) for _, _, what in world.kube.requests[requests:]),
        )


def _totals(world: World) -> tuple[int, int, int, int, int]:
    kube = world.kube
    passes = sum(len(process.passes) for process in world.processes)
    return len(world.cloud.calls), len(kube.writes), len(kube.events), len(kube.requests), passes


def _kind(request: str) -> str:
    method, _, path = request.partition(" ")
    parts = path.split("/")
    last = parts[-1] if parts[-1] in ("status", "hpcclusters", "secrets", "events") else parts[-2]
    return f"{method} {last}"


def names(prefix: str, number: int, namespace: str = "default") -> list[Name]:
    """Names of resources, in order."""
    return [(namespace, f"{prefix}-{index:04}") for index in range(number)]


def apply(world: World, wanted: Iterable[Name], spec: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Kubectl apply of many, at once. `spec`: what it says beside the usual."""
    for namespace, name in wanted:
        world.kube.create({"metadata": {"name": name}, "spec": {**EHPC, **spec}}, namespace)


def is_ready(world: World, which: Name) -> bool:
    """Ready for the newest generation, with no operation open."""
    namespace, name = which
    raw = world.kube.objects.get((namespace, name))
    if raw is None or "operation" in raw["status"]:
        return False
    ready = world.kube.condition("Ready", name, namespace)
    return ready.get("status") == "True" and ready["observedGeneration"] == raw["metadata"]["generation"]


async def settle(world: World, wanted: Iterable[Name], limit: float) -> None:
    """Wait until all are Ready. TimeoutError after `limit` virtual seconds, with who is not and why."""
    left = list(wanted)

    def all_ready() -> bool:
        left[:] = [which for which in left if not is_ready(world, which)]
        return not left

    if not await world.until(all_ready, limit, step=5.0):
        namespace, name = left[0]
        told = world.kube.condition("Ready", name, namespace)
        raise TimeoutError(f"{len(left)} not Ready after {limit:.0f} virtual seconds; {name}: {told}")
