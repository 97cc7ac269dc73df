"""The API's other calls: which module makes each, or why none does.

`used_by` is a module of the operator that names the call; a test looks there. What is unused must be named nowhere.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Used:
    """A call that is made: its parameters as they are sent, what for, the module that makes it, and tests."""

    call: str
    sent: str
    purpose: str
    used_by: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unused:
    """Calls that are never made, and why."""

    calls: tuple[str, ...]
    why: str


_CALLS = "tests/unit/cloud/test_cloud_calls.py"
_OBSERVER = "tests/unit/cloud/test_cloud_observer.py"
_CHANGE = "tests/unit/cloud/test_cloud_changes.py::test_each_change_says_what_its_page_says"
_CLIENT = "operator/hpc_operator/cloud/client.py"
_CHANGES = "operator/hpc_operator/cloud/changes.py"
_READS = f"{_CALLS}::test_reads_say_limit_offset_and_order_out_loud"

USED = (
    Used(
        "GET /cluster/list",
        "query: zone, owner, limit, offset, sort_key, reverse; cluster_id or status where one is asked for",
        "to see what there is: before a create, in doubt, at each look, before a release",
        _CLIENT,
        (_READS, f"{_OBSERVER}::test_a_list_of_any_length_is_seen_whole"),
    ),
    Used(
        "GET /cluster/listNodes",
        "query: zone, cluster_id, limit, offset",
        "to count nodes, before each change of them and after it",
        _CLIENT,
        (f"{_OBSERVER}::test_all_nodes_are_seen_each_as_it_is",),
    ),
    Used(
        "GET /operation",
        "query: zone, owner, limit, offset, reverse; resource_ids where one cluster is asked for",
        "the second witness of a call whose answer was lost; whether an operation runs; how a job ended",
        _CLIENT,
        (_READS, f"{_OBSERVER}::test_the_log_is_read_down_past_since_and_no_further"),
    ),
    Used(
        "GET /permission/{user_id}",
        "path: owner; query: zone",
        "the uid and gid that a create must name",
        _CLIENT,
        (f"{_CALLS}::test_the_owner_in_the_path_is_signed_and_sent_alike",),
    ),
    Used(
        "POST /cluster/deleteCluster",
        "body: cluster_ids (one), run_user (the owner), zone",
        "when the resource goes and its policy says Delete; when `recreate` names a failed create",
        _CLIENT,
        (f"{_CALLS}::test_delete_and_rename_say_what_the_pages_say",),
    ),
    Used(
        "POST /cluster/modifyCluster",
        "body: cluster_id, zone, cluster_name (marked), description",
        "a new name or description; to mark an adopted cluster",
        _CLIENT,
        (f"{_CALLS}::test_delete_and_rename_say_what_the_pages_say",),
    ),
    Used(
        "POST /cluster/addNodes",
        "body: cluster_id, zone, node_role, node_count",
        "more nodes; node_name, private_ips and resource_conf are not in the spec and not sent",
        _CHANGES,
        (_CHANGE,),
    ),
    Used(
        "POST /cluster/deleteNodes",
        "body: cluster_id, zone, node_ids",
        "fewer nodes, each by its id",
        _CHANGES,
        (_CHANGE, "tests/unit/cloud/test_cloud_changes.py::test_a_change_that_lacks_something_is_not_sent"),
    ),
    Used(
        "POST /cluster/resizeCluster",
        "body: cluster_id, zone, node_role, cpu, memory",
        "another size; instance_class and storage_size are not in the spec and not sent",
        _CHANGES,
        (_CHANGE,),
    ),
    Used(
        "POST /cluster/startCluster",
        "body: cluster_ids (one), zone",
        "`power: Running` of one that is stopped",
        _CHANGES,
        (_CHANGE,),
    ),
    Used("POST /cluster/stopCluster", "body: cluster_ids (one), zone", "`power: Stopped`", _CHANGES, (_CHANGE,)),
)

UNUSED = (
    Unused(
        ("POST /cluster/restartNodes",),
        "a restart is an act and no state that a manifest could wish; the console does it",
    ),
    Unused(
        (
            "POST /queue/ehpc/addQueue", "POST /queue/ehpc/modifyQueue", "POST /queue/ehpc/delQueue",
            "POST /queue/ehpc/addNodes", "POST /queue/ehpc/removeNodes", "GET /queue/describeQueue",
        ),
        "queues of an ehpc cluster are not part of the resource; its scheduler is left to those who use it",
    ),
    Unused(
        ("POST /queue/bindPrivateQueue", "POST /queue/unbindPrivateQueue"),
        "a private queue is bought apart from the cluster; one that exists is named at the create by `pqueue_name` and "
        "`pqueue_type_id`",
    ),
    Unused(
        ("GET /user", "POST /user/addUser", "POST /user/modifyUser", "POST /user/deleteUser"),
        "people of a cluster are not part of the resource, and their passwords would have to be",
    ),
    Unused(
        (
            "POST /job/submitJob", "GET /job/jobdetail/{job_uuid}", "listJobs", "stopJobs",
            "deleteJobs",
        ),
        "jobs are the users'; whether any runs is read from the counters of `/cluster/list`",
    ),
)  # fmt: skip
