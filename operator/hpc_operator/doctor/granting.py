"""Whether Kubernetes has what the operator needs: facts to findings. Pure.

`kubernetes` puts these into its table. Never comes in: I/O, the list of rights (`kube.rights` has it).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpc_operator.doctor.finding import Finding, error, warning, well
from hpc_operator.kube.rights import Right
from hpc_operator.kube.startup import INSTALL, SERVE, crd_problem


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`version` of the API server, or the problem in its place."""

    server: str
    version: str | None
    problem: str = ""


def server(facts: ServerFacts) -> Finding:
    """Whether the API server answers."""
    if facts.version is None:
        return error(
            f"{facts.server}: {facts.problem}",
            "set HPC_OPERATOR_KUBECONFIG and HPC_OPERATOR_CONTEXT to the right server, or renew the token in it",
        )
    return well(f"{facts.server} answers, Kubernetes {facts.version}")


@dataclass(frozen=True, slots=True)
class NotSpoken:
    """The CRD serves other versions than this operator's; `text` says which."""

    text: str


def crd(openapi: Mapping[str, Any] | NotSpoken | str | None) -> Finding:
    """Whether the CRD is there and new enough; a text is the problem of reading it."""
    if isinstance(openapi, NotSpoken):
        return error(openapi.text, SERVE)
    problem = openapi if isinstance(openapi, str) else crd_problem(openapi)
    return error(problem, INSTALL) if problem else well("the HpcCluster CRD is installed and new enough")


@dataclass(frozen=True, slots=True)
class Asked:
    """One right in one namespace (None: in all). `problem`: it could not be asked."""

    right: Right
    namespace: str | None
    allowed: bool
    problem: str = ""


def rights(asked: list[Asked]) -> Finding:
    """Which rights are missing, by verb, kind and namespace."""
    if unknown := [each for each in asked if each.problem]:
        return error(
            f"the rights cannot be asked for: {unknown[0].problem}",
            "allow `create selfsubjectaccessreviews.authorization.k8s.io` (every authenticated user has it by default)",
        )
    missing = [f"{each.right.verb} {each.right.kind} {_place(each.namespace)}" for each in asked if not each.allowed]
    if missing:
        return error(f"missing: {'; '.join(missing)}", "add this to the Role or ClusterRole of the operator")
    return well(f"all {len(asked)} that are needed are granted")


def _place(namespace: str | None) -> str:
    return f"in namespace {namespace}" if namespace else "in all namespaces"


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """`exists`: its namespace; None: this user may not look. `ending`: that goes. `holder`: who acts at present."""

    namespace: str
    name: str
    exists: bool | None
    holder: str = ""
    ending: bool = False


def lease(facts: LeaseFacts) -> Finding:
    """Whether the Lease has a namespace to live in, and who holds it."""
    whole = f"{facts.namespace}/{facts.name}"
    if facts.exists is False:
        return error(
            f"the namespace {facts.namespace} does not exist",
            f"kubectl create namespace {facts.namespace}, or set HPC_OPERATOR_LEASE_NAMESPACE",
        )
    if facts.ending:
        return error(
            f"the namespace {facts.namespace} is being deleted: no Lease can be made there",
            "set HPC_OPERATOR_LEASE_NAMESPACE to one that stays (docs/uninstall.md)",
        )
    if facts.exists is None:
        return warning(
            f"the Lease {whole} is not there yet, and this user may not see whether its namespace is",
            f"kubectl get namespace {facts.namespace}",
        )
    return well(f"{whole} is held by {facts.holder}" if facts.holder else f"{whole} is free to take")
