"""Argo CD's health script over live objects of every row of the status table, in Argo CD's own test format."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from decide_stages import STAGES

from argo.files import SCRIPTS, generated
from argo.objects import DEGRADED, HEALTHY, PROGRESSING, SUSPENDED, Live, lives
from argo.sandbox import Sandbox
from kstatus import CURRENT, FAILED, IN_PROGRESS, TERMINATING, kstatus

SCRIPT = (SCRIPTS / "health.lua").read_text()
LIVES = lives()
TESTS = yaml.safe_load((SCRIPTS / "health_test.yaml").read_text())["tests"]


def health(made: dict[str, Any]) -> dict[str, str]:
    return Sandbox().run(SCRIPT, made)


def test_what_is_generated_is_what_stands_there() -> None:
    made = generated()
    there = {place for place in SCRIPTS.rglob("*.yaml") if place.is_file()}
    assert there == {place for place in made if SCRIPTS in place.parents}, "run `make argocd`"
    assert [place.name for place, text in made.items() if place.read_text() != text] == [], "run `make argocd`"


def test_every_row_of_the_status_table_has_an_object() -> None:
    """And each of its own: no two rows share a file."""
    assert [live.stage for live in LIVES if live.stage] == STAGES
    assert len({live.file for live in LIVES}) == len(LIVES)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: Path(test["inputPath"]).stem)
def test_in_argo_cds_own_format(test: dict[str, Any]) -> None:
    made = yaml.safe_load((SCRIPTS / test["inputPath"]).read_text())
    assert health(made) == test["healthStatus"]


@pytest.mark.parametrize("live", LIVES, ids=lambda live: live.name)
def test_each_row_is_what_the_table_says_in_the_words_of_ready(live: Live) -> None:
    told = health(live.made)
    assert told["status"] == live.health
    for each in live.made["status"].get("conditions", ()):
        if each["type"] == "Ready":
            assert each["reason"] in told["message"]
            assert each["message"] in told["message"]


MAY_BE = {
    CURRENT: {HEALTHY, SUSPENDED},
    IN_PROGRESS: {PROGRESSING, SUSPENDED},
    FAILED: {DEGRADED, SUSPENDED},
    TERMINATING: {PROGRESSING},
}


@pytest.mark.parametrize("live", [each for each in LIVES if each.stage], ids=lambda live: live.name)
def test_argo_cd_and_kstatus_never_contradict_each_other(live: Live) -> None:
    """Only what rests on a person's word (stopped, paused) is Suspended for the one and something else for the other."""
    told, reads = health(live.made)["status"], kstatus(live.made)
    assert told in MAY_BE[reads]
    paused = live.made["metadata"].get("annotations", {}).get("hpc.qingcloud.com/paused")
    if told == SUSPENDED:
        assert paused or live.made["spec"]["power"] == "Stopped"


@pytest.mark.parametrize(
    ("value", "status"),
    [("true", SUSPENDED), ("yes", SUSPENDED), ("", HEALTHY), ("false", HEALTHY), ("False", HEALTHY)],
)
def test_what_counts_as_a_pause_is_what_the_operator_takes_for_one(value: str, status: str) -> None:
    made = next(live.made for live in LIVES if live.name == "as wished")
    metadata = {**made["metadata"], "annotations": {"hpc.qingcloud.com/paused": value}}
    assert health({**made, "metadata": metadata})["status"] == status


def test_a_status_that_is_not_there_is_in_progress() -> None:
    made = next(live.made for live in LIVES if live.name == "as wished")
    assert health({key: made[key] for key in made if key != "status"})["status"] == PROGRESSING
