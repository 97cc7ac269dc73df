"""The reads of `status`: one HpcCluster with its events, or all of a namespace. Kubernetes alone, and GET alone.

The command line runs it. No call to the cloud and no key can be reached from here; nothing is judged.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from hpc_operator.domain.desired import Instant
from hpc_operator.kube import names
from hpc_operator.kube.answers import require
from hpc_operator.kube.api import Api, NotServed
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.kube.resources import read_list
from hpc_operator.kube.store import Server, home_namespace
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable
from hpc_operator.status.loose import Raw, line, number, object_, objects, text, time
from hpc_operator.status.view import View, view

EVENTS = 5
_PAGE = 500
_FAILED = (Conflict, CrdTooOld, Gone, Unavailable)
_BASE = f"/apis/{names.GROUP}/{names.VERSION}/namespaces"


@dataclass(frozen=True, slots=True)
class Happened:
    """One event; `at` is when it was last seen, `count` how often."""

    at: Instant | None
    kind: str
    reason: str
    note: str
    count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read. `problem`: nothing could be; `events_problem`: only the events could not.

    `namespace`: where was looked; None: everywhere.
    """

    views: tuple[View, ...] = ()
    events: tuple[Happened, ...] = ()
    problem: str = ""
    events_problem: str = ""
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. `name` None: all of them; `namespace` None: the kubeconfig's; `everywhere`: all namespaces."""

    name: str | None = None
    namespace: str | None = None
    everywhere: bool = False
    kubeconfig: Path | None = None
    context: str | None = None
    timeout: float = 10.0

    def place(self) -> str | None:
        """The namespace; None: all."""
        return None if self.everywhere else self.namespace or home_namespace(self.kubeconfig, self.context)


async def look(question: Question, ticks: Callable[[], float]) -> Seen:
    """Open, read, close. What fails is a sentence and never an exception."""
    async with AsyncExitStack() as stack:
        try:
            server = await Server.connect(question.kubeconfig, question.context, ticks=ticks, timeout=question.timeout)
        except Unavailable as problem:
            return Seen(problem=str(problem).rstrip("."))
        stack.push_async_callback(server.close)
        return await read(ReadOnly(server), question.place(), question.name)


async def read(api: Api, namespace: str | None, name: str | None) -> Seen:
    """One resource with its events, or all of them without."""
    try:
        if name is None or namespace is None:
            _, items = await read_list(api, namespace)
            return Seen(tuple(view(raw) for raw in items), namespace=namespace)
        raw = await api.request("GET", f"{_BASE}/{namespace}/{names.PLURAL}/{name}")
        found = view(require(raw, names.KIND, namespace, name))
    except _FAILED as error:
        return Seen(problem=_problem(error, namespace, name))
    events, problem = await _events(api, found)
    return Seen((found,), events, events_problem=problem)


def _problem(error: Exception, namespace: str | None, name: str | None) -> str:
    if isinstance(error, Gone):
        return f"there is no HpcCluster {name} in namespace {namespace}: see hpc-operator status -n {namespace}, or -A"
    if isinstance(error, NotServed):
        return (
            "this Kubernetes does not know HpcClusters: apply crds/hpcclusters.yaml, or see whether this is the right "
            "one (kubectl config current-context)"
        )
    return line(str(error)).rstrip(".")


async def _events(api: Api, of: View) -> tuple[tuple[Happened, ...], str]:
    """The last events about this very object, oldest first; with a sentence when they cannot be read."""
    chosen = f"regarding.uid={of.uid}"
    path = f"/apis/events.k8s.io/v1/namespaces/{of.namespace}/events"
    try:
        answer = await api.request("GET", path, query={"fieldSelector": chosen, "limit": str(_PAGE)})
    except _FAILED as error:
        return (), line(str(error)).rstrip(".")
    found = [_happened(each) for each in objects(answer, "items", most=_PAGE)]
    return tuple(sorted(found, key=lambda each: each.at or 0.0)[-EVENTS:]), ""


def _happened(raw: Raw) -> Happened:
    series = object_(raw, "series")
    times = (time(series, "lastObservedTime"), time(raw, "deprecatedLastTimestamp"), time(raw, "eventTime"))
    return Happened(
        next((at for at in times if at is not None), None),
        text(raw, "type") or "-",
        text(raw, "reason") or "-",
        text(raw, "note") or "",
        number(series, "count") or number(raw, "deprecatedCount") or 1,
    )
