"""The actions in Argo CD's test format: which are offered for an object, and what each makes of it."""

from collections.abc import Mapping
from typing import Any

from argo.objects import lives
from hpc_operator.kube import names

NOW = "2030-03-17T18:00:00Z"
"""What the clock shows in the expected objects."""

ICONS = {"look-now": "fa fa-fw fa-sync", "pause": "fa fa-fw fa-pause", "resume": "fa fa-fw fa-play"}
TITLES = {"look-now": "Look now", "pause": "Pause changes", "resume": "Resume changes"}
WRITES = {
    "look-now": (names.ANNOTATION_RECONCILE_AT, NOW),
    "pause": (names.ANNOTATION_PAUSED, "true"),
    "resume": (names.ANNOTATION_PAUSED, "false"),
}


def objects() -> dict[str, dict[str, Any]]:
    """What actions are tried on: with other annotations, with none at all, and with the pause as the only one."""
    of = {live.name: live for live in lives()}
    ready, fresh = of["as wished"].made, of["nobody looked yet"].made
    paused = (names.ANNOTATION_PAUSED, "true")
    return {
        "ready": ready,
        "fresh": fresh,
        "ready-paused": annotated(ready, *paused),
        "fresh-paused": annotated(fresh, *paused),
    }


def annotated(made: Mapping[str, Any], name: str, value: str) -> dict[str, Any]:
    """The object with this annotation and nothing else changed."""
    metadata = made["metadata"]
    return {**made, "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), name: value}}}


def outcomes() -> dict[str, dict[str, Any]]:
    """Each expected object by its file, below testdata."""
    return {f"{of}-{act}.yaml": annotated(objects()[of], *WRITES[act]) for act, of in _tried()}


def tests() -> dict[str, Any]:
    """The whole of action_test.yaml."""
    acts = [
        {"action": act, "inputPath": f"testdata/{of}.yaml", "expectedOutputPath": f"testdata/{of}-{act}.yaml"}
        for act, of in _tried()
    ]
    offers = [{"inputPath": f"testdata/{of}.yaml", "result": offered(of.endswith("paused"))} for of in objects()]
    return {"discoveryTests": offers, "actionTests": acts}


def offered(paused: bool) -> list[dict[str, Any]]:
    """As Argo CD lists them."""
    off = {"look-now": False, "pause": paused, "resume": not paused}
    return [{"name": act, "disabled": off[act], "iconClass": ICONS[act], "displayName": TITLES[act]} for act in WRITES]


def _tried() -> list[tuple[str, str]]:
    return [
        (act, of)
        for act in WRITES
        for of in objects()
        if act == "look-now" or of.endswith("paused") == (act == "resume")
    ]
