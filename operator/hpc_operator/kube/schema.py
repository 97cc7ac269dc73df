"""The shape of `.spec`: what a person may write, checked where it comes in; the CRD is made from it.

`kube.codec`, `kube.rules` and `kube.crd` import it. Spelling tells whose field it is: `snake_case` names are the HPC
API's, verbatim (API reference, createCluster page), `camelCase` names are Kubernetes' or this operator's. Rules that
speak of several fields live in `rules`; behaviour never comes in here.
"""

from typing import Any, Literal

from pydantic import Field

from hpc_operator.kube import names
from hpc_operator.kube.memory_schema import Strict, api, operator

_TEXT = r"^[^\x00-\x1f\x7f]*$"
_WORD = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_SECRET_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"  # noqa: S105 - a shape, not a password
_SECRET_KEY = r"^[A-Za-z0-9._-]+$"  # noqa: S105 - a shape, not a password
_DURATION = r"^([0-9]{1,3}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$"
_NAME = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
_WHOLE = 2**31 - 1
_POSIX_ID = 2**32 - 2


def _text(text: str, limit: int = 255, pattern: str = _TEXT) -> Any:  # noqa: ANN401 - as pydantic types Field
    return api(text, min_length=1, max_length=limit, pattern=pattern)


def _whole(text: str, most: int = _WHOLE) -> Any:  # noqa: ANN401 - as pydantic types Field
    return api(text, ge=0, le=most)


class RoleFields(Strict):
    """Nodes of one role."""

    count: int | None = api(
        "number of nodes, 1 to 99. Left out at the create it means 1; left out later it means no wish.", ge=1, le=99
    )
    cpu: int = api("CPU cores of each node: documented are 1, 2, 4, 8, 12, 26.", ..., ge=1, le=1024)
    memory: int = api(
        "memory of each node in MiB: documented are 2048, 4096, 12288, 24576, 40960, 81920.", ..., ge=1024, le=4194304
    )
    nas_mount_point: str | None = _text("path where the shared storage is mounted.", 1024)


class ClusterFields(Strict):
    """`cluster_conf.cluster`."""

    vxnet: str | None = api(
        "network of the nodes, `vxnet-…`; needed to create.", max_length=64, pattern=r"^vxnet-[A-Za-z0-9]+$"
    )
    name: str | None = _text("display name; equal to cluster_name where both are given.", 64, _NAME)
    nas_id: str | None = _text("id of the shared storage's mount.", 64, _WORD)
    version: str | None = _text("version of the cluster, where the older page puts it.", 64, _WORD)
    login: RoleFields = api("login nodes; every cluster has them.", ...)
    controller: RoleFields | None = api("the controller node of an ehpc cluster; its count is 1.")
    compute: RoleFields | None = api("compute nodes of an ehpc cluster; at least 2 cores and 4096 MiB.")


class EnvFields(Strict):
    """`cluster_conf.env`."""

    admin_user: str | None = api(
        "name of the cluster's administrator.", alias="admin.user", pattern="^[a-z][a-z0-9]{3,12}$"
    )
    admin_password: str | None = api(
        "refused here, so that no password stands in a manifest: see adminPasswordSecretRef.",
        alias="admin.password",
        max_length=255,
    )
    admin_user_id: int | None = api("numeric user id of the administrator.", alias="admin.user_id", ge=0, le=_POSIX_ID)
    admin_group_id: int | None = api(
        "numeric group id of the administrator.", alias="admin.group_id", ge=0, le=_POSIX_ID
    )
    nas_path: str | None = _text("path of the shared storage.", 1024)
    nfs_need: Literal[0, 1] | None = api("1: mount the shared software library.")
    nfs_dns: str | None = _text("name server of the software library.", 253, r"^[A-Za-z0-9.:-]+$")
    nfs_export: str | None = _text("export of the software library, `host:/path`.", 1024)
    start_hook_on: Literal[0, 1] | None = api("1: run the platform's start hook.")
    nfs_local: str | None = _text("path where the software library is mounted.", 1024)
    nfs_network: str | None = _text("network of the software library, in CIDR notation.", 64, r"^[0-9A-Fa-f.:/]+$")


class ConfFields(Strict):
    """`cluster_conf`."""

    cluster: ClusterFields = api("network, storage and nodes.", ...)
    env: EnvFields | None = api("administrator and shared software library.")
    version: str | None = _text("version of the cluster, where the newer page puts it.", 64, _WORD)


class CreateOnlyFields(Strict):
    """Documented as request parameters though they read like state."""

    status: str | None = _text("sent once, verbatim, never compared.")
    status_time: str | None = _text("sent once, verbatim, never compared.")
    create_time: str | None = _text("sent once, verbatim, never compared.")
    cluster_id: str | None = _text("sent once, verbatim; this is not how a cluster is adopted.", 64, names.ID_PATTERN)
    instance_id: str | None = _text("sent once, verbatim, never compared.", 64, names.ID_PATTERN)
    cur_cpu: int | None = _whole("sent once, verbatim, never compared.")
    tasks_running: int | None = _whole("sent once, verbatim, never compared.")
    tasks_total: int | None = _whole("sent once, verbatim, never compared.")


