"""The manifest of a cluster that exists: what the answers carry, and nothing else. Pure.

Imported by `run`. It must apply as it stands with Observe, and a later Plan must show no more than the rename: so a
field is only written when the schema and rules of the CRD take it, and a role only when its nodes are alike. What is
left out is told with its reason.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import Node
from hpc_operator.importing.reading import Found
from hpc_operator.kube import names
from hpc_operator.kube.wish import parse_spec

ROLES = {"hpc": ("login",), "ehpc": ("login", "controller", "compute")}
_LONGEST = 63
_NOT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The object, and what was left out of it: a sentence each."""

    object: dict[str, Any]
    left_out: tuple[str, ...]


def manifest(found: Found, name: str | None, namespace: str | None, *, told_account: bool) -> Manifest:
    """`told_account`: owner and zone are not the operator's defaults, so that the manifest must name them."""
    cluster = found.cluster
    left: list[str] = []
    spec: dict[str, Any] = {
        "cluster_type": cluster.id.partition("-")[0],
        "managementPolicy": "Observe",
        "deletionPolicy": "Retain",
    }
    account = {"zone": found.account.zone, "owner": found.account.owner} if told_account else {}
    texts = {"cluster_name": cluster.name, "description": cluster.description}
    for field, value in {**account, **texts, **found.terms}.items():
        if value:
            _add(spec, field, value, left)
    _add_conf(spec, found, left)
    meta = {"name": name or _slug(found)} | ({"namespace": namespace} if namespace else {})
    made = {
        "apiVersion": f"{names.GROUP}/{names.VERSION}",
        "kind": names.KIND,
        "metadata": {**meta, "annotations": {names.ANNOTATION_ADOPT: cluster.id}},
        "spec": spec,
    }
    return Manifest(made, tuple(left))


def _add(spec: dict[str, Any], field: str, value: object, left: list[str]) -> bool:
    """Write the field where the CRD takes it."""
    _, problem = parse_spec({**spec, field: value})
    if problem is None:
        spec[field] = value
        return True
    left.append(f"{field}: the account shows what the HpcCluster does not take ({problem.rpartition(': ')[0]})")
    return False


def _add_conf(spec: dict[str, Any], found: Found, left: list[str]) -> None:
    if not found.nodes.complete:
        left.append(f"cluster_conf: the nodes cannot be read ({found.nodes.problem})")
        return
    roles: dict[str, dict[str, int]] = {}
    for role in ROLES[spec["cluster_type"]]:
        wish = _role(role, found.nodes.of(role))
        if isinstance(wish, str):
            left.append(f"cluster_conf.cluster.{role}: {wish}")
        elif parse_spec(_with(spec, {"login": wish, **roles, role: wish}))[1] is not None:
            left.append(f"cluster_conf.cluster.{role}: the HpcCluster does not take nodes of this size or number")
        else:
            roles[role] = wish
    if "login" in roles:
        spec["cluster_conf"] = {"cluster": roles}
    elif roles:
        left.append("cluster_conf: it cannot stand without login")


def _with(spec: dict[str, Any], roles: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {**spec, "cluster_conf": {"cluster": roles}}


def _role(role: str, nodes: tuple[Node, ...]) -> dict[str, int] | str:
    """What its nodes are, or why that cannot be said. A controller is always one."""
    if not nodes:
        return "no node of it is shown"
    sizes = {(node.cpu, node.memory) for node in nodes}
    if len(sizes) > 1:
        return "its nodes are not all of one size"
    [(cpu, memory)] = sizes
    if cpu is None or memory is None:
        return "the account does not say the size of its nodes"
    return ({} if role == "controller" else {"count": len(nodes)}) | {"cpu": cpu, "memory": memory}


def _slug(found: Found) -> str:
    """A name for the resource: the cluster's, as far as Kubernetes takes it, else its id."""
    texts = (found.cluster.name or "", found.cluster.id)
    return next(_slugs(*texts))


def _slugs(*texts: str) -> Iterator[str]:
    for text in texts:
        made = _NOT.sub("-", text.lower()).strip("-")[:_LONGEST].strip("-")
        if made and not any(True for _ in marks_in(made)):
            yield made
