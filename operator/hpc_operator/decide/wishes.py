"""A wish that was refused, or whose job failed: whether and when it is tried again. Pure.

Imported by `changing`. A refusal locks no door: it is remembered by field and wish, so that another wish of the same
field, and every other field, goes on. `reconcile-at` asks for one more attempt.
"""

from hpc_operator.decide import pace
from hpc_operator.decide.decision import Blocked, Wait
from hpc_operator.decide.differences import Difference
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.quota import exhausted
from hpc_operator.decide.refusals import Refusal, refusal
from hpc_operator.domain.desired import Power
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, OperationAction, Outcome, RefusedWish

TRIES = 3
"""Jobs that may fail in a row for one wish: a resize interrupts service each time, an added node may cost."""
_QUOTA, _BUSY = 2500, (1400, 5400)


def standing(scene: Scene, difference: Difference) -> Wait | Blocked | None:
    """What an earlier refusal of this very wish says against trying now; None: nothing does."""
    texts = difference.describe
    refused = refused_wish(scene, difference.field, difference.wish if texts is None else texts.digest)
    if refused is None or _asked_again(scene, refused):
        return None
    if refused.code == _QUOTA and scene.facts.quota_until is not None:
        return exhausted(scene.resource, scene.facts.quota_until, scene.now, "the change")
    told = meaning(refused)
    field = refused.field if texts is None else f"{refused.field} or description"
    text = f"{field}: {difference.wish}: {told.message}"
    if told.final:
        return Blocked(told.reason, text, scene.policy.staleness)
    pause = scene.policy.retry_cap if told.slow else pace.backoff(refused.failures, scene.policy)
    wait = refused.at + pause - scene.now
    if wait <= 0:
        return None
    return Blocked(told.reason, text, wait) if told.person else Wait(told.reason, wait, text)


def refused_wish(scene: Scene, field: str, wish: str) -> RefusedWish | None:
    """The refusal of this wish, if it was refused."""
    return next((r for r in scene.resource.memory.refused if (r.field, r.wish) == (field, wish)), None)


def _asked_again(scene: Scene, refused: RefusedWish) -> bool:
    wanted = scene.resource.orders.reconcile_at
    return wanted is not None and wanted != refused.reconcile_at


def meaning(refused: RefusedWish) -> Refusal:
    """Reason, words and pace of a refusal."""
    if refused.code is None:
        final = refused.failures >= TRIES
        advice = " It is not tried again: mend the wish, or annotate reconcile-at." if final else " It is tried again."
        return Refusal(Reason.CHANGE_FAILED, f"{refused.message}{advice}", final=final, person=final)
    if refused.code == 0:
        return Refusal(Reason.CLOUD_UNREACHABLE, f"the service cannot be reached. {refused.message}")
    if refused.code in _BUSY:
        many = refused.failures >= TRIES
        text = f"refused with ret_code {refused.code} in its present state, and tried again. {refused.message}"
        return Refusal(Reason.CHANGE_REFUSED, text.strip(), person=many, slow=many)
    closed = Closed(OperationAction.RESIZE, 0, Outcome.REFUSED, refused.at, 0, refused.code, refused.message)
    told = refusal(closed)
    reason = Reason.CHANGE_REFUSED if told.final else told.reason
    if told.reason is Reason.NO_BALANCE and refused.field == "power" and refused.wish == Power.RUNNING:
        reason = Reason.ACCOUNT_IN_ARREARS
    return Refusal(reason, told.message, final=told.final, person=told.person, slow=told.slow)
