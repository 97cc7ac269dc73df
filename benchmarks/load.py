"""Many resources in one apply, and the moments at which each of their statuses came to say something.

Many POSTs at once over a few connections, and one watch: `kubectl apply` of 200 objects is slower than what is to be
measured. The rows import it; nobody else is told anything.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from stage.kube import GROUP, Kube, condition
from stage.manifests import ehpc

from benchmarks.watching import follow
from local_control_plane import Program

CONNECTIONS = 20
_PATIENCE = 600.0

Status = Mapping[str, Any]
Stages = Mapping[str, Callable[[Status], bool]]


def has_id(status: Status) -> bool:
    """The cluster's id is in status."""
    return bool(status.get("hpc_cluster_id"))


def is_reported(status: Status) -> bool:
    """The id is there, and the first report that knows of it."""
    return has_id(status) and bool(status.get("conditions"))


def is_ready(status: Status) -> bool:
    """Ready is True."""
    return bool(condition(dict(status)).get("status") == "True")


def names(prefix: str, number: int, first: int = 0) -> tuple[str, ...]:
    """Names of resources."""
    return tuple(f"{prefix}-{index:04}" for index in range(first, first + number))


@dataclass(slots=True)
class Applied:
    """Epoch seconds: `began` before the first POST, `accepted` after the last; `reached`: when, by stage and name."""

    began: float = 0.0
    accepted: float = 0.0
    reached: dict[str, dict[str, float]] = field(default_factory=dict)

    def until(self, stage: str) -> float:
        """Seconds from the first POST until all had reached the stage."""
        return max(self.reached[stage].values()) - self.began

    @property
    def loading(self) -> float:
        """Seconds that the POSTs themselves took."""
        return self.accepted - self.began


def apply(kube: Kube, wanted: Sequence[str], stages: Stages, program: Program) -> Applied:
    """Create an HpcCluster of each name; return when all have reached all stages.

    TimeoutError after ten minutes, RuntimeError with its last lines when the program that serves them ended.
    """
    return asyncio.run(asyncio.wait_for(_apply(kube, _Watched(frozenset(wanted), stages), program), _PATIENCE))


@dataclass(slots=True)
class _Watched:
    """What the watch has told so far about the wanted names."""

    wanted: frozenset[str]
    stages: Stages
    told: Applied = field(default_factory=Applied)

    def __post_init__(self) -> None:
        self.told.reached = {stage: {} for stage in self.stages}

    def note(self, seen: Mapping[str, Any]) -> bool:
        """Take an object; whether all have reached all stages."""
        now, name, status = time.time(), seen["metadata"]["name"], seen.get("status", {})
        for stage, is_there in self.stages.items():
            if name in self.wanted and is_there(status):
                self.told.reached[stage].setdefault(name, now)
        return all(len(reached) == len(self.wanted) for reached in self.told.reached.values())


async def _apply(kube: Kube, watched: _Watched, program: Program) -> Applied:
    path = f"{kube.server.url}{GROUP}/namespaces/{kube.namespace}/hpcclusters"
    connector = aiohttp.TCPConnector(limit=CONNECTIONS + 1, ssl=kube.ssl)
    headers = {"Authorization": f"Bearer {kube.token}"}
    manifest, told = ehpc("any"), watched.told
    made = [{**manifest, "metadata": {**manifest["metadata"], "name": name}} for name in sorted(watched.wanted)]
    async with aiohttp.ClientSession(connector=connector, headers=headers, raise_for_status=True) as session:
        listed = asyncio.Event()
        watch = asyncio.create_task(_watch(session, path, watched, listed))
        await listed.wait()
        told.began = time.time()
        await asyncio.gather(*(_create(session, path, each) for each in made))
        told.accepted = time.time()
        while not watch.done():
            await asyncio.wait({watch}, timeout=1.0)
            if program.poll() is not None:
                raise RuntimeError(f"the program ended:\n{program.tail()}")
        await watch
    return told


async def _create(session: aiohttp.ClientSession, path: str, made: Mapping[str, Any]) -> None:
    async with session.post(path, json=made) as answer:
        await answer.read()


async def _watch(session: aiohttp.ClientSession, path: str, watched: _Watched, listed: asyncio.Event) -> None:
    try:
        async for seen in follow(session, path):
            if not seen:
                listed.set()
            elif watched.note(seen):
                return
    finally:
        listed.set()  # whoever waits for it learns of the failure from the task
