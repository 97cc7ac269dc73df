"""What an edit must come to, reckoned from the texts alone: which calls take effect, what stays as it was and why.

Written without the operator's own code: `test_schema_walks` compares the two. It knows the cloud's settings of
`wishing.CLOUD`. Faults and outside changes never come in.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from faults.harness.world import World
from faults.wishing import KEYS, MOST, TABOO, got
from hpc_simulator.calls.configuration import CPUS, MEMORIES

Raw = Mapping[str, Any]
Size = tuple[int, int]
ROLES, CHANGED_ROLES = ("login", "controller", "compute"), ("login", "compute")
CHANGES = ("addNodes", "deleteNodes", "resizeCluster", "startCluster", "stopCluster", "modifyCluster")


@dataclass(frozen=True)
class Truth:
    """What the cluster has. `name` and `description` without marks; sizes are cores and MiB, one for each role."""

    status: str
    counts: Mapping[str, int]
    sizes: Mapping[str, Size]
    name: str
    description: str


def unmarked(text: str, mark: str) -> str:
    """The free part of a text that carries this mark, with its attempt."""
    words = [word for word in text.split(" ") if not word.startswith(mark)]
    *first, last = words or [""]
    return " ".join([*first, last.partition(f"-{mark}")[0]]) if words else ""


def truth(world: World) -> Truth:
    """What the one cluster that the operator made truly has."""
    (cluster,) = (each for each in world.cloud.clusters() if each.cluster_id in world.made())
    found = world.resource()
    assert found is not None
    assert found.memory.mark is not None
    roles: dict[str, set[Size]] = {}
    for node in cluster.nodes:
        roles.setdefault(node.role, set()).add((node.cpu, node.memory))
    assert all(len(sizes) == 1 for sizes in roles.values()), f"a role has nodes of several sizes: {roles}"
    return Truth(
        cluster.status,
        dict(Counter(node.role for node in cluster.nodes)),
        {role: sizes.pop() for role, sizes in roles.items()},
        unmarked(cluster.shown_name(world.cloud.settings), found.memory.mark),
        unmarked(cluster.shown_description(world.cloud.settings), found.memory.mark),
    )


@dataclass
class Expected:
    """What a stop comes to. `refusals`: requests that the service must have refused, by call; `asked_again`: or more.

    `reason` of Ready; `told`: of these words the message has one. `differs`: fields that a plan has, in any order.
    """

    effects: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    asked_again: bool = False
    reason: str = ""
    told: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass
class Reckoning:
    """The cluster as it must be after each stop. `room_code`: what too many nodes are refused with."""

    counts: dict[str, int]
    sizes: dict[str, Size]
    name: str
    description: str
    room_code: int
    status: str = "active"
    refused: dict[str, object] = field(default_factory=dict)

    @property
    def truth(self) -> Truth:
        return Truth(self.status, dict(self.counts), dict(self.sizes), self.name, self.description)

    def stop(self, spec: Raw, *, jobs: bool) -> Expected:
        """What this spec comes to; the reckoning goes on from there."""
        key = got(spec, ("credentialsSecretRef", "name"))
        if key is not None and key not in KEYS:
            return Expected(reason="CredentialsMissing", told=(str(key),))
        if spec.get("managementPolicy", "Full") != "Full":
            differs = tuple(self._differences(spec))
            return Expected(reason="Differs" if differs else self._well, told=differs, differs=differs)
        held = jobs and spec.get("disruptionPolicy") != "Immediate" and spec.get("disruptionDeadline") != "1m"
        return _Step(self, spec, held=held).taken()

    @property
    def _well(self) -> str:
        return "Stopped" if self.status == "stopped" else "Ready"

    def texts(self, spec: Raw) -> tuple[str, str]:
        """Name and description wished: what is left out stays, but a name that is left out is the resource's."""
        name = spec.get("cluster_name") or got(spec, ("cluster_conf", "cluster", "name")) or "demo"
        return name, spec.get("description") or self.description

    def _differences(self, spec: Raw) -> list[str]:
        power = "stopped" if spec.get("power") == "Stopped" else "active"
        found = ["cluster_name"] * (self.texts(spec) != (self.name, self.description))
        found += ["power"] * (power != self.status)
        wished = {role: got(spec, ("cluster_conf", "cluster", role, "count")) for role in CHANGED_ROLES}
        found += [count_of(role) for role in CHANGED_ROLES if wished[role] not in (None, self.counts[role])]
        return found + [size_field(role) for role in ROLES if size(spec, role) != self.sizes[role]]


