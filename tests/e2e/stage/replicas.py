"""Replicas of the operator, each with its own ways to the API server and to the cloud; what dies is started again.

All have the same endpoint, for it is part of the account; the way to it is an HTTP proxy of each one's own.
Nothing is assumed of who leads: the Lease says it. Each process is told in the cloud's log by its id (see `terms`).
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from stage.operators import Operator
from stage.proxy import Proxy
from stage.setting import Stage
from stage.terms import Terms, two_at_once
from stage.waiting import until

_LOST_LEASE = 3


@dataclass(slots=True)
class Replica:
    """One place for a process, with its ways. The process changes, the place stays."""

    to_kube: Proxy
    to_cloud: Proxy
    settings: dict[str, str]
    process: Operator

    @property
    def runs(self) -> bool:
        return self.process.program.poll() is None


class Replicas:
    """`count` operators on a stage. Use it in a `with` statement; all end with the stage."""

    def __init__(self, stage: Stage, count: int = 2, **settings: str) -> None:
        self.stage, self._count, self._settings = stage, count, settings
        self._stack = ExitStack()
        self.terms = Terms(stage.kube)
        self.all: list[Replica] = []

    def __enter__(self) -> Self:
        self._stack.enter_context(self.terms)
        for _ in range(self._count):
            self.add()
        return self

    def __exit__(self, *_: object) -> None:
        for replica in self.all:
            replica.process.end_expected = True
            replica.process.stop()
        self._stack.close()

    def add(self) -> Replica:
        """One more process, in a place of its own."""
        stage = self.stage
        to_kube = self._stack.enter_context(Proxy(stage.server.url, stage.kube.ssl))
        to_cloud = self._stack.enter_context(Proxy(stage.to_cloud.url))
        config = stage.kubeconfig_of(stage.scope(), to_kube.url)
        endpoint = stage.endpoint.replace("127.0.0.1", "localhost")
        settings = {**self._settings, "KUBECONFIG": str(config), "ENDPOINT": endpoint}
        made = Replica(to_kube, to_cloud, settings, stage.launch(proxy=to_cloud.url, **settings))
        to_cloud.via = str(made.process.pid)
        self.all.append(made)
        return made

    def start_again(self, replica: Replica) -> None:
        """A new process in the place of one that has ended."""
        assert not replica.runs
        replica.to_kube.heal()
        replica.process = self.stage.launch(proxy=replica.to_cloud.url, **replica.settings)
        replica.to_cloud.via = str(replica.process.pid)

    def terminate(self, replica: Replica) -> float:
        """SIGTERM; when, by the clock that the simulator and the Lease's terms have too."""
        at = time.time()
        replica.process.terminate()
        return at

    def tend(self) -> None:
        """Start again whoever lost the Lease by itself: on a busy machine a renewal may come too late."""
        for replica in self.all:
            if not replica.runs:
                code = replica.process.wait(0)
                assert code == _LOST_LEASE, f"a replica ended with {code}:\n{replica.process.program.tail()}"
                self.start_again(replica)

    def leader(self, but: Replica | None = None) -> Replica:
        """Wait until one holds the Lease that runs and is not `but`; it."""

        def found() -> Replica | None:
            holder = self.terms.holder()
            here = [each for each in self.all if each is not but and each.runs and each.process.pid == holder]
            return here[0] if here else None

        return until("a replica leads", found)

    def standby(self, but: Replica) -> Replica:
        """Wait until another one than `but` stands by and says so; it."""

        def found() -> Replica | None:
            for each in self.all:
                if each is not but and each.runs and "port" in each.process.program.output():
                    code, told = each.process.probe("/readyz")
                    if code == 200 and told.startswith("standby"):
                        return each
            return None

        return until("a replica stands by", found)

    def two_at_once(self) -> list[str]:
        """See `terms.two_at_once`: of all calls so far."""
        return two_at_once(self.stage.cloud.calls(), tuple(self.terms.terms))
