"""What a person wishes: the parsed HpcCluster resource, without its memory.

Everybody may import this module. Raw Kubernetes or API dictionaries never come in: `kube.schema` parses once.
Times are seconds since the epoch (`Instant`), durations are seconds.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Instant: TypeAlias = float
Scalar: TypeAlias = str | int | bool


def stored(instant: Instant) -> Instant:
    """The instant as a status can hold it: whole milliseconds, never later than it was."""
    return math.floor(instant * 1000) / 1000


class ClusterType(StrEnum):
    """The API's `cluster_type`; also the prefix of a cluster's id."""

    HPC = "hpc"
    EHPC = "ehpc"


class DeletionPolicy(StrEnum):
    """What happens to the cluster when its resource is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


class ManagementPolicy(StrEnum):
    """How far the operator may go: everything, looking only, or looking and saying what it would do."""

    FULL = "Full"
    OBSERVE = "Observe"
    PLAN = "Plan"


class Power(StrEnum):
    """Whether the cluster is to run."""

    RUNNING = "Running"
    STOPPED = "Stopped"


class DisruptionPolicy(StrEnum):
    """When a change that ends running jobs may be made."""

    WHEN_IDLE = "WhenIdle"
    IMMEDIATE = "Immediate"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which resource: namespace and name are reused by a successor, the uid never is."""

    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        """`namespace/name`, as people write it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One key of a Secret in the resource's namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Role:
    """Nodes of one role: `memory` in MiB, `count` None where the manifest has no wish."""

    count: int | None
    cpu: int
    memory: int
    nas_mount_point: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterConf:
    """`cluster_conf` of createCluster; names of fields are the API's (API reference, createCluster page)."""

    vxnet: str | None
    name: str | None
    nas_id: str | None
    cluster_version: str | None
    conf_version: str | None
    roles: Mapping[str, Role]
    env: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Orders:
    """What people ask by annotation; each is None when it is not asked."""

    adopt: str | None = None
    take_over: str | None = None
    create_beside: tuple[str, ...] = ()
    recreate: str | None = None
    paused: bool = False
    reconcile_at: str | None = None


@dataclass(frozen=True, slots=True)
class Desired:
    """The spec. `parameters`: the other createCluster parameters by API name; `create_only`: those sent once."""

    cluster_type: ClusterType
    version_id: str | None
    conf: ClusterConf | None
    zone: str | None = None
    owner: str | None = None
    uid_number: int | None = None
    gid_number: int | None = None
    cluster_name: str | None = None
    description: str | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    create_only: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    admin_password: SecretKey | None = None
    password: SecretKey | None = None
    credentials_secret: str | None = None
    deletion_policy: DeletionPolicy | None = None
    deletion_protection: bool = False
    management_policy: ManagementPolicy = ManagementPolicy.FULL
    create_timeout: float = 3600.0
    power: Power = Power.RUNNING
    disruption_policy: DisruptionPolicy = DisruptionPolicy.WHEN_IDLE
    disruption_deadline: float | None = None

    def free_name(self, resource_name: str) -> str:
        """The person's part of the cluster's name: cluster_name, else cluster_conf's, else metadata.name."""
        return self.cluster_name or (self.conf.name if self.conf else None) or resource_name
