"""What ends each wait of a deletion: one sentence for each reason, for whoever stands before a Terminating resource.

Pure; imported by `report` only. A deletion that hangs without a word is what makes people strip finalizers, and then
the cluster bills on unseen. So nothing may hold a deletion without an entry here: a test walks all reasons.
"""

from collections.abc import Mapping

from hpc_operator.decide import guards, leaving
from hpc_operator.decide.decision import Blocked, Decision, Wait
from hpc_operator.decide.facts import Scene
from hpc_operator.domain.desired import DeletionPolicy
from hpc_operator.domain.reasons import Reason

GOES_ON = "The deletion goes on when"
_KEY = "the access key is there and is accepted"

ENDS: Mapping[Reason, str] = {
    Reason.MASS_DELETION: "that is approved, or the policy says Retain",
    Reason.DELETION_PROTECTED: "spec.deletionProtection is false",
    Reason.RECORD_NEWER: "the operator is upgraded",
    Reason.SPEC_NEWER: "the operator is upgraded, or that is taken out of the spec",
    Reason.INVALID_SPEC: "what the message names is mended",
    Reason.FLEET_CHANGED: "the operator's fleet setting is what it was",
    Reason.CREDENTIALS_MISSING: _KEY,
    Reason.CREDENTIALS_MALFORMED: _KEY,
    Reason.CREDENTIALS_REFUSED: _KEY,
    Reason.SECRET_MISSING: "the Secret is there",
    Reason.SECRET_KEY_MISSING: "the Secret has the key",
    Reason.SECRET_NOT_OURS: "the Secret is out of the way",
    Reason.KUBERNETES_REFUSED: "the API server takes the operator's request",
    Reason.ACCOUNT_CHANGED: "the settings point to the recorded account again",
    Reason.ACCOUNT_UNPROVEN: "a key that sees the cluster's account is in use again",
    Reason.CLOCK_SKEWED: "the clocks agree again",
    Reason.QUOTA_EXHAUSTED: "the account has calls again",
    Reason.CLOUD_UNREACHABLE: "the service can be read again",
    Reason.NOT_LEADER: "one process holds the Lease",
    Reason.CRD_TOO_OLD: "the CRD of this version is applied",
    Reason.CREATE_UNANSWERED: "looks have shown what became of the create: by itself",
    Reason.UNRESOLVED_CREATE: "one of the two annotations is set",
    Reason.DUPLICATE_CLUSTERS: "one cluster is left, or the annotation names one",
    Reason.ADOPTION_REFUSED: "the annotation names a cluster that may be taken, or is removed",
    Reason.ALREADY_CLAIMED: "the annotation names a cluster that may be taken, or is removed",
    Reason.RETAIN_WAITS: "the cluster is listed, or could not appear any more: by itself",
    Reason.OPERATION_RUNNING: "the operation has ended: by itself",
    Reason.DELETE_FAILED: "a later try succeeds: by itself",
    Reason.DELETE_UNANSWERED: "it is answered: by itself",
    Reason.DELETING: "the delete job has ended and looks show that nothing is left: by itself",
    Reason.STILL_LISTED: "the cluster is shown no more; if it stays, deleteCluster is sent again: by itself",
    Reason.NOT_LISTED: "further looks have shown that nothing is left: by itself",
}

_MAY_LEAVE = frozenset({
    Reason.CREDENTIALS_MISSING,
    Reason.CREDENTIALS_MALFORMED,
    Reason.CREDENTIALS_REFUSED,
    Reason.SECRET_MISSING,
    Reason.SECRET_KEY_MISSING,
    Reason.ACCOUNT_CHANGED,
    Reason.ACCOUNT_UNPROVEN,
    Reason.CLOUD_UNREACHABLE,
    Reason.CLOCK_SKEWED,
    Reason.DELETE_FAILED,
    Reason.DELETE_UNANSWERED,
    Reason.OPERATION_RUNNING,
})  # fmt: skip


def told(scene: Scene, decision: Decision, reason: Reason, message: str) -> str:
    """The message with what ends the wait, where a deletion waits; else as it was."""
    if not scene.resource.deleting or not isinstance(decision, Wait | Blocked):
        return message
    if reason is Reason.QUOTA_EXHAUSTED:  # says until when, and is read back (decide.quota)
        return message
    ends = ENDS.get(reason)
    sentence = f" {GOES_ON} {ends}." if ends is not None else ""
    return f"{message}{sentence}{_or_leave(scene, reason)}"


def _or_leave(scene: Scene, reason: Reason) -> str:
    """The way out that needs no cloud, where it is open: a cluster once seen, and no create in doubt."""
    resource = scene.resource
    seen = resource.memory.first_active_at is not None and not guards.doubt_first(resource)
    if reason not in _MAY_LEAVE or not seen or leaving.policy_of(scene) is DeletionPolicy.RETAIN:
        return ""
    return " Or set spec.deletionPolicy to Retain: the resource is let go, and the cluster stays and costs."
