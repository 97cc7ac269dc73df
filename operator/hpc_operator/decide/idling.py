"""Whether running jobs hold back a change that would end them (`disruptionPolicy`, `disruptionDeadline`). Pure.

Imported by `changing`. The counters of the shared list say for free when asking is worth two calls; what decides is
a read of the cluster made directly before the call. A counter that is not answered is unknown, and unknown waits.
"""

from datetime import UTC, datetime

from hpc_operator.decide.decision import Act, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import LookById
from hpc_operator.domain.desired import DisruptionPolicy, Instant, stored
from hpc_operator.domain.observed import Cluster
from hpc_operator.domain.reasons import Reason

_SELDOM = 10  # stalenesses between two questions where no list answers the counters


def jobs_run(scene: Scene, line: Cluster, field: str) -> Decision | None:
    """None: nothing is ended by the change, or it may be."""
    desired = scene.resource.desired
    if desired.disruption_policy is DisruptionPolicy.IMMEDIATE:
        return None
    deadline = until(scene)
    if deadline is not None and scene.now >= deadline:
        return None
    listed = scene.newest.jobs.get(line.id) if scene.newest is not None else None
    if listed:
        return _wait(scene, line, field, deadline)
    look = scene.facts.ids.get(line.id)
    asked = look.last_asked if look is not None else 0.0
    fresh = look is not None and asked >= scene.now - scene.policy.poll
    if fresh and look is not None and look.complete:
        return None if look.jobs == 0 else _wait(scene, line, field, deadline)
    if listed is None and asked > scene.now - _SELDOM * scene.policy.staleness and scene.resource.memory.waiting_since:
        return _wait(scene, line, field, deadline)
    return Act(LookById((line.id,), "change"))


def until(scene: Scene) -> Instant | None:
    """When the change is made although jobs run; None: never."""
    deadline = scene.resource.desired.disruption_deadline
    if deadline is None:
        return None
    return (scene.resource.memory.waiting_since or stored(scene.now)) + deadline


def _wait(scene: Scene, line: Cluster, field: str, deadline: Instant | None) -> Wait:
    after = "" if deadline is None else f", or at {datetime.fromtimestamp(deadline, UTC):%Y-%m-%d %H:%M} UTC"
    text = (
        f"{field}: jobs run or wait on {line.id}, or their number is not known. It is changed when none does{after}; "
        "disruptionPolicy: Immediate does not wait."
    )
    pause = scene.policy.staleness
    if deadline is not None:
        pause = min(pause, max(deadline - scene.now, 0.05))
    return Wait(Reason.WAITING_FOR_JOBS, pause, text)
