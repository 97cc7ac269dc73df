"""What `/readyz` says of a process that stands by: ready while it could take over, and who leads."""

import asyncio
from typing import Any

from memory_api import MemoryApi

from faults.harness.looptime import VirtualLoop, run_virtually
from hpc_operator.kube.crd import definition
from hpc_operator.kube.lease import LeaseLoop
from hpc_operator.kube.startup import INSTALL, Startup
from hpc_operator.process import Parts, Process
from hpc_operator.reconcile.ports import Unavailable


class Server:
    """What a starting process asks a server for. `crd` None: it is not installed."""

    def __init__(self) -> None:
        self.crd: dict[str, Any] | None = definition()

    async def served_crd(self) -> dict[str, Any] | None:
        return self.crd

    async def may_list(self, namespace: str | None) -> None: ...


class Scene:
    """A process that stands by, and the Lease of another one."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop, self.api, self.server = loop, MemoryApi(), Server()
        self.startup, self.lease = Startup(self.server, ()), self.loop_of("pod-b_7_ff")
        nothing: Any = None
        rest = ("cache", "queue", "resync", "sweeper", "key_rounds", "engine", "metrics", "watch")
        parts = Parts(startup=self.startup, lease=self.lease, **dict.fromkeys(rest, nothing))
        self.process = Process(parts, concurrency=1, patience=1)

    def loop_of(self, me: str) -> LeaseLoop:
        return LeaseLoop(
            self.api,
            "ns",
            "op",
            me,
            duration=30,
            ticks=self.loop.time,
            now=lambda: 1.8e9,
            on_lost=lambda why: None,
        )

    async def stands_by(self) -> None:
        """Another process leads, this one stands by for it."""
        await self.loop_of("pod-a_7_00").acquire()
        self.running = asyncio.create_task(self.process.run())
        await asyncio.sleep(3)


def play(scenario: Any) -> None:
    loop = VirtualLoop()

    async def begin() -> None:
        scene = Scene(loop)
        await scene.stands_by()
        await scenario(scene)
        scene.running.cancel()

    run_virtually(begin(), loop)


def test_a_standby_is_ready_and_says_which_pod_leads() -> None:
    async def scenario(scene: Scene) -> None:
        assert scene.process.ready() == (True, "standby: the Lease is held by pod-a_7_00")

    play(scenario)


def test_a_process_is_not_ready_before_it_knows_who_leads() -> None:
    async def scenario(scene: Scene) -> None:
        other = Scene(scene.loop)
        other.startup.problem = None
        assert other.process.ready() == (False, "the Lease cannot be taken: not looked yet")

    play(scenario)


def test_a_standby_is_not_ready_while_the_lease_cannot_be_read() -> None:
    async def scenario(scene: Scene) -> None:
        def refuse(method: str, path: str) -> None:
            raise Unavailable("a permission is missing: leases")

        scene.api.before = refuse
        await asyncio.sleep(3)
        ready, told = scene.process.ready()
        assert not ready
        assert told == "the Lease cannot be taken: a permission is missing: leases"
        scene.api.before = lambda method, path: None
        await asyncio.sleep(3)
        assert scene.process.ready()[0]

    play(scenario)


def test_a_standby_is_not_ready_while_the_crd_is_gone() -> None:
    async def scenario(scene: Scene) -> None:
        scene.server.crd = None
        await asyncio.sleep(60)
        ready, told = scene.process.ready()
        assert not ready
        assert INSTALL in told
        scene.server.crd = definition()
        await asyncio.sleep(60)
        assert scene.process.ready()[0]

    play(scenario)
