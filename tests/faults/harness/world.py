"""The whole of it: virtual time, the cloud, Kubernetes, people, and operator processes that come and go."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from faults.harness.injection import Injector, Strike
from faults.harness.kube import MemoryKube
from faults.harness.looptime import TICK, VirtualLoop, run_virtually
from faults.harness.people import People
from faults.harness.process import Exchange, Process
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.record import Resource
from hpc_operator.kube.codec import parse_resource
from hpc_simulator import Account, Answer, Cloud, Settings
from outputs import Searched, as_outputs, findings

T = TypeVar("T")
EPOCH = 1_800_000_000.0
POLICY = Policy(visibility_lag=60.0)
"""The fault suite's policy: every summand of the window as designed but for a shorter lag, so that runs are short."""


class World:
    """Everything that one scenario needs. `cloud`: settings of the simulator by name."""

    def __init__(
        self,
        *,
        seed: str = "1",
        policy: Policy = POLICY,
        plan: Iterable[Strike] = (),
        restart_after: float | None = 5.0,
        fleet: str = "test",
        quota: int = 100_000,
        **cloud: Any,
    ) -> None:
        self.seed, self.policy, self.fleet, self.quota = seed, policy, fleet, quota
        self.restart_after = restart_after
        self.loop = VirtualLoop(TICK)
        self.injector = Injector({strike.index: strike for strike in plan})
        self.key: Account | None = Account()
        """The key that every process uses; None: there is none."""
        self.keys_of: dict[str, Account] = {}
        """Keys that resources have of their own, by the resource's name."""
        self.keys_used = {"access key id": Account().key, "secret access key": Account().secret}
        """Every value of every key that was in use: searched for at the end."""
        self.endpoint = "http://cloud.test/api"
        self.approved = 0
        """How many deletions at once a person approved on the Lease."""
        self.bend: Callable[[Exchange], Answer] | None = None
        """Something between the cloud and the operator: it may answer otherwise than the cloud did."""
        self.extra_outputs: dict[str, str] = {}
        """What else came out, by place: log lines, metrics."""
        defaults: Mapping[str, Any] = {"create_seconds": 60.0, "delete_seconds": 30.0, "call_quota": 100_000}
        self.cloud = Cloud(self.now, Settings(**{**defaults, **cloud}), accounts=[Account()], seed=seed)
        self.kube = MemoryKube(self.now)
        self.injector.state = lambda: len(self.kube.writes) + len(self.cloud.log.counts)
        self.people = People(self)
        self.processes: list[Process] = []
        self.crashes = 0

    def now(self) -> float:
        """True time, epoch seconds."""
        return EPOCH + self.loop.time()

    def process(self, name: str | None = None, **settings: Any) -> Process:
        """A further operator process, started. Settings: `offset`, `watch_lag`, `lease`."""
        made = Process(self, name or f"operator-{len(self.processes)}", **settings)
        self.processes.append(made)
        made.start()
        return made

    def crashed(self, process: Process) -> None:
        """Called by a process that died: it is started again after `restart_after` seconds (None: never)."""
        self.crashes += 1
        if self.restart_after is not None:
            self.loop.call_later(self.restart_after, self._start_again, process)

    @staticmethod
    def _start_again(process: Process) -> None:
        if process.dead:
            process.start()

    def touch(self, name: str | None = None) -> None:
        """Somebody else writes every resource (or one): a new resourceVersion and nothing more."""
        for _, found in list(self.kube.objects):
            if name in (None, found):
                self.kube.change(
                    found, lambda raw: raw["metadata"].setdefault("labels", {}).update(touched=str(self.loop.time()))
                )

    # Waiting

    async def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        import asyncio  # noqa: PLC0415 - the one wait of this module

        await asyncio.sleep(seconds)

    async def until(self, condition: Callable[[], bool], limit: float = 3600.0, step: float = 1.0) -> bool:
        """Wait for a condition, looked at every `step` seconds; False when `limit` seconds went by."""
        end = self.loop.time() + limit
        while not condition():
            if self.loop.time() >= end:
                return False
            await self.wait(step)
        return True

    # Looking

    def resource(self, name: str = "demo") -> Resource | None:
        """The resource as the server holds it, parsed; None when it is gone."""
        raw = self.kube.get(name)
        return parse_resource(raw) if raw else None

    def ref(self, name: str = "demo") -> Ref:
        """Namespace, name and uid of the present life."""
        found = self.resource(name)
        assert found is not None, f"{name} is gone"
        return found.ref

    def reason(self, name: str = "demo") -> str | None:
        """The reason of condition Ready; None without one, or when it is gone."""
        return self.kube.condition("Ready", name).get("reason")

    def message(self, name: str = "demo") -> str:
        """The message of condition Ready."""
        return str(self.kube.condition("Ready", name).get("message", ""))

    def is_true(self, kind: str, name: str = "demo") -> bool:
        """Whether a condition is True for the newest generation."""
        found = self.kube.condition(kind, name)
        return (
            found.get("status") == "True" and found["observedGeneration"] == self._raw(name)["metadata"]["generation"]
        )

    def ready(self, name: str = "demo") -> bool:
        """Ready for the newest generation, with no operation open."""
        return self.is_true("Ready", name) and "operation" not in self._raw(name)["status"]

    def _raw(self, name: str) -> dict[str, Any]:
        return self.kube.objects["default", name]

    def stalled(self, name: str = "demo") -> bool:
        """Waiting for a person."""
        return self.is_true("Stalled", name)

    def gone(self, name: str = "demo") -> bool:
        """Whether the resource is gone."""
        return ("default", name) not in self.kube.objects

    # The cloud's truth

    def made(self) -> list[str]:
        """Ids of all clusters that createCluster calls made, in order."""
        return [i for record in self.cloud.calls if record.effect == "created" for i in record.ids]

    def alive(self) -> list[str]:
        """Ids of those that still exist, in any state: they bill."""
        there = {cluster.cluster_id for cluster in self.cloud.clusters()}
        return [i for i in self.made() if i in there]

    def posts(self, call: str = "createCluster") -> int:
        """How often a call arrived at the cloud."""
        count = self.cloud.counts().get(call)
        return count.calls if count else 0

    def effects(self, call: str = "createCluster") -> int:
        """How many effects a call had."""
        count = self.cloud.counts().get(call)
        return count.effects if count else 0

    def told(self, reason: str) -> list[str]:
        """The notes of all events with this reason."""
        return [event["note"] for event in self.kube.events if event.get("reason") == reason]

    # What came out

    def outputs(self) -> dict[str, str]:
        """All that the operator wrote anywhere but into Secrets, and the conditions of its processes."""
        told = [f"{kind} {number}" for number, (kind, _) in enumerate(self.kube.sent)]
        bodies = as_outputs("written", (body for _, body in self.kube.sent))
        errors = as_outputs("error", (error for process in self.processes for error in process.errors))
        return {**dict(zip(told, bodies.values(), strict=True)), **errors, **self.extra_outputs}

    def leaks(self) -> list[str]:
        """Which of them tell a secret value in use, or a signed URL."""
        return findings({**self.keys_used, **self.kube.secret_values}, self.outputs(), SEARCHED)


SEARCHED = Searched()
"""What all worlds of this process were searched for so far."""


def run(scenario: Callable[[World], Coroutine[Any, Any, T]], **settings: Any) -> T:
    """Play a scenario in a fresh world. AssertionError when anything that came out tells a secret."""
    world = World(**settings)
    result = run_virtually(scenario(world), world.loop)
    assert (leaks := world.leaks()) == [], leaks
    return result
