"""What accounts may be like where the API contract is silent or contradicts itself: the simulator's settings at work.

`QUIRKS`: a resource lives in each as it does without. `CLOSED`: nothing can be done there, and nothing is. A setting of
the simulator that stands in neither has its reason in `EXCUSED`.
"""

import random  # noqa: TID251 - seeded: which quirks come together
from typing import Any

from faults.harness.life import Course

_QUICK: dict[str, Any] = {"create_seconds": 20.0, "delete_seconds": 20.0}
_ROOMY = {"count": 1, "cpu": 2, "memory": 12288}
_PLAIN = {"count": 1, "cpu": 2, "memory": 4096}


def _conf(**roles: Any) -> dict[str, Any]:
    cluster = {"vxnet": "vxnet-a1b2c3d", "nas_id": "nas-1", **roles}
    return {"cluster_conf": {"cluster": cluster, "env": {"admin.user": "admin", "nas_path": "/nas"}}}


SPECS: dict[str, dict[str, Any]] = {
    "more memory": _conf(login=_PLAIN, controller=_PLAIN, compute=_ROOMY),
    "an hpc cluster": {"cluster_type": "hpc", **_conf(login=_PLAIN)},
}
"""Quirks that need another manifest than the rest, by name."""

CROWDS = {"any order": 130, "the order of equal times varies": 130}
"""Quirks that show only among more clusters than a page holds."""

HEAVY = {"texts of 100 kB", "pages of three"}
"""What costs minutes of reading in a crowd, and tells nothing that either does not tell alone."""

TOGETHER = [
    *((echo, order) for echo in ("only renames are echoed", "only descriptions are echoed") for order in CROWDS),
    ("wrapped permission", "extra fields"),
    ("at work: active", "jobs at work: a word nobody knows"),
]
"""An unanswered create that the log alone tells of, where the log has no order; ids in one of several objects; a
cluster that is called active too early, by a list whose log has a word of its own for what runs."""

QUIRKS: dict[str, dict[str, Any]] = {
    "the future is refused": {"refuse_future": True, "clock_offset": -25.0},
    "a clock that is ahead": {"clock_offset": 25.0, "request_lifetime": 60.0},
    "no Date": {"date_header": False},
    "statuses do not tell of operations": {"status_during_operation": "unchanged"},
    "at work: pending": {"busy_word": "pending"},
    "at work: active": {"busy_word": "active"},
    "at work: a word nobody knows": {"busy_word": "unknown"},
    "jobs at work: a word nobody knows": {"pending_word": "unknown"},
    **{f"busy is {code}": {"busy_code": code} for code in (1101, 2500, 5100, 5400)},
    "a repeated create is refused": {"repeated_create": "refused"},
    "refused creates are logged": {"log_refused_creates": True},
    **{f"error_codes are {kind}": {"error_codes_type": kind} for kind in ("list", "int", "object", "null")},
    "a quota by the day": {"quota_period": 86400.0, "quota_window": "fixed", "call_quota": 10_000},
    "a small quota that slides": {"call_quota": 60, "quota_period": 400.0, "quota_counts_refused": True},
    "a small quota of fixed periods": {"call_quota": 60, "quota_period": 400.0, "quota_window": "fixed"},
    "run_user must be the owner": {"run_user_must_be_owner": True},
    "longer names": {"longest_name": 255},
    "the name in the configuration is echoed": {"name_echo": "conf"},
    "renames are not echoed": {"rename_echo": False},
    "only renames are echoed": {"name_echo": "none"},
    "only descriptions are echoed": {"name_echo": "none", "rename_echo": False},
    "descriptions are not echoed": {"description_echo": False},
    "descending by default": {"default_reverse": 1},
    "signed like a form": {"raw_characters": "-_.*", "signed_spaces": "+"},
    "signed like a script": {"raw_characters": "-_.!~*'()"},
    "any path and any encoding is signed": {"signed_path": "either", "signature_encoding": "either"},
    "refusals are HTTP 400": {"refusal_status": 400},
    "refusals are HTTP 404": {"refusal_status": 404},
    "one message": {"messages": "same"},
    "no messages": {"messages": "absent"},
    "Chinese texts": {"texts": "chinese"},
    "texts of 100 kB": {"texts": "long"},
    "more memory": {"least_compute_memory": 4098},
    "sizes of the ladder only": {"strict_sizes": True},
    "strict passwords": {"strict_passwords": True},
    "an hpc cluster": {"second_hpc_code": 1400},
    "paid_type is optional": {"paid_type_required": False},
    "wrapped elements": {"list_shape": "wrapped"},
    "misspelled fields": {"misspelled_fields": True},
    "no cluster_status": {"status_shown": False},
    "no counters of jobs": {"job_counts_shown": False},
    "oldest first always": {"order": "oldest"},
    "newest first always": {"order": "newest"},
    "the order of equal times varies": {"order": "ties"},
    "any order": {"order": "any"},
    "pages of three": {"longest_page": 3},
    "hidden ones are not shown by id": {"id_shows_hidden": False},
    "hidden ones are shown by type": {"type_shows_hidden": True},
    "the list is late": {"list_lag": 45.0},
    "the log is late": {"log_lag": 45.0},
    "the log forgets": {"log_keeps": 600.0},
    "actions nobody can guess": {"job_actions": "unknown"},
    "running creates name no cluster": {"pending_create_names_cluster": False},
    "failed creates name no cluster": {"failed_create_names_cluster": False},
    "modifies are not logged": {"log_modify": False},
    "others are denied": {"foreign_owner": "denied"},
    "wrapped permission": {"permission_shape": "wrapped"},
    "numbers are strings": {"numbers_as": "strings"},
    "numbers are floats": {"numbers_as": "floats"},
    "optional fields are null": {"optional_fields": "null"},
    "optional fields are missing": {"optional_fields": "missing"},
    "extra fields": {"extra_fields": True},
}

CLOSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the signature once": ({"signature_encoding": "once"}, {}),
    "raw values signed": ({"signed_values": "raw"}, {}),
    "colons left raw": ({"raw_characters": "-_.~:"}, {}),
    "the bare path": ({"signed_path": "bare"}, {}),
    "a wrong zone, 1101": ({"wrong_zone_code": 1101}, {"zone": "pek3a"}),
    "a wrong zone, 1400": ({"wrong_zone_code": 1400}, {"zone": "pek3a"}),
    "the tap": ({"tap_closed": True}, {}),
    "no room for clusters": ({"cluster_quota": 0}, {}),
}
"""Settings, and the manifest's fields."""

EXCUSED = {
    **dict.fromkeys(
        (
            *(
                "last_node_code",
                "too_many_nodes_code",
                "most_nodes",
                "refused_word",
                "wrong_role_code",
                "nodes_change_when",
                "repeated_power",
            ),
            *(
                "start_path",
                "power_answer",
                "deleting_node_shows",
                "new_nodes_show",
                "change_word",
                "change_jobs_fail",
                "add_partial",
            ),
            *("node_seconds", "resize_seconds", "power_seconds", "pending_change_names_cluster", "log_names_nodes"),
        ),
        "the lives here change neither nodes nor sizes nor power",
    ),
    **dict.fromkeys(("create_seconds", "delete_seconds", "time_factor"), "every course sets its pace"),
    **dict.fromkeys(
        ("create_jobs_fail", "create_failure_leaves", "delete_jobs_fail", "delete_failure_leaves"),
        "jobs that fail strike one by one in test_singles, and end in other lives",
    ),
}


def course(name: str, *more: str) -> Course:
    """The life of a resource in an account with this quirk, or with several."""
    cloud = {**_QUICK}
    for each in (name, *more):
        cloud |= QUIRKS[each]
    spec: dict[str, Any] = {}
    for each in (name, *more):
        spec |= SPECS.get(each, {})
    crowd = max(CROWDS.get(each, 4) for each in (name, *more))
    return Course(" + ".join((name, *more)), cloud, spec, crowd=crowd)


def combined(count: int, seed: int) -> list[Course]:
    """Some quirks that come together: three to six of those that do not set the same thing."""
    chance, found = random.Random(seed), []
    while len(found) < count:
        names = chance.sample(sorted(QUIRKS), chance.randint(3, 6))
        settings = [name for each in names for name in QUIRKS[each]]
        apart = len(settings) == len(set(settings)) and sum(each in SPECS for each in names) < 2
        if apart and not (HEAVY & set(names) and CROWDS.keys() & set(names)):
            found.append(course(*names))
    return found
