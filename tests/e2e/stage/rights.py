"""Who an operator of a stage is: a ServiceAccount on the genuine server, with the roles that the chart gives it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stage import chart
from stage.chart import Scope
from stage.kube import Kube
from stage.waiting import until

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PLACES = {
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
    "Role": (_RBAC, "roles"),
    "RoleBinding": (_RBAC, "rolebindings"),
    "ClusterRole": (_RBAC, "clusterroles"),
    "ClusterRoleBinding": (_RBAC, "clusterrolebindings"),
}
_ROLES = ("Role", "ClusterRole")


@dataclass(frozen=True)
class Granted:
    """One verb on one kind, as a role grants it: in a namespace (None: in all), on one name or (None) on every one."""

    verb: str
    group: str
    resource: str
    namespace: str | None
    name: str | None = None

    @property
    def kind(self) -> str:
        """As `doctor` names it: `hpcclusters.hpc.qingcloud.com/status`."""
        resource, slash, subresource = self.resource.partition("/")
        return f"{resource}.{self.group}{slash}{subresource}" if self.group else self.resource

    def attributes(self) -> dict[str, str]:
        """How a SubjectAccessReview asks for it."""
        resource, _, subresource = self.resource.partition("/")
        asked = {"namespace": self.namespace, "name": self.name, "subresource": subresource}
        return {"verb": self.verb, "group": self.group, "resource": resource} | {k: v for k, v in asked.items() if v}


def granted(objects: Iterable[dict[str, Any]]) -> list[Granted]:
    """Everything that the roles among these objects grant, one verb each."""
    return [
        Granted(verb, group, resource, role["metadata"].get("namespace"), name)
        for role in objects
        if role["kind"] in _ROLES
        for rule in role["rules"] or []
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames") or (None,)
        for verb in rule["verbs"]
    ]


def without(objects: list[dict[str, Any]], *taken: Granted) -> list[dict[str, Any]]:
    """The same objects, but for what is taken away; each rule that is left grants one verb."""
    return [
        role | {"rules": [_rule(each) for each in granted([role]) if each not in taken]}
        if role["kind"] in _ROLES
        else role
        for role in objects
    ]


def _rule(right: Granted) -> dict[str, Any]:
    names = {"resourceNames": [right.name]} if right.name else {}
    return {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb], **names}


def store(kube: Kube, objects: Iterable[dict[str, Any]]) -> None:
    """Put each object there as it is, whether there was one of its name or not."""
    for made in objects:
        base, plural = _PLACES[made["kind"]]
        namespace = made["metadata"].get("namespace")
        kube.store(f"{base}/namespaces/{namespace}/{plural}" if namespace else f"{base}/{plural}", made)


def of(scope: Scope) -> list[Granted]:
    """Every right that the chart gives an operator of this scope."""
    return granted(chart.objects(scope))


def give(kube: Kube, scope: Scope, but: Iterable[Granted] = ()) -> None:
    """Store what the chart renders for this scope, but for some rights, and return once exactly that counts."""
    missing = list(but)
    store(kube, without(chart.objects(scope), *missing))

    def counts() -> bool:
        return all(kube.may(scope.user, right.attributes()) is (right not in missing) for right in of(scope))

    until(f"{scope.user} has its rights", counts, pause=0.02)


def install(kube: Kube, scope: Scope) -> str:
    """Give it all that the chart gives, and answer a token of the ServiceAccount."""
    give(kube, scope)
    return kube.token_of(scope.home, scope.name)
