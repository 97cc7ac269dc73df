"""What the tests of this room share: one account, a clock moved by hand, and a transport that answers from a script."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from hypothesis import HealthCheck, settings

from hpc_operator.cloud.calls import Caller, CallSettings
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.transport import Reply
from hpc_operator.domain.desired import ClusterConf, ClusterType, Desired, Orders, Ref, Role
from hpc_operator.domain.record import Account, Memory, Resource
from hpc_operator.reconcile.ports import CreateRequest, Credentials

KEY, SECRET, PASSWORD = "AKTESTKEYIDENTITY", "sEcReT/with+signs=AndMore", 'pa"ss/W0rd+é!'
ACCOUNT = Account("https://hpc.example.test/api", "jn1a", "usr-abc123")
CREDENTIALS = Credentials(KEY, SECRET, ACCOUNT, "f00dfeed00000001")

# How many examples is the profile's business (tests/conftest.py).
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class HandClock:
    """Time that moves only when told."""

    at: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Call:
    """One request as the transport saw it."""

    method: str
    url: str
    body: str | None
    headers: Mapping[str, str]
    timeout: float

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))


Answerer = Callable[[Call], "Reply | Exception | object"]


@dataclass
class ScriptedTransport:
    """Answers each call by a function: a Reply, an exception to raise, bytes, or an object to be sent as JSON."""

    clock: HandClock
    answer: Answerer
    calls: list[Call] = field(default_factory=list)
    date: float | None = None

    async def send(self, method: str, url: str, body: str | None, headers: Mapping[str, str], timeout: float) -> Reply:  # noqa: ASYNC109
        call = Call(method, url, body, headers, timeout)
        self.calls.append(call)
        said = self.answer(call)
        if hasattr(said, "__await__"):
            said = await said
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Reply):
            return said
        return reply(said, now=self.clock(), date=self.date)


def reply(said: object, *, status: int = 200, now: float = 0.0, date: float | None = None) -> Reply:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Reply(status, date, body, now, now)


@dataclass
class Bench:
    """The room wired up over a scripted transport."""

    clock: HandClock
    transport: ScriptedTransport
    watched: WatchedClock
    budget: HourlyBudget
    slept: list[float]
    told: list[tuple[str, str, float]]
    calls: HpcCalls


def bench(answer: Answerer, how: CallSettings | None = None, *, limit: int = 2000) -> Bench:
    clock = HandClock()
    transport = ScriptedTransport(clock, answer)
    watched = WatchedClock(clock)
    budget = HourlyBudget(watched.now, limit=limit, share=1.0)
    slept: list[float] = []
    told: list[tuple[str, str, float]] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.at += seconds

    caller = Caller(
        transport, watched, budget, how or CallSettings(), sleep=sleep, on_call=lambda *what: told.append(what)
    )
    return Bench(clock, transport, watched, budget, slept, told, HpcCalls(caller))


def desired(**changes: object) -> Desired:
    role = Role(2, 2, 4096, "/home")
    conf = ClusterConf(
        vxnet="vxnet-1",
        name=None,
        nas_id="nas-1",
        cluster_version=None,
        conf_version="appv-1",
        roles={"login": Role(None, 2, 4096), "controller": Role(1, 2, 4096), "compute": role},
        env={"admin.user": "admin", "nas_path": "/nas", "nfs_need": 1},
    )
    given = {"cluster_type": ClusterType.EHPC, "version_id": "appv-1", "conf": conf, **changes}
    return Desired(**given)  # type: ignore[arg-type]


def request(**changes: object) -> CreateRequest:
    return CreateRequest(desired(**changes), ACCOUNT, "demo-aabcdefghijklmn-1", 1001, 1002, PASSWORD)


def resource(**changes: object) -> Resource:
    return Resource(Ref("lab", "demo", "uid-1"), "1", 1, 0.0, None, False, desired(**changes), Orders(), None, Memory())
