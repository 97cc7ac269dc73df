"""The actions, in Argo CD's own test format, and what its server makes of their answers."""

from typing import Any

import pytest
import yaml

from argo import acting
from argo.files import SCRIPTS
from argo.sandbox import Sandbox, cleaned
from hpc_operator.kube.codec import parse_resource

FOLDER = SCRIPTS / "actions"
TESTS = yaml.safe_load((FOLDER / "action_test.yaml").read_text())


def read(path: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / path).read_text())


def act(name: str, live: dict[str, Any], now: str = acting.NOW) -> Any:
    script = (FOLDER / name / "action.lua").read_text()
    return cleaned(Sandbox(now).run(script, live), live)


@pytest.mark.parametrize("test", TESTS["discoveryTests"], ids=lambda test: test["inputPath"])
def test_which_actions_are_offered(test: dict[str, Any]) -> None:
    offers = Sandbox().run((FOLDER / "discovery.lua").read_text(), read(test["inputPath"]))
    listed = [{"name": name, "disabled": False, **offer} for name, offer in offers.items()]
    assert sorted(listed, key=str) == sorted(test["result"], key=str)


def test_every_action_that_is_offered_is_there_and_tried() -> None:
    there = {path.parent.name for path in FOLDER.glob("*/action.lua")}
    assert there == set(acting.WRITES) == {test["action"] for test in TESTS["actionTests"]}


@pytest.mark.parametrize("test", TESTS["actionTests"], ids=lambda test: f"{test['action']} {test['inputPath']}")
def test_an_action_writes_its_annotation_and_nothing_else(test: dict[str, Any]) -> None:
    assert act(test["action"], read(test["inputPath"])) == read(test["expectedOutputPath"])


@pytest.mark.parametrize("name", ["ready", "fresh"])
def test_the_operator_reads_what_the_actions_write(name: str) -> None:
    live = acting.objects()[name]
    paused = act("pause", live)
    assert parse_resource(paused).orders.paused
    assert not parse_resource(act("resume", paused)).orders.paused
    first = act("look-now", live, "2030-03-17T18:00:00Z")
    assert parse_resource(first).orders.reconcile_at == "2030-03-17T18:00:00Z"
    assert parse_resource(act("look-now", first, "2030-03-17T18:00:01Z")).orders.reconcile_at == "2030-03-17T18:00:01Z"


def test_a_look_is_asked_for_by_the_time_in_utc() -> None:
    sandbox = Sandbox()
    sandbox.run((FOLDER / "look-now" / "action.lua").read_text(), acting.objects()["fresh"])
    assert sandbox.formats == ["!%Y-%m-%dT%XZ"]


def test_why_resume_does_not_take_the_annotation_away() -> None:
    """The only annotation taken away leaves an empty table, and Argo CD keeps the old mapping for it: still paused."""
    live = acting.objects()["fresh-paused"]
    taken = Sandbox().run("obj.metadata.annotations['hpc.qingcloud.com/paused'] = nil return obj", live)
    assert cleaned(taken, live) == live
