"""What the API reference's createCluster page documents, row by row: a copy by hand, from the page and nothing else.

`coverage_page` refuses to be made while a row here is sent nowhere. Nothing of the operator is imported, so that the
list cannot agree with a field that was forgotten.
"""

REQUEST = (
    "timestamp", "gid_number", "uid_number", "version_id", "cluster_type", "owner", "zone", "cluster_conf",
    "deploy_mode", "account_service", "app_id", "cluster_id", "cluster_name", "create_time", "cur_cpu", "duration",
    "instance_id", "instance_image", "is_auto_renewal", "nas_id", "nas_path", "paid_type", "password", "pqueue_name",
    "pqueue_type_id", "scheduler_type", "software_info", "status", "status_time", "tasks_running", "tasks_total",
    "user_name",
)  # fmt: skip
"""The table of request parameters, in its order."""

STATE = frozenset(
    {
        "cluster_id", "instance_id", "create_time", "status", "status_time", "cur_cpu", "tasks_running", "tasks_total",
    }
)  # fmt: skip
"""Parameters of that table that read like state; in the spec they stand below `createOnly`."""

REQUIRED = frozenset(REQUEST[:8])
"""Those that the table calls required."""

CONF = (
    "cluster.vxnet", "cluster.name", "cluster.nas_id", "cluster.version",
    "cluster.login.count", "cluster.login.cpu", "cluster.login.memory", "cluster.login.nas_mount_point",
    "env.admin.user", "env.admin.password", "env.admin.user_id", "env.admin.group_id", "env.nas_path", "env.nfs_need",
    "env.nfs_dns", "env.nfs_export", "env.start_hook_on", "env.nfs_local", "env.nfs_network", "version",
)  # fmt: skip
"""What the row cluster_conf shows, and the version where the newer page's example puts it."""

ROLES = ("controller", "compute")
"""Roles of an ehpc cluster, which the page names in words: each has the fields of `cluster.login`."""


def rows() -> list[str]:
    """Every row and every part of cluster_conf, by its path in the request; `cluster_conf` itself is its parts."""
    parts = [f"cluster_conf.{path}" for path in CONF]
    login = [path for path in parts if ".login." in path]
    others = [path.replace(".login.", f".{role}.") for role in ROLES for path in login]
    return [*(row for row in REQUEST if row != "cluster_conf"), *parts, *others]
