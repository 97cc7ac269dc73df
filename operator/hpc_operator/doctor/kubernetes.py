"""The Kubernetes side of doctor: its reads, and the table of its checks.

`examination` makes the reads. Never comes in: a write. A SelfSubjectAccessReview is POSTed, but the server stores
nothing of it.
"""

from typing import Any

from hpc_operator.doctor import granting
from hpc_operator.doctor.checking import Check, check
from hpc_operator.kube.api import Api, NotServed, VersionNotServed
from hpc_operator.kube.resources import read_served
from hpc_operator.kube.rights import REVIEWS, RIGHTS, Right, Where
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

_FAILED = (Conflict, CrdTooOld, Gone, Unavailable)


class KubernetesReads:
    """`namespaces`: those that are served, empty for all. `secrets`: those of them whose Secrets are used, empty for
    all. `url`: where the server is, for people.
    """

    def __init__(
        self, api: Api, url: str, namespaces: tuple[str, ...], secrets: tuple[str, ...], lease: tuple[str, str]
    ) -> None:
        self._api, self._url = api, url
        self._lease_namespace, self._lease_name = lease
        served: tuple[str | None, ...] = namespaces or (None,)
        self._places = {Where.SERVED: served, Where.SECRETS: secrets or served, Where.LEASE: (self._lease_namespace,)}

    async def server(self) -> granting.ServerFacts:
        """GET /version, which every authenticated user may."""
        try:
            answer = await self._api.request("GET", "/version")
        except _FAILED as problem:
            return granting.ServerFacts(self._url, None, str(problem))
        return granting.ServerFacts(self._url, str(answer.get("gitVersion", "of unknown version")))

    async def crd(self) -> dict[str, Any] | granting.NotSpoken | str | None:
        """The served schema; a sentence where it cannot be read, and which it is where it is another version's."""
        try:
            return await read_served(self._api)
        except VersionNotServed as problem:
            return granting.NotSpoken(str(problem))
        except _FAILED as problem:
            return str(problem)

    async def rights(self) -> list[granting.Asked]:
        """Ask for each right where it is needed; the first one that cannot be asked for ends it."""
        found: list[granting.Asked] = []
        for right in RIGHTS:
            for namespace in self._places[right.where]:
                found.append(await self._ask(right, namespace))
                if found[-1].problem:
                    return found
        return found

    async def _ask(self, right: Right, namespace: str | None) -> granting.Asked:
        try:
            answer = await self._api.request("POST", REVIEWS, body=right.review(namespace, self._lease_name))
        except _FAILED as problem:
            return granting.Asked(right, namespace, allowed=False, problem=str(problem))
        return granting.Asked(right, namespace, allowed=(answer.get("status") or {}).get("allowed") is True)

    async def lease(self) -> granting.LeaseFacts:
        """The Lease; where there is none, its namespace."""
        namespace, name = self._lease_namespace, self._lease_name
        path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
        try:
            found = await self._api.request("GET", path)
        except _FAILED:
            return await self._unheld(namespace, name)
        holder = (found.get("spec") or {}).get("holderIdentity") or ""
        return granting.LeaseFacts(namespace, name, exists=True, holder=str(holder))

    async def _unheld(self, namespace: str, name: str) -> granting.LeaseFacts:
        try:
            found = await self._api.request("GET", f"/api/v1/namespaces/{namespace}")
        except (Gone, NotServed):
            return granting.LeaseFacts(namespace, name, exists=False)
        except _FAILED:
            return granting.LeaseFacts(namespace, name, exists=None)
        ending = (found.get("status") or {}).get("phase") == "Terminating"
        return granting.LeaseFacts(namespace, name, exists=True, ending=ending)


KUBERNETES: tuple[Check[KubernetesReads], ...] = (
    check("API server", KubernetesReads.server, granting.server),
    check("CRD", KubernetesReads.crd, granting.crd, "API server"),
    check("rights", KubernetesReads.rights, granting.rights, "API server"),
    check("Lease", KubernetesReads.lease, granting.lease, "API server"),
)
