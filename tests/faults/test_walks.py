"""Walks of three to five faults with people's acts in between: whatever was combined, nothing is bought twice or lost."""

from collections import Counter
from collections.abc import Callable

from faults.harness import walks
from faults.harness.acts import ACTS
from faults.harness.cores import on_all_cores

WALKS = 200
"""The first of the 5000 that `make faults` plays."""


def test_seeded_walks(tell: Callable[[str], None]) -> None:
    outcomes = list(on_all_cores(walks.play, range(WALKS), at_once=4))
    acts = Counter(act.name for outcome in outcomes for _, act in outcome.walk.acts)
    faults = sum(len(outcome.faults) for outcome in outcomes)
    residue = [outcome for outcome in outcomes if outcome.residue]
    failed = [f"{o.walk} faults {o.faults} answers {o.answers}: {f}" for o in outcomes for f in o.findings]
    tell(
        f"walks: {len(outcomes)} with {faults} faults and {sum(acts.values())} acts of people, {len(failed)} findings; "
        f"{len(residue)} met the known residue (forced away unseen, and the process that knew died)"
    )
    assert failed == []
    assert faults > 2 * WALKS, "a walk without faults proves nothing"
    assert acts.keys() == {act.name for act in ACTS}, "every act is taken in some walk"
    assert len(residue) < WALKS // 20, "the residue is an exception"


def test_a_walk_is_a_function_of_its_seed() -> None:
    first, again = walks.play(7), walks.play(7)
    assert (first.faults, first.answers, first.findings) == (again.faults, again.answers, again.findings)
