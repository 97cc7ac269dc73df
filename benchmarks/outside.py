"""People who stop clusters at the console at random moments, and how long it takes until a status says so.

The change goes through the simulator's control endpoint, what a status says through a watch of the API server: the
clock runs from before the change until the event has arrived here. Rows import it.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from stage.kube import GROUP

from benchmarks.stage import Scene
from benchmarks.watching import follow
from local_control_plane import Program

PATIENCE = 120.0
"""Seconds after which a change counts as seen by nobody; its sample is this long."""
_SEED = 20261


@dataclass(frozen=True, slots=True)
class Told:
    """Seconds from each change until the status said it, in the order of the changes; how many never did."""

    seconds: tuple[float, ...]
    unseen: int


def stop_some(scene: Scene, clusters: Mapping[str, str], window: float, program: Program) -> Told:
    """Stop the clusters (id by resource) at random moments of a window of seconds. RuntimeError if `program` ended."""
    told = asyncio.run(_stop_some(scene, clusters, window))
    if program.poll() is not None:
        raise RuntimeError(f"the program ended:\n{program.tail()}")
    return told


def start_again(scene: Scene, cluster_ids: Sequence[str]) -> None:
    """All at once, unmeasured."""
    for cluster_id in cluster_ids:
        scene.cloud.ask("POST", f"/clusters/{cluster_id}", {"status": "active"})


@dataclass(slots=True)
class _Watched:
    """When each resource's status first said `stopped`."""

    seen: dict[str, asyncio.Future[float]] = field(default_factory=dict)

    def note(self, raw: Mapping[str, Any]) -> None:
        waiting = self.seen.get(raw["metadata"]["name"])
        said = raw.get("status", {}).get("cluster_status") == "suspended"
        if waiting is not None and said and not waiting.done():
            waiting.set_result(time.time())


async def _stop_some(scene: Scene, clusters: Mapping[str, str], window: float) -> Told:
    kube, chance = scene.kube, random.Random(_SEED)
    path = f"{kube.server.url}{GROUP}/namespaces/{kube.namespace}/hpcclusters"
    headers = {"Authorization": f"Bearer {kube.token}"}
    connector = aiohttp.TCPConnector(ssl=kube.ssl)
    watched = _Watched({name: asyncio.get_running_loop().create_future() for name in clusters})
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        watch = asyncio.create_task(_watch(session, path, watched))
        changes = (
            _stop(
                session, f"{scene.cloud.control}/clusters/{cluster_id}", chance.uniform(0, window), watched.seen[name]
            )
            for name, cluster_id in clusters.items()
        )
        took = await asyncio.gather(*changes)
        if watch.done():
            watch.result()  # it ends by a failure alone: nothing that was not seen since says anything
        watch.cancel()
    return Told(tuple(PATIENCE if each is None else each for each in took), sum(each is None for each in took))


async def _stop(session: aiohttp.ClientSession, url: str, after: float, said: asyncio.Future[float]) -> float | None:
    await asyncio.sleep(after)
    changed = time.time()
    async with session.post(url, json={"status": "suspended"}) as answer:
        answer.raise_for_status()
    try:
        return await asyncio.wait_for(said, PATIENCE) - changed
    except TimeoutError:
        return None


async def _watch(session: aiohttp.ClientSession, path: str, watched: _Watched) -> None:
    async for seen in follow(session, path):
        if seen:
            watched.note(seen)
