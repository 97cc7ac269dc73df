"""The table, the screen and the JSON."""

import json
from typing import Any

import pytest
from status_scenes import NOW, at, condition, raw

from hpc_operator.status import telling
from hpc_operator.status.judging import Stage
from hpc_operator.status.reading import Happened, Seen
from hpc_operator.status.screen import as_screen
from hpc_operator.status.telling import as_json, as_table, exit_code, since, tell
from hpc_operator.status.view import view


def plain(text: str, _: Stage) -> str:
    return text


def told(*resources: dict[str, Any], **seen: Any) -> telling.Told:
    return tell(Seen(tuple(view(each) for each in resources), **seen), NOW)


def screen(resource: dict[str, Any], **seen: Any) -> list[str]:
    return as_screen(told(resource, **seen), plain).splitlines()


def after(lines: list[str], title: str) -> str:
    return next(line.removeprefix(f"{title}:").strip() for line in lines if line.startswith(f"{title}:"))


FULL = raw(
    "Working", "Two nodes are being added.",
    meta={"annotations": {"hpc.qingcloud.com/paused": "false", "hpc.qingcloud.com/record": "{}"}},
    spec={"managementPolicy": "Plan"},
    hpc_cluster_id="ehpc-1", job_id="j-2", cluster_status="active", cluster_name="demo-mark-1",
    operation={"action": "AddNodes", "role": "compute", "count": 2, "startedAt": at(192), "attempt": 1, "jobId": "j-2"},
    nodes={"login": {"desired": 1, "active": 1}, "compute": {"desired": 5, "active": 3, "present": 4, "cpu": 8, "memory": 12288}},
    endpoints=["10.0.0.1", "10.0.0.2"],
    plan={"changes": [{"field": "cluster_conf.cluster.login.cpu", "from": 2, "to": 4, "call": "resizeCluster", "interrupts": True}],
          "unknown": ["cluster_conf.cluster.vxnet"]},
    refused=[{"field": "cluster_conf.cluster.compute.count", "wish": 500, "code": 1101, "message": "too many"}],
)  # fmt: skip


def test_a_screen_says_everything() -> None:
    FULL["status"]["conditions"].append(condition("Available", "True", "Active", age=7200))
    lines = screen(
        FULL,
        events=(
            Happened(NOW - 70, "Normal", "Working", "Adding.", 1),
            Happened(NOW - 5, "Warning", "NoCapacity", "No room.", 3),
        ),
    )
    assert lines[0] == "lab/demo  ehpc  needs you"
    assert after(lines, "Ready") == f"False, Working, for 1m (since {at(60)[:-5]}Z)"
    assert after(lines, "Available").startswith("True, Active, for 2h")
    assert after(lines, "Waits for") == "Two nodes are being added."
    assert after(lines, "You").startswith(
        "Mend the fields below (another wish is tried at once), or ask again: kubectl annotate"
    )
    assert after(lines, "Orders") == "managementPolicy Plan, paused=false"
    assert after(lines, "Cluster") == "ehpc-1, active, named demo-mark-1"
    assert after(lines, "Operation").startswith("AddNodes, of compute, 2 node(s), attempt 1, open for 3m12s (since ")
    assert after(lines, "Operation").endswith("job j-2")
    nodes = lines.index(next(line for line in lines if line.startswith("Nodes:")))
    assert [line.split() for line in lines[nodes + 1 : nodes + 3]] == [
        ["login", "1", "1", "-", "2", "4096", "MiB"],
        ["compute", "5", "3", "4", "8", "12288", "MiB"],
    ]
    assert after(lines, "Endpoints") == "10.0.0.1, 10.0.0.2"
    assert after(lines, "Refused").split() == ["cluster_conf.cluster.compute.count", "500", "1101", "too", "many"]
    assert after(lines, "Plan").split("  ") == [
        "cluster_conf.cluster.login.cpu",
        "2 -> 4",
        "resizeCluster",
        "interrupts service",
    ]
    assert after(lines, "Not known") == "cluster_conf.cluster.vxnet: no answer of the API shows it"
    assert after(lines, "Events") == "1m10s ago, Normal, Working: Adding."
    assert lines[-1].strip() == "5s ago (3 times), Warning, NoCapacity: No room."
    assert not any("record" in line for line in lines)


def test_before_nodes_are_counted_the_manifests_wish_stands_there() -> None:
    lines = screen(raw("Creating"))
    assert [line.split()[-6:] for line in lines if "login" in line] == [["1", "-", "-", "2", "4096", "MiB"]]
    assert [line.split()[1] for line in lines if line.strip().startswith("compute")] == ["3"]


