"""How a resource stands, row by row: each has a sentence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from status_scenes import NOW, at, raw

from hpc_operator.kube.names import FINALIZER
from hpc_operator.status.judging import Stage, judge
from hpc_operator.status.view import view

GONE = {"deletionTimestamp": at(30)}


@pytest.mark.parametrize(
    ("resource", "stage", "todo"),
    [
        pytest.param(raw(), Stage.WELL, "Nothing.", id="as wished"),
        pytest.param(raw("Differs"), Stage.WELL, "Nothing; see what differs below", id="a difference is no alarm"),
        pytest.param(raw("Paused", ready="True"), Stage.WELL, "To go on: kubectl annotate -n lab hpc demo", id="paused, and well"),
        pytest.param(raw("Paused"), Stage.YOU, "To go on", id="paused half-way: it does not go on by itself"),
        pytest.param(raw("Creating"), Stage.BUSY, "Nothing: it goes on by itself.", id="creating"),
        pytest.param(raw("CredentialsMissing"), Stage.YOU, "Give the access key", id="waits for a person though not stalled"),
        pytest.param(raw("OwnedElsewhere", stalled=True), Stage.YOU, "Go on with it: kubectl annotate -n lab hpc demo", id="blocked"),
        pytest.param(raw("ClusterVanished", stalled=True, hpc_cluster_id="ehpc-1a2b3c4d5e"), Stage.YOU, "Give it up and have another created: kubectl annotate -n lab hpc demo hpc.qingcloud.com/recreate=ehpc-1a2b3c4d5e;", id="which one is known"),
        pytest.param(raw("ClusterVanished", stalled=True, hpc_cluster_id=None), Stage.YOU, "Give it up and have another created: kubectl annotate -n lab hpc demo hpc.qingcloud.com/recreate=<id>;", id="which one is not known"),
        pytest.param(raw("FromTomorrow", stalled=True), Stage.YOU, "This program does not know", id="an unknown reason that is stalled"),
        pytest.param(raw("FromTomorrow"), Stage.BUSY, "This program does not know", id="an unknown reason that goes on"),
        pytest.param(raw("FromTomorrow", ready="True"), Stage.WELL, "This program", id="an unknown reason, and well"),
        pytest.param(raw(meta={"generation": 2}), Stage.UNSEEN, "Nothing, when it was applied", id="an edit not seen yet"),
        pytest.param(raw("SpecRefused", stalled=True, meta={"generation": 2}), Stage.UNSEEN, "Nothing, when", id="mended, not seen yet"),
        pytest.param(raw(None, meta={"creationTimestamp": at(5)}), Stage.UNSEEN, "Nothing, when", id="applied just now"),
        pytest.param(raw(None, operation={"action": "Create"}, meta={"creationTimestamp": at(500)}), Stage.BUSY, "Nothing: it goes", id="its create is open before anything was said"),
        pytest.param(raw(None, meta={"creationTimestamp": at(121)}), Stage.YOU, "See whether the operator", id="nobody looks at it"),
        pytest.param(raw(refused=[{"field": "a"}]), Stage.YOU, "Mend the fields", id="a refused wish, though all else is well"),
        pytest.param(raw("ChangeRefused", stalled=True, refused=[{"field": "a"}]), Stage.YOU, "Mend the fields", id="refused for good"),
        pytest.param(raw("ChangeRefused", refused=[{"field": "a"}]), Stage.BUSY, "Mend the fields", id="refused, and tried again by itself"),
        pytest.param(raw("Deleting", meta=GONE), Stage.BUSY, "Nothing: it goes on", id="being deleted"),
        pytest.param(raw("Ready", ready="True", meta=GONE), Stage.BUSY, "Nothing.", id="deletion just asked for"),
        pytest.param(raw("DeletionProtected", meta=GONE), Stage.YOU, "To let it go: kubectl patch -n lab hpc demo --type merge -p '{\"spec\":{\"deletionProtection\":false}}'", id="held by protection"),
        pytest.param(raw("Deleted", meta={**GONE, "finalizers": ["x/y"]}), Stage.BUSY, "Nothing here: whoever set", id="held by others"),
    ],
)  # fmt: skip
def test_how_it_stands(resource: dict[str, Any], stage: Stage, todo: str) -> None:
    found = judge(view(resource), NOW)
    assert (found.stage, found.todo[: len(todo)]) == (stage, todo)


def test_what_it_waits_for_is_the_conditions_message_unless_it_is_ready() -> None:
    assert judge(view(raw("Creating", "Creating it.")), NOW).waits == "Creating it."
    assert judge(view(raw("Ready", "All well.")), NOW).waits == ""
    assert "newest edit" in judge(view(raw(meta={"generation": 2})), NOW).waits
    assert "not looked at this resource" in judge(view(raw(None)), NOW).waits
    held = judge(view(raw("Deleted", meta={**GONE, "finalizers": ["x/y"]})), NOW)
    assert held.waits == "The operator has let it go; it is held by x/y."


def test_finalizers_of_others_beside_ours_do_not_hide_what_ours_waits_for() -> None:
    held = judge(view(raw("Deleting", "Waiting.", meta={**GONE, "finalizers": ["x/y", FINALIZER]})), NOW)
    assert held.waits == "Waiting."


def test_what_needs_a_person_sorts_first() -> None:
    names = {"well": raw(), "busy": raw("Creating"), "fresh": raw(meta={"generation": 2}), "you": raw("NoBalance")}
    views = [view({**each, "metadata": {**each["metadata"], "name": name}}) for name, each in names.items()]
    ranked = sorted((judge(each, NOW) for each in views), key=lambda each: each.rank)
    assert [each.view.name for each in ranked] == ["you", "busy", "fresh", "well"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "metadata",
                    "spec",
                    "status",
                    "conditions",
                    "type",
                    "operation",
                    "action",
                    "nodes",
                    "login",
                    "plan",
                    "startedAt",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), JSON))
def test_any_shape_is_a_view(shape: dict[str, Any]) -> None:
    """An older program meets what a newer operator wrote."""
    found = judge(view(shape), NOW)
    assert found.stage in Stage


def test_fields_nobody_knows_are_not_seen() -> None:
    newer = raw("Creating", tomorrow={"a": 1}, operation={"action": "Move", "startedAt": at(5), "tomorrow": []})
    newer["status"]["nodes"] = {"login": {"desired": 1, "active": 1, "tomorrow": 2}, "gpu": {"desired": 2}}
    found = view(newer)
    assert found.operation is not None
    assert found.operation.action == "Move"
    assert [nodes.role for nodes in found.nodes] == ["login", "compute"]
