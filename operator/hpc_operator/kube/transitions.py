"""What a create needs, and what may change once it began: rules that see the old object or the status.

`kube.crd` writes them into the root of the CRD. From the intent on, whatever is not on the closed list of changeable
fields stays as it is; a refused or void create leaves neither operation nor id, so its spec can be mended.

CEL sees no annotation, so an adoption cannot be told from a create: who adopts a cluster without giving the fields of
a create begins with managementPolicy Observe or Plan; once the id is in status they are not demanded any more. A rule
that demands something looks away when the spec is unchanged: it must never make a status write fail.
"""

from dataclasses import dataclass

from hpc_operator.kube.fields import leaves, present, select
from hpc_operator.kube.memory_schema import ROLES
from hpc_operator.kube.rules import MARK, MARK_MESSAGE, Rule, unmarked
from hpc_operator.kube.schema import Spec


@dataclass(frozen=True, slots=True)
class Created:
    """A resource that is just being created: what the root's claims are about then. `name` "": the server makes one."""

    name: str
    spec: Spec


CHANGEABLE = frozenset(
    {
        "cluster_name", "cluster_conf.cluster.name", "description", "power", "disruptionPolicy", "disruptionDeadline",
        "deletionPolicy", "deletionProtection", "managementPolicy", "createTimeout", "credentialsSecretRef.name",
        "cluster_conf.cluster.login.count", "cluster_conf.cluster.compute.count",
        *(f"cluster_conf.cluster.{role}.{size}" for role in ROLES for size in ("cpu", "memory")),
    }
)  # fmt: skip
"""Leaves that may be edited at any time; the edit is obeyed. A count may also go: then it is an autoscaler's."""

CLAIM = "cannot be changed once its cluster is being created or exists"

REFUSED = frozenset({"password", "cluster_conf.env.admin.password"})
"""Leaves that are refused always."""

FIXED = frozenset({"cluster_conf.cluster.controller.count"})
"""Leaves with one legal value, which is also what their absence means: another one is refused always."""

_OPTIONAL_ROLES = tuple(("cluster_conf", "cluster", role) for role in ROLES if role != "login")

_BEGUN = "(oldSelf.?status.?operation.hasValue() || oldSelf.?status.?hpc_cluster_id.hasValue())"
_NEEDED = (
    "version_id",
    "cluster_conf",
    "cluster_conf.cluster.vxnet",
    "cluster_conf.cluster.controller",
    "cluster_conf.cluster.compute",
)


def _kept(path: tuple[str, ...]) -> str:
    """CEL: this leaf is as it was; a role is there if it was."""
    new, old = present("self.spec", path), present("oldSelf.spec", path)
    if path in _OPTIONAL_ROLES:
        return f"(({new}) == ({old}))"
    same = f"{select('self.spec', path)} == {select('oldSelf.spec', path)}"
    return f"({same})" if new == "true" else f"({new} ? {old} && {same} : !({old}))"


def _frozen(path: tuple[str, ...]) -> str:
    """CEL: the leaf's name when it changed, else nothing. (The server cannot bound the cost of joining a list.)"""
    return f"({_kept(path)} ? '' : ' {'.'.join(path)}')"


def _needed(path: str) -> Rule[Created]:
    optional = ".?".join(path.split("."))
    role, inner = path.endswith(ROLES), path.count(".") > 0
    kind = "an ehpc" if role else "a"
    unless = "self.spec.cluster_type != 'ehpc' || " if role else ""
    unless += "!has(self.spec.cluster_conf) || " if inner else ""
    return Rule(
        f".spec.{path}",
        "self.spec.?managementPolicy.orValue('Full') != 'Full' || self.?status.?hpc_cluster_id.hasValue() || "
        f"{unless}self.spec.?{optional}.hasValue() || oldSelf.hasValue() && oldSelf.value().spec == self.spec",
        f"{path} is needed to create {kind} cluster: only managementPolicy Observe or Plan does without",
        "FieldValueRequired",
        lambda c: (
            c.spec.management_policy in ("Observe", "Plan")
            or (role and c.spec.cluster_type != "ehpc")
            or (inner and c.spec.cluster_conf is None)
            or _given(c.spec, path)
        ),
        optional_old=True,
    )


def _given(spec: Spec, path: str) -> bool:
    found: object = spec
    for name in path.split("."):
        found = getattr(found, name, None)
    return found is not None


FROZEN = (
    *(path for path in leaves() if ".".join(path) not in CHANGEABLE | REFUSED | FIXED),
    *_OPTIONAL_ROLES,
)
"""Leaves that stay as they are from the intent on, and the roles that a cluster has or has not."""

_AS_IT_WAS: Rule[Created] = Rule(
    ".spec",
    f"!{_BEGUN} || self.spec == oldSelf.spec || {' && '.join(map(_kept, FROZEN))}",
    f"{CLAIM}: only fields that say so can",
    "FieldValueForbidden",
    names=f"'{CLAIM}:' + {' + '.join(map(_frozen, FROZEN))}",
)
"""One rule for all: a rule for each field was three quarters of what a write of the status cost the API server."""

ROOT_RULES: tuple[Rule[Created], ...] = (
    Rule(
        ".metadata.name",
        f"oldSelf.hasValue() || !self.metadata.name.matches('{MARK}')",
        f"metadata.name {MARK_MESSAGE}",
        holds=lambda c: unmarked(c.name),
        optional_old=True,
    ),
    *map(_needed, _NEEDED),
    _AS_IT_WAS,
)
"""Claims that need the old object, the name or the status; their place in the CRD is its root."""