def count_of(role: str) -> str:
    return f"cluster_conf.cluster.{role}.count"


def size_field(role: str) -> str:
    return f"cluster_conf.cluster.{role}"


def size(spec: Raw, role: str) -> Size:
    return got(spec, ("cluster_conf", "cluster", role, "cpu")), got(spec, ("cluster_conf", "cluster", role, "memory"))


class _Step:
    """One stop under Full: names, then power, then fewer nodes, sizes, more nodes; what is refused locks no door."""

    def __init__(self, at: Reckoning, spec: Raw, *, held: bool) -> None:
        self.at, self.spec, self.held = at, spec, held
        self.expected = Expected()
        self.waits: list[tuple[str, str]] = []
        self.blocks: list[tuple[str, str]] = []

    def taken(self) -> Expected:
        self._texts()
        if self._power():
            for role in CHANGED_ROLES:
                self._count(role, fewer=True)
            for role in ROLES:
                self._size(role)
            for role in CHANGED_ROLES:
                self._count(role, fewer=False)
        said = [*self.waits, *self.blocks]
        self.expected.reason = said[0][0] if said else self.at._well
        first = self.waits or self.blocks
        self.expected.told = tuple(word for reason, word in first if reason == self.expected.reason)
        return self.expected

    def _do(self, call: str, field_name: str) -> bool:
        self.expected.effects[call] += 1
        self.at.refused.pop(field_name, None)
        return True

    def _refuse(self, call: str, field_name: str, wish: object, code: int = 1101) -> None:
        slow = code == 2500
        if self.at.refused.get(field_name) != wish:
            self.expected.refusals[call] += 1
            self.at.refused[field_name] = wish
        self.expected.asked_again |= slow
        (self.waits if slow else self.blocks).append(("ResourceQuotaExceeded" if slow else "ChangeRefused", field_name))

    def _texts(self) -> None:
        wish = self.at.texts(self.spec)
        if wish == (self.at.name, self.at.description):
            return
        if any(TABOO in text for text in wish):
            self._refuse("modifyCluster", "cluster_name", wish)
            self.blocks.append(("ChangeRefused", "description"))
        elif self._do("modifyCluster", "cluster_name"):
            self.at.name, self.at.description = wish

    def _power(self) -> bool:
        """Whether it runs, so that nodes and sizes can be changed."""
        if self.spec.get("power") == "Stopped" and self.at.status == "active":
            if self.held:
                self.waits.append(("WaitingForJobs", "power"))
                return False
            self._do("stopCluster", "power")
            self.at.status = "stopped"
        elif self.spec.get("power") != "Stopped" and self.at.status == "stopped":
            self._do("startCluster", "power")
            self.at.status = "active"
        return self.at.status == "active"

    def _count(self, role: str, *, fewer: bool) -> None:
        wish, has = got(self.spec, ("cluster_conf", "cluster", role, "count")), self.at.counts[role]
        if wish is None or wish == has or (wish < has) is not fewer:
            return
        if fewer and self.held:
            self.waits.append(("WaitingForJobs", count_of(role)))
        elif wish > MOST:
            self._refuse("addNodes", count_of(role), wish, self.at.room_code)
        elif self._do("deleteNodes" if fewer else "addNodes", count_of(role)):
            self.at.counts[role] = wish

    def _size(self, role: str) -> None:
        wish = size(self.spec, role)
        if wish == self.at.sizes[role]:
            return
        good = wish[0] in CPUS and wish[1] in MEMORIES
        if self.held and self.at.refused.get(size_field(role)) != wish:
            self.waits.append(("WaitingForJobs", size_field(role)))
        elif not good:
            self._refuse("resizeCluster", size_field(role), wish)
        elif self._do("resizeCluster", size_field(role)):
            self.at.sizes[role] = wish
