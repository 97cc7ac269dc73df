"""The status table against the rules of kstatus: each row as decided, reported and written, and as a watcher reads it.

`decide_stages.py` holds the rows, `kstatus.py` the rules, written apart from the operator.
"""

import pytest
from decide_stages import NEEDS_A_PERSON, STAGES, STANDS, Stage, read, said

from kstatus import CURRENT, IN_PROGRESS, kstatus


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.because)
def test_each_row_of_the_status_table(stage: Stage) -> None:
    made = read(stage)
    conditions = said(made)
    assert (conditions["Ready"]["status"], conditions["Ready"]["reason"]) == (stage.ready, stage.reason)
    assert kstatus(made) == stage.means
    assert made["status"]["observedGeneration"] == stage.scene.resource.generation
    assert {each["observedGeneration"] for each in conditions.values()} == {stage.scene.resource.generation}
    assert not {"Reconciling", "Stalled"} <= {kind for kind, each in conditions.items() if each["status"] == "True"}


def test_an_edit_that_was_not_seen_yet_is_in_progress() -> None:
    """Whatever was said of the generation before: as wished, or failed."""
    for stage in (*STANDS, *NEEDS_A_PERSON):
        made = read(stage)
        made["metadata"]["generation"] += 1
        assert kstatus(made) == IN_PROGRESS, stage.because


def test_nobody_looked_yet() -> None:
    """The CRD's default: observedGeneration -1 and no condition."""
    assert kstatus({"metadata": {"generation": 1}, "status": {"observedGeneration": -1}}) == IN_PROGRESS
    assert kstatus({"metadata": {"generation": 1}}) == CURRENT, "what that default is for"
