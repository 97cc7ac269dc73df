"""Every right that the operator uses in Kubernetes, as a table, and how the server is asked for one.

`doctor` asks for each; a role for the operator is right when it grants exactly these, as the chart does (compared by
tests/e2e/test_rights.py; docs/security.md says what each is for). Pure. Whoever adds a request to this room adds its
right here.

No Secret is ever deleted, yet `delete` is needed where the admission plugin OwnerReferencesPermissionEnforcement is on:
who changes the owners of an object must be allowed to delete it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hpc_operator.kube import names

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
"""POSTed to, but nothing is stored: the answer is the whole effect."""


class Where(StrEnum):
    """In which namespace a right is needed. `SECRETS`: in those of the served ones whose Secrets it may have."""

    SERVED = "served"
    SECRETS = "secrets"
    LEASE = "lease"


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one kind. `by_name`: only for the Lease's own name, so that a role may be narrowed to it."""

    verb: str
    group: str
    resource: str
    where: Where = Where.SERVED
    subresource: str = ""
    by_name: bool = False

    @property
    def kind(self) -> str:
        """As a role and kubectl name it: `hpcclusters.hpc.qingcloud.com/status`."""
        whole = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{whole}/{self.subresource}" if self.subresource else whole

    def review(self, namespace: str | None, name: str | None = None) -> dict[str, Any]:
        """The SelfSubjectAccessReview; namespace None: in all namespaces."""
        asked = {
            "verb": self.verb,
            "group": self.group,
            "resource": self.resource,
            "subresource": self.subresource,
            "namespace": namespace or "",
            "name": (name or "") if self.by_name else "",
        }
        attributes = {key: value for key, value in asked.items() if value}
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }


_LEASES = "coordination.k8s.io"
RIGHTS: tuple[Right, ...] = (
    Right("get", names.GROUP, names.PLURAL),
    Right("list", names.GROUP, names.PLURAL),
    Right("watch", names.GROUP, names.PLURAL),
    Right("patch", names.GROUP, names.PLURAL),
    Right("patch", names.GROUP, names.PLURAL, subresource="status"),
    Right("get", "", "secrets", Where.SECRETS),
    Right("create", "", "secrets", Where.SECRETS),
    Right("patch", "", "secrets", Where.SECRETS),
    Right("delete", "", "secrets", Where.SECRETS),
    Right("create", "events.k8s.io", "events"),
    Right("get", _LEASES, "leases", Where.LEASE, by_name=True),
    Right("create", _LEASES, "leases", Where.LEASE),
    Right("update", _LEASES, "leases", Where.LEASE, by_name=True),
)
