"""The reads of `import`: one cluster by id, its nodes, and the HpcClusters that may stand for it already.

`run` in this room makes the parts. Never comes in: a write, a judgement. One list call for each owner and zone of the
settings until one shows the cluster, and one listNodes call for each hundred nodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from hpc_operator.cloud import wire
from hpc_operator.cloud.calls import Call, Caller
from hpc_operator.cloud.terms import terms
from hpc_operator.cloud.unread import Unread, told
from hpc_operator.domain.observed import Cluster, NodesLook
from hpc_operator.domain.record import Account, Resource
from hpc_operator.kube.api import Api
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.resources import read_list
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Credentials, Gone, Unavailable


class Nodes(Protocol):
    """The node list of one cluster (cloud.observer.Observer)."""

    async def nodes(self, credentials: Credentials, account: Account, cluster_id: str) -> NodesLook:
        """All its nodes, now."""


@dataclass(frozen=True, slots=True)
class Found:
    """The cluster as the account shows it. `terms`: by createCluster's names; `nodes` may be partial."""

    cluster: Cluster
    account: Account
    terms: Mapping[str, str]
    nodes: NodesLook


@dataclass(frozen=True, slots=True)
class Looked:
    """What the account answered. `found` None without problems: it is not there. `accounts`: where was asked."""

    found: Found | None
    accounts: tuple[Account, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The HpcClusters; with a `problem`, not all of them are known."""

    resources: tuple[Resource, ...] = field(default=())
    problem: str = ""


async def look(
    caller: Caller, nodes: Nodes, credentials: Credentials, accounts: Sequence[Account], wanted: str
) -> Looked:
    """Ask each account for the cluster until one shows it."""
    problems = []
    for account in accounts:
        params: dict[str, str | int] = {"owner": account.owner, "cluster_id": wanted, "limit": wire.PAGE, "offset": 0}
        key = replace(credentials, account=account)
        answer = told(await caller.read(Call("list", "/cluster/list", params), key, account))
        if isinstance(answer, Unread):
            problems.append(f"the list of {place(account)} cannot be read: {answer.problem}")
            continue
        page = wire.cluster_page(answer)
        line = next((each for each in page.items if each.id == wanted), None)
        if line is not None:
            return Looked(Found(line, account, terms(answer, wanted), await nodes.nodes(key, account, wanted)), ())
        if page.problem:
            problems.append(f"the list of {place(account)} cannot be read: {page.problem}")
    return Looked(None, tuple(accounts), tuple(problems))


def place(account: Account) -> str:
    """An account in words."""
    return f"owner {account.owner} in zone {account.zone}"


async def resources(api: Api, namespaces: Sequence[str]) -> Known:
    """The HpcClusters of these namespaces, or of all. That they cannot be read is told and stops nothing."""
    try:
        lists = [await read_list(api, each) for each in tuple(namespaces) or (None,)]
    except (Conflict, CrdTooOld, Gone, Unavailable) as error:
        return Known(problem=str(error).rstrip("."))
    return Known(tuple(parse_resource(raw) for _, items in lists for raw in items))
