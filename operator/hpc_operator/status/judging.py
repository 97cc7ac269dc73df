"""What a resource is doing, what it waits for, and what a person must do: judged from its view and the time. Pure.

Imported by `telling`. Reading and words for a terminal never come in.
"""

from dataclasses import dataclass
from enum import Enum

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason
from hpc_operator.kube import names
from hpc_operator.status import advice
from hpc_operator.status.view import View

_PATIENCE = 120.0
"""Seconds after which a resource that nobody has looked at needs a person."""


class Stage(Enum):
    """How it stands, as people read it; things that need a person come first."""

    YOU = "needs you"
    BUSY = "working"
    UNSEEN = "not seen yet"
    WELL = "well"


_ORDER = {stage: number for number, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class Judged:
    """A view, judged. `waits`: what it waits for, in a sentence, or nothing; `todo`: what a person must do."""

    view: View
    stage: Stage
    waits: str
    todo: str

    @property
    def needs_person(self) -> bool:
        """Whether it does not go on before somebody has done something."""
        return self.stage is Stage.YOU

    @property
    def rank(self) -> tuple[int, str, str]:
        """Sorts what needs a person first."""
        return _ORDER[self.stage], self.view.namespace, self.view.name


def judge(view: View, now: Instant) -> Judged:
    """The judgement of one resource."""
    known, waits = _known(view, now)
    stage = _stage(view, known)
    resource = f"-n {view.namespace} hpc {view.name}"
    told = {"annotate": f"kubectl annotate {resource}", "resource": resource, "cluster": view.cluster_id or "<id>"}
    return Judged(view, stage, waits, known.text.format(**told))


def _known(view: View, now: Instant) -> tuple[advice.Advice, str]:
    """The advice, and what is waited for."""
    ready = view.ready
    if view.deleting_since is not None and names.FINALIZER not in view.finalizers:
        return advice.OTHER_FINALIZERS, f"The operator has let it go; it is held by {', '.join(view.finalizers)}."
    if ready is None and view.operation is not None:
        return advice.NOTHING, f"The answer to its {view.operation.action} is not written yet."
    if ready is None:
        return _unseen(view, now), "The operator has not looked at this resource yet."
    if not view.seen:
        return advice.NOT_SEEN, "The operator has not looked at the newest edit of the spec yet."
    told_so = ready.reason in (Reason.CHANGE_REFUSED, Reason.CHANGE_FAILED)
    if view.refused and view.deleting_since is None and not told_so:
        return advice.REFUSED, ready.message or "The service refused a wish."
    told = "" if ready.status == "True" else ready.message
    return advice.advice(ready.reason), told


def _unseen(view: View, now: Instant) -> advice.Advice:
    young = view.created_at is None or now < view.created_at + _PATIENCE
    return advice.NOT_SEEN if young else advice.NEVER_SEEN


def _stage(view: View, known: advice.Advice) -> Stage:
    ready, stalled = view.ready, view.conditions.get("Stalled")
    well = ready is not None and ready.status == "True" and view.deleting_since is None
    stuck = stalled is not None and stalled.status == "True" and view.seen and view.deleting_since is None
    if stuck or known is advice.REFUSED or (known.person and not well):
        return Stage.YOU
    if not view.seen and view.operation is None:
        return Stage.UNSEEN
    return Stage.WELL if well else Stage.BUSY
