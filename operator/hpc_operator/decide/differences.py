"""What of the manifest the cluster does not show: one list, in the order in which it is put right. Pure.

`living` carries out the first that may be, `report` writes them all as the plan. Behaviour (when, how often, after
whom) lives in `changing`. Nodes are compared with what was counted last; `counting` makes sure before anything is done.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hpc_operator.decide import guards, naming
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import Describe
from hpc_operator.domain.desired import Power
from hpc_operator.domain.observed import Cluster
from hpc_operator.domain.record import (
    NodeCount,
    OperationAction,
    Plan,
    PlannedChange,
    field_of,
    size,
)

CHANGED_ROLES = ("login", "compute")
"""Roles whose nodes can be added and deleted (API reference, addNodes)."""

ROLES = ("login", "controller", "compute")

CALLS = {
    OperationAction.ADD_NODES: "addNodes",
    OperationAction.DELETE_NODES: "deleteNodes",
    OperationAction.RESIZE: "resizeCluster",
    OperationAction.START: "startCluster",
    OperationAction.STOP: "stopCluster",
}
INTERRUPTS = frozenset({OperationAction.DELETE_NODES, OperationAction.RESIZE, OperationAction.STOP})
"""What ends jobs that run."""

SHOWN = frozenset(
    {
        "cluster_name", "cluster_conf.cluster.name", "description", "power",
        *(f"cluster_conf.cluster.{role}.count" for role in CHANGED_ROLES),
        *(f"cluster_conf.cluster.{role}.{of}" for role in ROLES for of in ("cpu", "memory")),
    }
)  # fmt: skip
"""Leaves of the spec that a call changes: what the cluster shows of them is compared. The schema walk asks for it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs: what it is and should be, and what is called. `describe`: with modifyCluster."""

    field: str
    was: str
    wish: str
    action: OperationAction | None = None
    role: str | None = None
    describe: Describe | None = None

    @property
    def call(self) -> str:
        """The API's name of the call."""
        return CALLS[self.action] if self.action is not None else "modifyCluster"

    @property
    def interrupts(self) -> bool:
        """Whether it ends jobs that run."""
        return self.action in INTERRUPTS


def differences(scene: Scene, line: Cluster) -> tuple[Difference, ...]:
    """Names first, for they are what the cluster is found by; a stop before what it makes needless; growth last."""
    found = [*_names(scene, line), *_power(scene, line)]
    changes = [*_counts(scene, fewer=True), *_sizes(scene), *_counts(scene, fewer=False)]
    return (*found, *changes)


def _names(scene: Scene, line: Cluster) -> Iterator[Difference]:
    wish = naming.describe(scene, line)
    other = wish.digest != scene.resource.memory.described and not _written(scene, line, wish)
    if other or renamed(scene, line, wish):
        yield Difference("cluster_name", line.name or "", wish.name, describe=wish)


def _written(scene: Scene, line: Cluster, wish: Describe) -> bool:
    """The wish changed, but not what would be written: it was left out of the manifest, or put back."""
    described = scene.resource.memory.described is not None and guards.described_shows(scene)
    return described and (line.name, line.description) == (wish.name, wish.description)


def renamed(scene: Scene, line: Cluster, wish: Describe) -> bool:
    """It showed the name that we wrote, and by a look that is late enough it does not any more.

    An account that does not echo renames never showed it, and is not asked again and again.
    """
    if line.name is None or line.name == wish.name or not guards.described_shows(scene):
        return False
    return scene.resource.status.get("cluster_name") == wish.name


def _power(scene: Scene, line: Cluster) -> Iterator[Difference]:
    wish = scene.resource.desired.power
    if wish is Power.STOPPED and line.status == "active":
        yield Difference("power", Power.RUNNING.value, Power.STOPPED.value, OperationAction.STOP)
    if wish is Power.RUNNING and line.status == "stopped":
        yield Difference("power", Power.STOPPED.value, Power.RUNNING.value, OperationAction.START)


def _counts(scene: Scene, *, fewer: bool) -> Iterator[Difference]:
    for role in CHANGED_ROLES:
        wished, known = _wished(scene, role), _known(scene, role)
        if wished is None or known is None or known.present is None or wished == known.present:
            continue
        if (wished < known.present) is fewer:
            action = OperationAction.DELETE_NODES if fewer else OperationAction.ADD_NODES
            yield Difference(field_of(action, role), str(known.present), str(wished), action, role)


def _wished(scene: Scene, role: str) -> int | None:
    conf = scene.resource.desired.conf
    wish = conf.roles.get(role) if conf is not None else None
    return wish.count if wish is not None else None


def _known(scene: Scene, role: str) -> NodeCount | None:
    return next((count for count in scene.resource.memory.nodes if count.role == role), None)


def _sizes(scene: Scene) -> Iterator[Difference]:
    conf = scene.resource.desired.conf
    for role, wish in conf.roles.items() if conf is not None else ():
        known = _known(scene, role)
        if known is None or None in (has := (known.cpu, known.memory)) or has == (wish.cpu, wish.memory):
            continue
        was = size(known.cpu, known.memory) if known.cpu and known.memory else "not all alike"
        yield Difference(
            field_of(OperationAction.RESIZE, role), was, size(wish.cpu, wish.memory), OperationAction.RESIZE, role
        )


def plan(scene: Scene, line: Cluster) -> Plan:
    """What would be called, and what of the wish no answer carries."""
    lines = (
        PlannedChange(each.field, each.was, each.wish, each.call, each.interrupts) for each in differences(scene, line)
    )
    return Plan(tuple(lines), _unknown(scene))


def _unknown(scene: Scene) -> tuple[str, ...]:
    """What was wished and cannot be compared: no list shows it, or the nodes' answers leave it out."""
    desired = scene.resource.desired
    unknown = [name for name, value in (("version_id", desired.version_id), ("zone", desired.zone)) if value]
    unknown += sorted(desired.parameters)
    if (conf := desired.conf) is None:
        return tuple(unknown)
    unknown += [
        f"cluster_conf.{name}"
        for name, value in (
            ("cluster.vxnet", conf.vxnet), ("cluster.nas_id", conf.nas_id),
            ("cluster.version", conf.cluster_version), ("version", conf.conf_version)
        )
        if value
    ]  # fmt: skip
    unknown += [f"cluster_conf.env.{name}" for name in sorted(conf.env)]
    for role, wish in conf.roles.items():
        known = _known(scene, role)
        if wish.nas_mount_point:
            unknown.append(f"cluster_conf.cluster.{role}.nas_mount_point")
        if known is None or known.cpu is None or known.memory is None:
            unknown += [f"cluster_conf.cluster.{role}.cpu", f"cluster_conf.cluster.{role}.memory"]
        if wish.count is not None and (known is None or known.present is None) and role in CHANGED_ROLES:
            unknown.append(f"cluster_conf.cluster.{role}.count")
    return tuple(unknown)
