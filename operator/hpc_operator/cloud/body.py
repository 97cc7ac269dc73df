"""What createCluster is sent: from our request to the documented JSON. Pure.

May be imported by `cloud.client` only. Must never come in: defaults that cost money, anything of the answer. Source:
API reference, createCluster page. The result contains passwords: it is never logged.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from hpc_operator.domain.desired import ClusterConf, Role
from hpc_operator.reconcile.ports import CreateRequest

Json: TypeAlias = str | int | bool | list[str] | dict[str, "Json"]


def text(body: Mapping[str, Json]) -> str:
    """The exact text that is signed and sent: as the reference's sample code writes it."""
    return json.dumps(body)


def create_body(
    request: CreateRequest, *, env_defaults: Mapping[str, str | int] = MappingProxyType({}), conf_as_text: bool = False
) -> dict[str, Json]:
    """The body of createCluster. `conf_as_text`: cluster_conf as a string of JSON, as the page's table says.

    What the manifest says comes first; what the operator answers for (names, account, ids, passwords) wins.
    """
    desired, account = request.desired, request.account
    if desired.conf is None or desired.conf.vxnet is None or desired.version_id is None:
        raise ValueError("a create needs version_id and cluster_conf with a vxnet")
    conf = _conf(desired.conf, desired.conf.vxnet, request, env_defaults)
    body: dict[str, Json] = {**desired.create_only, **_terms(desired.parameters)}
    body |= {
        "cluster_type": desired.cluster_type.value,
        "version_id": desired.version_id,
        "zone": account.zone,
        "owner": account.owner,
        "user_id": account.owner,
        "uid_number": request.uid_number,
        "gid_number": request.gid_number,
        "cluster_name": request.name,
        "cluster_conf": json.dumps(conf) if conf_as_text else conf,
    }
    if request.password is not None:
        body["password"] = request.password
    return body


def _terms(parameters: Mapping[str, str | int | bool]) -> dict[str, Json]:
    """The optional parameters. How it is paid is always said; the manifest's silence means for use, without a term."""
    terms = {"paid_type": "PayForUsed", "duration": 0, "is_auto_renewal": 0, **parameters}
    return {name: int(value) if isinstance(value, bool) else value for name, value in terms.items()}


def _conf(
    conf: ClusterConf, vxnet: str, request: CreateRequest, env_defaults: Mapping[str, str | int]
) -> dict[str, Json]:
    cluster: dict[str, Json] = {"vxnet": vxnet, "name": request.name}
    if conf.nas_id is not None:
        cluster["nas_id"] = conf.nas_id
    if conf.cluster_version is not None:
        cluster["version"] = conf.cluster_version
    cluster |= {name: _role(role) for name, role in conf.roles.items()}
    ids = {"admin.user_id": request.uid_number, "admin.group_id": request.gid_number}
    whole: dict[str, Json] = {
        "cluster": cluster,
        "env": {**env_defaults, **ids, **conf.env, "admin.password": request.admin_password},
    }
    if conf.conf_version is not None:
        whole["version"] = conf.conf_version
    return whole


def _role(role: Role) -> dict[str, Json]:
    sizes: dict[str, Json] = {"count": 1 if role.count is None else role.count, "cpu": role.cpu, "memory": role.memory}
    return sizes if role.nas_mount_point is None else {**sizes, "nas_mount_point": role.nas_mount_point}
