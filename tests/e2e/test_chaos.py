"""`make chaos` itself: its quickest scenarios go as expected, and a wrong expectation is told as a miss."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.acts import install
from chaos.running import run
from chaos.scenarios import load
from chaos.table import Count, Expected
from local_control_plane import ControlPlane

pytestmark = pytest.mark.slow


@pytest.fixture
def server(control_plane: ControlPlane) -> ControlPlane:
    install(control_plane)
    return control_plane


@pytest.mark.parametrize("name", ["names-top", "applied-again", "destroyed-outside", "account-changed"])
def test_a_quick_scenario_goes_as_expected(server: ControlPlane, tmp_path: Path, name: str) -> None:
    row = run(load()[name], server, tmp_path)
    assert row.good, row.verdict


def test_another_number_is_told_and_so_is_a_process_that_ended_by_itself(server: ControlPlane, tmp_path: Path) -> None:
    settled = load()["replaced-settled"]

    def play(arena):
        settled.play(arena)
        arena.stages[0].operators[0].program.stop()

    wrong = Expected(Count(creates=2, posts=1, ends={"Ready": 1}))
    row = run(replace(settled, name="missed", play=play, expected=wrong), server, tmp_path)
    assert not row.good
    assert "creates: 1 instead of 2" in row.verdict
    assert "operator-1 ended by itself (0)" in row.verdict
