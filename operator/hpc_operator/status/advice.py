"""What a person must do about each reason, in one short line: docs/reasons.md says more. The only place of these texts.

Imported by `judging`. A test compares the table with `domain.reasons`: a reason without a line, or without an explicit
*nothing*, is red. `{annotate}` stands for the beginning of a kubectl command, `{resource}` for what to name in others,
`{cluster}` for the id of the recorded cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hpc_operator.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """`person`: it does not go on before somebody has done this."""

    text: str
    person: bool


def _do(text: str) -> Advice:
    return Advice(text, person=True)


def _may(text: str) -> Advice:
    """It goes on by itself; this is what can be done meanwhile."""
    return Advice(text, person=False)


NOTHING = Advice("Nothing: it goes on by itself.", person=False)
WELL = Advice("Nothing.", person=False)

UNKNOWN = Advice(
    "This program does not know the reason: it is older than the operator. Upgrade it, or see docs/reasons.md.",
    person=False,
)
NOT_SEEN = Advice(
    "Nothing, when it was applied a moment ago; otherwise see whether the operator runs, holds its Lease and serves "
    "this namespace.",
    person=False,
)
NEVER_SEEN = Advice(
    "See whether the operator runs, holds its Lease and serves this namespace: hpc-operator doctor.", person=True
)
_REFUSED = (
    "Mend the fields below (another wish is tried at once), or ask again: {annotate} --overwrite "
    "hpc.qingcloud.com/reconcile-at=<any new value>."
)
REFUSED = Advice(_REFUSED, person=True)
OTHER_FINALIZERS = Advice("Nothing here: whoever set these finalizers must take them off.", person=False)

ADVICE: Mapping[Reason, Advice] = {
    Reason.READY: WELL,
    Reason.DIFFERS: _may("Nothing; see what differs below. managementPolicy Full would change it."),
    Reason.WORKING: NOTHING,
    Reason.CREATING: NOTHING,
    Reason.LOOKING_FIRST: _may("Nothing; if it lasts, mend why the account cannot be read."),
    Reason.FIRST_CREATE_UNDER_WAY: _may("Nothing, unless the resource created first is paused or failed: see its own."),
    Reason.CREATE_UNANSWERED: NOTHING,
    Reason.UNRESOLVED_CREATE: _do(
        "Find out which of the named clusters is this resource's: {annotate} hpc.qingcloud.com/adopt=<id>; if none is: "
        "{annotate} hpc.qingcloud.com/recreate=<mark>-<attempt>. A wrong answer buys a second cluster."
    ),
    Reason.DUPLICATE_CLUSTERS: _do(
        "Delete all but one in the console, or {annotate} hpc.qingcloud.com/adopt=<id of the one to keep>."
    ),
    Reason.OWNED_ELSEWHERE: _do(
        "Go on with it: {annotate} hpc.qingcloud.com/take-over=<id>; or leave it and create another: {annotate} "
        "hpc.qingcloud.com/create-beside=<id>. A whole namespace: hpc-operator take-over."
    ),
    Reason.ALREADY_CLAIMED: _do("Delete one of the two resources; the younger lets go without a call."),
    Reason.OWNERSHIP_MOVED: _do("Claim it back: {annotate} hpc.qingcloud.com/take-over=<id>; or delete this resource."),
    Reason.ADOPTION_REFUSED: _do("Mend the annotation adopt or take-over: the message says what is wrong with it."),
    Reason.MARK_INVISIBLE: _do("Accept that with the operator's setting HPC_OPERATOR_ACCEPT_INVISIBLE_MARKS, or not."),
    Reason.CLUSTER_VANISHED: _do(
        "Give it up and have another created: {annotate} hpc.qingcloud.com/recreate={cluster}; or delete this resource."
    ),
    Reason.CREATE_FAILED: _do(
        "Delete what is there and have another created: {annotate} hpc.qingcloud.com/recreate={cluster}; or repair it "
        "in the console; or delete this resource, which deletes what is there."
    ),
    Reason.CLUSTER_ABNORMAL: _do("Repair the cluster in the console."),
    Reason.OPERATION_RUNNING: NOTHING,
    Reason.CHANGING: NOTHING,
    Reason.CHANGE_UNANSWERED: NOTHING,
    Reason.CHANGE_REFUSED: _may(_REFUSED),  # a person's when it is stalled: some refusals are tried again
    Reason.CHANGE_FAILED: _may(_REFUSED),
    Reason.WAITING_FOR_JOBS: _may(
        "Nothing: it goes on when no job runs or waits. Not to wait: spec.disruptionPolicy Immediate, or a "
        "disruptionDeadline."
    ),
    Reason.STOPPED: _may("Nothing. To start it: spec.power Running."),
    Reason.STOPPED_OUTSIDE: _do(
        "Agree with it: spec.power Stopped; or have it started again: {annotate} --overwrite "
        "hpc.qingcloud.com/reconcile-at=<any new value>."
    ),
    Reason.ACCOUNT_IN_ARREARS: _do("Settle the account: the platform destroys clusters that stay suspended."),
    Reason.DELETED_OUTSIDE: _may("Nothing here: somebody else deletes the cluster."),
    Reason.NOT_LISTED: NOTHING,
    Reason.STILL_LISTED: NOTHING,
    Reason.NOTHING_TO_OBSERVE: _do("Name the cluster: {annotate} hpc.qingcloud.com/adopt=<id>."),
    Reason.SPEC_INCOMPLETE: _do("Add the fields that the message names to the manifest."),
    Reason.SPEC_REFUSED: _do(
        "Mend the spec, or ask again: {annotate} --overwrite hpc.qingcloud.com/reconcile-at=<any new value>."
    ),
    Reason.SPEC_NEWER: _do("Upgrade the operator to the version of the CRD, or take out what the message names."),
    Reason.INVALID_SPEC: _do("Mend the field that the message names."),
    Reason.IDS_DIFFER: _do("Leave uid_number and gid_number out, or set HPC_OPERATOR_ACCEPT_OTHER_IDS."),
    Reason.OWNER_NOT_ALLOWED: _do("Mend spec.owner, or add it to the operator's HPC_OPERATOR_OWNERS."),
    Reason.ZONE_NOT_ALLOWED: _do("Mend spec.zone, or add it to the operator's HPC_OPERATOR_ZONES."),
    Reason.NAMESPACE_NOT_ALLOWED: _do(
        "Name a Secret with an access key in spec.credentialsSecretRef, or have the namespace added to the operator's "
        "HPC_OPERATOR_ALLOWED_NAMESPACES."
    ),
    Reason.CEILING_REACHED: _do("Wish for less, or have the operator's ceiling raised: the message names it."),
    Reason.ACCESS_DENIED: _do("Mend the spec or the account's rights."),
    Reason.NO_BALANCE: _do("Top up the account's balance; it is tried again slowly."),
    Reason.LICENCE_REFUSED: _do("Get the licence, or wish for what needs none; it is tried again slowly."),
    Reason.NO_CAPACITY: _may("Nothing: it is tried again slowly. Or wish for smaller or fewer nodes, or another zone."),
    Reason.QUOTA_EXHAUSTED: _may("Nothing: it goes on when the account's hour has passed."),
    Reason.RESOURCE_QUOTA_EXCEEDED: _do("Have the account's quota raised, or delete what is not needed."),
    Reason.CLOUD_UNREACHABLE: _may("Nothing; if it lasts, see whether the HPC API is reached: hpc-operator doctor."),
    Reason.CREDENTIALS_MISSING: _do("Give the access key where the message says."),
    Reason.CREDENTIALS_MALFORMED: _do("Store the access key anew where the message says."),
    Reason.CREDENTIALS_REFUSED: _do("Give a valid access key: hpc-operator doctor says what is wrong with this one."),
    Reason.SECRET_NOT_OURS: _do("Remove or rename the Secret <name>-admin, or name it in spec.adminPasswordSecretRef."),
    Reason.CLOCK_SKEWED: _do("Set the clock of the operator's machine right."),
    Reason.ACCOUNT_UNPROVEN: _do("Put the earlier access key back."),
    Reason.ACCOUNT_CHANGED: _do(
        "Put endpoint, owner and zone back as they were, where the message says. To let go of the cluster and keep it: "
        "spec.deletionPolicy Retain, then delete this resource."
    ),
    Reason.FLEET_CHANGED: _do("Put the operator's setting HPC_OPERATOR_FLEET back as it was."),
    Reason.RECORD_NEWER: _do("Upgrade the operator: a newer one wrote this resource."),
    Reason.CRD_TOO_OLD: _do("Apply the CRD of the operator's version: crds/hpcclusters.yaml."),
    Reason.KUBERNETES_REFUSED: _do(
        "Where the message names a permission, give it to the operator: hpc-operator doctor names all. Where a policy "
        "or a quota refuses, mend that."
    ),
    Reason.NOT_LEADER: NOTHING,
    Reason.PAUSED: _do("To go on: {annotate} hpc.qingcloud.com/paused-."),
    Reason.DELETING: NOTHING,
    Reason.DELETE_UNANSWERED: NOTHING,
    Reason.DELETE_FAILED: _may("Nothing: it is tried again. If it lasts, delete the cluster in the console."),
    Reason.DELETION_PROTECTED: _do(
        'To let it go: kubectl patch {resource} --type merge -p \'{{"spec":{{"deletionProtection":false}}}}\'.'
    ),
    Reason.MASS_DELETION: _do(
        "If it is meant, annotate the operator's Lease with hpc.qingcloud.com/approve-deletions=<number of the "
        "message>; if not, set deletionPolicy Retain. See docs/deletion.md."
    ),
    Reason.RETAIN_WAITS: NOTHING,
    Reason.DELETED: WELL,
    Reason.LEFT: _may("The named cluster stays and costs: delete it in the console if nobody needs it."),
    Reason.ORPHANED: _do("Take the named cluster over by a new resource, or delete it in the console."),
    Reason.SECRET_KEY_MISSING: _do("Add the key to the Secret that the message names."),
    Reason.SECRET_MISSING: _do("Create the Secret that the message names."),
}


def advice(reason: str) -> Advice:
    """What to do about a reason as it stands in a condition."""
    try:
        return ADVICE[Reason(reason)]
    except ValueError:
        return UNKNOWN
