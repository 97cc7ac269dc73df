"""One examination: what the settings ask for is read, judged and told, the cloud first, then Kubernetes.

The command line runs it. Clock and pauses come in; everything opened here is closed here. No call that changes
anything can be reached from this room.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack

from hpc_operator import account
from hpc_operator.account import Means
from hpc_operator.doctor.checking import walk
from hpc_operator.doctor.cloud import CLOUD, CloudReads, Terms
from hpc_operator.doctor.finding import Line, error, skipped
from hpc_operator.doctor.kubernetes import KUBERNETES, KubernetesReads
from hpc_operator.kube.connection import Connection
from hpc_operator.kube.store import PLACE, USUAL, Server, read_connection
from hpc_operator.reconcile.ports import Unavailable

CLOUD_PART, KUBERNETES_PART = "cloud", "kubernetes"


Tell = Callable[[Line], None]


async def examine(means: Means, tell: Tell, *, cloud: bool = True, kubernetes: bool = True) -> list[Line]:
    """All lines, in the order in which they were told."""
    lines = await _cloud(means, tell) if cloud else [_left_out(tell, CLOUD_PART, "--no-cloud")]
    lines += await _kubernetes(means, tell) if kubernetes else [_left_out(tell, KUBERNETES_PART, "--no-kubernetes")]
    return lines


def _left_out(tell: Tell, part: str, why: str) -> Line:
    line = Line(part, "all", skipped(f"left out ({why})"))
    tell(line)
    return line


async def _cloud(means: Means, tell: Tell) -> list[Line]:
    settings = means.settings
    keys = account.keys(settings, _no_secret, means.now, means.scrubber)
    async with account.transport(settings, means.now) as transport:
        reads = CloudReads(keys, transport, _terms(means), means.now, means.sleep)
        return await walk(CLOUD_PART, CLOUD, reads, tell, reads.halted)


async def _no_secret(_namespace: str, _name: str) -> dict[str, str]:
    raise LookupError("doctor looks at the operator's own key only")


def _terms(means: Means) -> Terms:
    settings, policy = means.settings, means.settings.policy()
    return Terms(
        fleet=settings.fleet,
        calls=account.call_settings(settings),
        clock_skew=settings.clock_skew,
        quota=settings.quota,
        quota_share=settings.quota_share,
        verify_tls=settings.verify_tls,
        accept_other_ids=settings.accept_other_ids,
        owners=policy.owners,
        zones=policy.zones,
    )


async def _kubernetes(means: Means, tell: Tell) -> list[Line]:
    settings = means.settings
    try:
        connection = await read_connection(settings.kubeconfig, settings.context)
    except Unavailable as problem:
        return [_no_way(means, tell, str(problem))]
    if connection.token:
        means.scrubber.add(connection.token)
    async with AsyncExitStack() as stack:
        server = await _server(means)
        stack.push_async_callback(server.close)
        reads = _reads(means, connection, server)
        return await walk(KUBERNETES_PART, KUBERNETES, reads, tell)


async def _server(means: Means) -> Server:
    settings = means.settings
    return await Server.connect(settings.kubeconfig, settings.context, ticks=means.ticks, timeout=settings.kube_timeout)


def _reads(means: Means, connection: Connection, server: Server) -> KubernetesReads:
    settings = means.settings
    lease = settings.lease_namespace, settings.lease_name
    return KubernetesReads(server, connection.server, settings.namespaces, settings.secret_namespaces, lease)


def _no_way(means: Means, tell: Tell, problem: str) -> Line:
    """No kubeconfig at all is a choice where none was named; a named one that cannot be read is an error."""
    settings = means.settings
    named = settings.kubeconfig is not None or settings.context is not None or USUAL not in ("", PLACE)
    if named:
        finding = error(problem.rstrip("."), "mend the file, or name another one")
    else:
        finding = skipped(f"left out: {problem}")
    line = Line(KUBERNETES_PART, "all", finding)
    tell(line)
    return line