def test_a_deletion_says_by_what_it_is_held() -> None:
    gone = {"deletionTimestamp": at(90), "finalizers": ["x/y", "hpc.qingcloud.com/cluster"]}
    lines = screen(raw("DeletionProtected", meta=gone))
    assert after(lines, "Deletion") == "asked for 1m30s ago; held back by DeletionProtected; finalizers of others: x/y"
    assert not any(line.startswith("Deletion") for line in screen(raw()))


def test_events_that_cannot_be_read_do_not_hide_the_rest() -> None:
    found = told(raw(), events_problem="events is forbidden")
    assert after(as_screen(found, plain).splitlines(), "Events") == "cannot be read: events is forbidden"
    assert exit_code(found) == 0
    assert after(screen(raw()), "Events") == "none (Kubernetes keeps them for an hour)"


def test_no_line_moves_the_cursor_or_breaks_the_shape() -> None:
    hostile = "x\x1b[2J\r\n\x07y\u202ez"
    lines = as_screen(told(raw("Creating", hostile, cluster_name=hostile, hpc_cluster_id="ehpc-1")), plain)
    assert all(char.isprintable() or char == "\n" for char in lines)
    assert "x[2J yz" in lines


def test_long_texts_are_wrapped_beside_their_title() -> None:
    lines = screen(raw("Creating", "word " * 60))
    start = lines.index(next(line for line in lines if line.startswith("Waits for:")))
    assert max(map(len, lines)) <= 110
    assert lines[start + 1].startswith(" " * 12 + "word")


def test_the_table_has_a_row_each_and_what_needs_a_person_first() -> None:
    rows = as_table(
        told(raw(name="a"), raw("NoBalance", name="b"), raw("OwnedElsewhere", name="c", stalled=True), FULL), plain
    ).splitlines()
    assert rows[0].split() == ["NAMESPACE", "NAME", "STAGE", "REASON", "FOR", "CLUSTER", "STATUS", "NODES", "TO", "DO"]
    assert [row.split()[1] for row in rows[1:]] == ["b", "c", "demo", "a"]
    assert rows[1].endswith("  Top up the account's balance; it is tried again slowly.")
    assert rows[2].endswith("see: hpc-operator status c -n lab"), "a long advice is for the screen"
    assert rows[4].endswith(" -"), "nothing must be done"
    assert "  4/6  " in rows[3]
    assert "-/4" in rows[4]
    assert as_table(told(), plain) == "No HpcClusters in any namespace."
    assert as_table(told(namespace="lab"), plain) == "No HpcClusters in namespace lab.", "which may be the wrong one"


def test_colour_does_not_move_the_columns() -> None:
    found = told(raw(name="a"), raw("NoBalance", name="b"))
    coloured = as_table(found, lambda text, _: f"<{text}>")
    assert coloured.replace("<", "").replace(">", "") == as_table(found, plain)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (told(raw(), raw("Creating")), 0),
        (told(), 0),
        (told(raw(), raw("NoBalance")), 1),
        (told(problem="forbidden"), 2),
    ],
)
def test_exit_codes(found: telling.Told, code: int) -> None:
    assert exit_code(found) == code


def test_the_json_says_the_same() -> None:
    whole = json.loads(as_json(told(FULL, events=(Happened(NOW - 70, "Normal", "Working", "Adding.", 1),))))
    assert (whole["version"], whole["complete"], whole["problems"]) == (1, True, [])
    [one] = whole["resources"]
    assert (one["namespace"], one["name"], one["stage"], one["needs_person"]) == ("lab", "demo", "needs you", True)
    assert one["waits_for"] == "Two nodes are being added."
    assert one["conditions"]["Ready"] == {
        "status": "False",
        "reason": "Working",
        "message": "Two nodes are being added.",
        "since": f"{at(60)[:-5]}Z",
    }
    assert (one["operation"]["action"], one["operation"]["open_seconds"]) == ("AddNodes", 192)
    assert one["nodes"]["compute"] == {"desired": 5, "active": 3, "present": 4, "cpu": 8, "memory": 12288}
    assert one["plan"]["changes"][0] == {
        "field": "cluster_conf.cluster.login.cpu",
        "before": "2",
        "after": "4",
        "call": "resizeCluster",
        "interrupts": True,
    }
    assert one["events"][0]["at"].endswith("Z")
    assert (one["deletion"], one["refused"][0]["code"]) == (None, 1101)
    failed = json.loads(as_json(told(problem="forbidden")))
    assert (failed["complete"], failed["resources"], failed["problems"]) == (False, [], ["forbidden"])


@pytest.mark.parametrize(
    ("age", "said"),
    [(0, "0s"), (59.9, "59s"), (60, "1m"), (192, "3m12s"), (3600, "1h"), (7500, "2h5m"), (86400 * 4 + 3 * 3600 + 60, "4d3h"), (-5, "0s")],
)  # fmt: skip
def test_times_in_two_units(age: float, said: str) -> None:
    assert since(NOW - age, NOW) == said
    assert since(None, NOW) == ""
