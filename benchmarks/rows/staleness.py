"""How old a status can be: clusters stopped at the console at random moments, until their resources say so."""

from collections.abc import Sequence

from stage.operators import Operator

from benchmarks.figures import percentile
from benchmarks.likeness import Identity
from benchmarks.outside import PATIENCE, Told, stop_some
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Scene

PROMISED = 30.0
"""The default of the operator's setting `staleness`."""


def changed(scene: Scene, operator: Operator, chosen: Sequence[Identity], window: float) -> Told:
    """Stop these clusters within a window."""
    return stop_some(scene, {each.ref.name: each.cluster_id for each in chosen}, window, operator.program)


def spread(fleet: Sequence[Identity], number: int) -> list[Identity]:
    """So many, from all over the list."""
    return list(fleet[:: max(1, len(fleet) // number)])[:number]


def row(told: Told, resources: int, window: float) -> Row:
    """The percentiles."""
    took = told.seconds
    return Row(
        f"staleness of an outside change at {resources}",
        (
            Figure("p50", percentile(took, 0.5), "s"),
            Figure("p99", percentile(took, 0.99), "s"),
            Figure("max", max(took), "s"),
            Figure("never seen", told.unseen),
        ),
        "from the change in the cloud until the resource's status says it",
        goals=(Goal("p99", "≤", PROMISED), Goal("never seen", "≤", 0)),
        notes=(
            f"{len(took)} clusters stopped outside at random moments of {window:.0f} s; what is never seen within "
            f"{PATIENCE:.0f} s counts as so long",
        ),
        details={"seconds": list(took)},
    )
