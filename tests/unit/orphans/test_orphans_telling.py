"""What is told of a search: text, JSON, and the exit code."""

import json

import pytest
from click.testing import CliRunner
from decide_scenes import (
    ACCOUNT,
    EARLIER_STEM,
    FLEET,
    FOREIGN_STEM,
    ID,
    NOW,
    OTHER_STEM,
    REF,
    SECOND,
    STEM,
    WINDOW,
    ago,
    cluster,
    living,
    look,
    named,
)

from hpc_operator.cli import main
from hpc_operator.domain.mark import fleet_of
from hpc_operator.domain.observed import Cluster
from hpc_operator.orphans.reading import Facts
from hpc_operator.orphans.telling import Judged, as_json, as_text, exit_code, judge
from hpc_operator.settings import SECRET, Settings

OWN = cluster(ID, named(STEM))
GONE = cluster("ehpc-gone", named(EARLIER_STEM), created_at=1_800_000_000.0)
UNKNOWN = cluster("ehpc-unknown", named(OTHER_STEM), status="stopped")
YOUNG = cluster("ehpc-young", named(OTHER_STEM), created_at=ago(5))
TWIN = cluster(SECOND, named(STEM, 2))
FOREIGN = cluster("ehpc-foreign", named(FOREIGN_STEM))
HAND = cluster("ehpc-hand", "by-hand")


def judged(*clusters: Cluster, problems: tuple[str, ...] = ()) -> Judged:
    return judge(Facts((living(),), {ACCOUNT: look(0, *clusters)}, problems), FLEET, WINDOW)


CODES = [
    ((), (), 0, "nothing there"),
    ((OWN, TWIN, FOREIGN, HAND, YOUNG), (), 0, "none of these is an orphan"),
    ((GONE,), (), 1, "an orphan"),
    ((), ("a list failed",), 2, "there may be some that nobody saw"),
    ((GONE,), ("a list failed",), 2, "and more than those that were seen"),
]


@pytest.mark.parametrize(("clusters", "problems", "code", "reason"), CODES, ids=[row[3] for row in CODES])
def test_the_exit_code(clusters: tuple[Cluster, ...], problems: tuple[str, ...], code: int, reason: str) -> None:
    assert exit_code(judged(*clusters, problems=problems)) == code, reason


def test_the_whole_text() -> None:
    text = as_text(judged(OWN, GONE, UNKNOWN, YOUNG, TWIN, FOREIGN, HAND, problems=("a list failed",)), str)
    head = ["CLUSTER", "NAME", "TYPE", "STATUS", "CREATED", "WHAT", "IT", "IS"]
    cells = [line.split() for line in text.splitlines()]
    assert cells.count(head) == 4, "orphans, young ones, duplicates, other fleets"
    first = cells.index(
        [
            "ehpc-gone",
            GONE.name,
            "ehpc",
            "active",
            "2027-01-15T08:00:00Z",
            "resource",
            "gone:",
            "made",
            "for",
            "an",
            "earlier",
            "default/demo",
        ]
    )
    assert first == 1
    told = text.splitlines()
    assert (
        "  ehpc-unknown: apply an HpcCluster with the annotation hpc.qingcloud.com/take-over=ehpc-unknown, or delete it in the console"
        in told
    )
    assert (
        "owner usr-1 in zone jn1a: 1 of resources, 2 orphan(s), 1 too young to tell, 1 duplicate(s), 1 of other "
        "fleets, 1 unmarked"
    ) in told
    assert told[-1] == "NOT READ: a list failed"
    assert any(line.startswith(SECOND) and line.endswith(f"of default/demo, which records {ID}") for line in told)
    assert any(line.startswith("ehpc-foreign") and line.endswith(f"fleet {fleet_of('another-fleet')}") for line in told)


def test_no_orphan_is_said_only_where_all_was_read() -> None:
    assert as_text(judged(OWN), str).splitlines()[0] == "No orphans."
    assert "No orphans." not in as_text(judged(OWN, problems=("a list failed",)), str)
    blind = judge(Facts(None, {}, ("the HpcClusters cannot be listed",)), FLEET, WINDOW)
    assert "No orphans." not in as_text(blind, str)


def test_the_object_tells_each_cluster_once() -> None:
    told = json.loads(as_json(judged(OWN, GONE, UNKNOWN, YOUNG, TWIN, FOREIGN, HAND), str))
    assert {place: [each["cluster_id"] for each in told[place]] for place in ("orphans", "too_young", "duplicates", "other_fleets")} == {
        "orphans": ["ehpc-gone", "ehpc-unknown"],
        "too_young": ["ehpc-young"],
        "duplicates": [SECOND],
        "other_fleets": ["ehpc-foreign"],
    }  # fmt: skip
    assert told["accounts"] == [{"owner": "usr-1", "zone": "jn1a", "of_resources": 1, "unmarked": 1}]
    assert told["orphans"][0] == {
        "owner": "usr-1",
        "zone": "jn1a",
        "cluster_id": "ehpc-gone",
        "name": named(EARLIER_STEM),
        "type": "ehpc",
        "status": "active",
        "create_time": "2027-01-15T08:00:00Z",
        "mark": f"{EARLIER_STEM}-1",
        "what": "resource gone",
        "namesake": str(REF),
        "advice": (
            "annotate default/demo with hpc.qingcloud.com/take-over=ehpc-gone if it has no cluster of its own, "
            "or delete it in the console"
        ),
    }


def test_a_name_moves_no_cursor_and_tells_no_secret() -> None:
    """Whoever may name a cluster writes to the terminal of whoever looks."""
    evil = cluster("ehpc-evil", f"\x1b[2J\nNo orphans.\r hush {named(OTHER_STEM)}", status="\x07hush")
    found = judged(evil)
    for told in (
        as_text(found, lambda text: text.replace("hush", "***")),
        as_json(found, lambda text: text.replace("hush", "***")),
    ):
        assert "hush" not in told
        assert not {"\x1b", "\x07", "\r"} & set(told)
    lines = as_text(found, str).splitlines()
    assert not [line for line in lines if line.startswith("No orphans")]


def test_the_command_takes_every_setting_of_run() -> None:
    names = {parameter.name for parameter in main.commands["orphans"].params}
    assert names == {*Settings.model_fields} - {*SECRET} | {"output"}
    shown = " ".join(CliRunner().invoke(main, ["orphans", "--help"]).output.split())
    assert "Reads only: nothing is ever deleted." in shown


def test_the_time_of_the_scenes_is_known() -> None:
    assert (GONE.created_at or 0) + WINDOW < NOW, "the earlier one is old"
