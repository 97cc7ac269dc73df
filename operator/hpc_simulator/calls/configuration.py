"""cluster_conf of a create: its two forms, its roles, its bounds.

Lives here: reading and checking of the configuration. `create` imports it.
Never comes in: the rest of the create, state.
"""

import re
from dataclasses import dataclass

from hpc_simulator.calls import parameters
from hpc_simulator.envelope import Fields, Refused
from hpc_simulator.request import read_json
from hpc_simulator.settings import Settings

CPUS = (1, 2, 4, 8, 12, 26)
MEMORIES = (2048, 4096, 12288, 24576, 40960, 81920)
ROLES = {"hpc": ("login",), "ehpc": ("login", "controller", "compute")}

_USER = re.compile(r"[a-z][a-z0-9]{3,12}")
_PASSWORD = re.compile(r"[A-Za-z0-9!@#$%^&*()]{4,32}")
_STRICT_PASSWORD = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])(?=.*[!@#$%^&*()])[A-Za-z0-9!@#$%^&*()]{12,30}")
"""The app schema's rule for admin.password, and the user API's."""


@dataclass(frozen=True, slots=True)
class Role:
    """One role's nodes; memory in MiB."""

    name: str
    count: int
    cpu: int
    memory: int
    mount_point: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the create needs of cluster_conf."""

    name: str
    vxnet: str
    nas_id: str
    nas_path: str
    roles: tuple[Role, ...]


def read_configuration(fields: Fields, cluster_type: str, settings: Settings) -> Configuration:
    """Read cluster_conf, an object or a string of JSON.

    Raises Refused: 1101 for a missing field or a wrong type, 8000 for a configuration that cannot be.
    """
    conf = _object(fields, "cluster_conf")
    cluster = _object(conf, "cluster")
    env = _object(conf, "env") if "env" in conf else {}
    _check_env(env, settings)
    for place in (conf, cluster):
        parameters.text_or(place, "version")
    unknown = {"login", "controller", "compute"} & cluster.keys() - set(ROLES[cluster_type])
    if unknown:
        raise Refused(8000, f"{cluster_type} has no {', '.join(sorted(unknown))}")
    return Configuration(
        name=parameters.text_or(cluster, "name"),
        vxnet=parameters.text(cluster, "vxnet"),
        nas_id=parameters.text_or(cluster, "nas_id"),
        nas_path=parameters.text_or(env, "nas_path"),
        roles=tuple(_role(cluster, name, settings) for name in ROLES[cluster_type]),
    )


def _object(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    if isinstance(value, str) and name == "cluster_conf":
        try:
            value = read_json(value)
        except ValueError:
            raise Refused(1101, f"{name} is a string, but not of JSON") from None
    if not isinstance(value, dict):
        raise Refused(1101, f"{name} is required, an object")
    return value


def _role(cluster: Fields, name: str, settings: Settings) -> Role:
    given = _object(cluster, name)
    role = Role(
        name=name,
        count=parameters.whole(given, "count"),
        cpu=parameters.whole(given, "cpu"),
        memory=parameters.whole(given, "memory"),
        mount_point=parameters.text_or(given, "nas_mount_point"),
    )
    if not 1 <= role.count <= (1 if name == "controller" else 99):
        raise Refused(8000, f"{name}.count")
    check_size(name, role.cpu, role.memory, settings)
    return role


def check_size(role: str, cpu: int, memory: int, settings: Settings) -> None:
    """Raise Refused(8000) for a size that a role cannot have; `memory` in MiB."""
    least_cpu, least_memory = (2, settings.least_compute_memory) if role == "compute" else (1, 1024)
    if not least_cpu <= cpu <= 1024 or not least_memory <= memory <= 2**24:
        raise Refused(8000, f"{role}: cpu or memory out of bounds")
    if settings.strict_sizes and (cpu not in CPUS or memory not in MEMORIES):
        raise Refused(8000, f"{role}: cpu or memory off the ladder")


def _check_env(env: Fields, settings: Settings) -> None:
    password = _STRICT_PASSWORD if settings.strict_passwords else _PASSWORD
    for name, shape in (("admin.user", _USER), ("admin.password", password)):
        if name in env and not shape.fullmatch(parameters.text(env, name)):
            raise Refused(8000, name)
    for name in ("admin.user_id", "admin.group_id", "nfs_need", "start_hook_on"):
        parameters.whole_or(env, name, 0)
    for name in ("nas_path", "nfs_dns", "nfs_export", "nfs_local", "nfs_network"):
        parameters.text_or(env, name)