class SecretKeyFields(Strict):
    """One key of a Secret in the resource's namespace."""

    name: str = operator("name of the Secret, in this namespace.", ..., max_length=253, pattern=_SECRET_NAME)
    key: str = operator("key in the Secret.", ..., max_length=253, pattern=_SECRET_KEY)


class SecretFields(Strict):
    """A Secret in the resource's namespace."""

    name: str = operator("name of the Secret, in this namespace.", ..., max_length=253, pattern=_SECRET_NAME)


class Spec(Strict):
    """What a person wishes."""

    cluster_type: Literal["hpc", "ehpc"] = api("kind of cluster.", ...)
    version_id: str | None = _text("version of the cluster, `appv-…`; needed to create.", 64, _WORD)
    deploy_mode: Literal["1", "2"] | None = api("1: standard, 2: slim; hpc has only 1.")
    paid_type: Literal["Reserved", "PayForUsed"] | None = api("how it is paid: by the month, or for what is used.")
    duration: int | None = api("months paid in advance with Reserved: 1, 3, 6, 12, 36 or 70.", ge=0, le=70)
    is_auto_renewal: Literal[0, 1] | None = api("1: a Reserved term is renewed by itself.")
    zone: str | None = api(
        "zone; left out: the operator's, or that of the credentials Secret.", pattern=names.ZONE_PATTERN
    )
    owner: str | None = api(
        "owner, `usr-…`; left out: the operator's, or that of the credentials Secret.", pattern=names.OWNER_PATTERN
    )
    uid_number: int | None = _whole("user id of the owner; left out: read from the API.", _POSIX_ID)
    gid_number: int | None = _whole("group id of the owner; left out: read from the API.", _POSIX_ID)
    cluster_name: str | None = _text(
        "name of the cluster; a mark is added, and of the name about 20 characters stay. Left out: metadata.name.",
        64,
        _NAME,
    )
    description: str | None = api(
        "description of the cluster; written by modifyCluster.", max_length=512, pattern=_TEXT
    )
    cluster_conf: ConfFields | None = api("network, storage, nodes and environment; needed to create.")
    account_service: str | None = _text("account service.")
    app_id: str | None = _text("application id of the cluster.", 64, _WORD)
    instance_image: str | None = _text("image of the instances.")
    nas_id: str | None = _text("id of the shared storage.", 64, _WORD)
    nas_path: str | None = _text("path of the shared storage.", 1024)
    password: str | None = api(
        "refused here, so that no password stands in a manifest: see passwordSecretRef.", max_length=255
    )
    pqueue_name: str | None = _text("name of the private queue.")
    pqueue_type_id: str | None = _text("type id of the private queue.", 64, _WORD)
    scheduler_type: str | None = _text("type of the scheduler.")
    software_info: str | None = _text("software information.", 4096)
    user_name: str | None = _text("user name.")
    create_only: CreateOnlyFields | None = operator(
        "createCluster parameters that read like state: sent once, never compared.", alias="createOnly"
    )
    admin_password_secret_ref: SecretKeyFields | None = operator(
        'where env."admin.password" comes from; left out: generated into the Secret <name>-admin.',
        alias="adminPasswordSecretRef",
    )
    password_secret_ref: SecretKeyFields | None = operator(
        "where the parameter password comes from; left out: it is not sent.", alias="passwordSecretRef"
    )
    credentials_secret_ref: SecretFields | None = operator(
        "Secret with access_key_id and secret_access_key for this resource (optional: owner, zone); "
        "left out: the operator's own.",
        alias="credentialsSecretRef",
    )
    power: Literal["Running", "Stopped"] | None = operator(
        "Running (when left out), or Stopped: its nodes are stopped, and what is kept stays."
    )
    disruption_policy: Literal["WhenIdle", "Immediate"] | None = operator(
        "WhenIdle (when left out): fewer nodes, another size and a stop wait until no job runs or waits; "
        "Immediate: jobs are ended.",
        alias="disruptionPolicy",
    )
    disruption_deadline: str | None = Field(
        None,
        description="Operator: how long such a change waits for jobs at most, as in 8h or 30m; "
        "left out: as long as there are any.",
        alias="disruptionDeadline",
        min_length=2,
        max_length=16,
        pattern=_DURATION,
    )
    deletion_policy: Literal["Delete", "Retain"] | None = operator(
        "whether the cluster goes with its resource; left out: Delete for one that was created here, else Retain.",
        alias="deletionPolicy",
    )
    deletion_protection: bool | None = operator("true: deleteCluster is refused.", alias="deletionProtection")
    management_policy: Literal["Full", "Observe", "Plan"] | None = operator(
        "Full (when left out); Observe: nothing is ever called that changes anything; Plan: the same, and status.plan "
        "lists what would be.",
        alias="managementPolicy",
    )
    create_timeout: str | None = Field(
        None,
        description="Operator: how long a new cluster may take to become active, as in 90m or 1h30m; left out: 60m.",
        alias="createTimeout",
        min_length=2,
        max_length=16,
        pattern=_DURATION,
    )


PASSED_ON = (
    "deploy_mode", "paid_type", "duration", "is_auto_renewal", "account_service", "app_id", "instance_image", "nas_id",
    "nas_path", "pqueue_name", "pqueue_type_id", "scheduler_type", "software_info", "user_name",
)  # fmt: skip
"""Parameters of createCluster that are passed on as they are."""
