"""Every reason that a condition or an event can have: one name for one thing, in code, status, logs and docs.

docs/reasons.md has a heading for each, and tells people what to do; a test compares the two. Everybody may import it.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The value is what people read; docs/reasons.md says what it means."""

    READY = "Ready"
    DIFFERS = "Differs"
    WORKING = "Working"
    CREATING = "Creating"
    LOOKING_FIRST = "LookingFirst"
    FIRST_CREATE_UNDER_WAY = "FirstCreateUnderWay"
    CREATE_UNANSWERED = "CreateUnanswered"
    UNRESOLVED_CREATE = "UnresolvedCreate"
    DUPLICATE_CLUSTERS = "DuplicateClusters"
    OWNED_ELSEWHERE = "OwnedElsewhere"
    ALREADY_CLAIMED = "AlreadyClaimed"
    OWNERSHIP_MOVED = "OwnershipMoved"
    ADOPTION_REFUSED = "AdoptionRefused"
    MARK_INVISIBLE = "MarkInvisible"
    CLUSTER_VANISHED = "ClusterVanished"
    CREATE_FAILED = "CreateFailed"
    CLUSTER_ABNORMAL = "ClusterAbnormal"
    OPERATION_RUNNING = "OperationRunning"
    CHANGING = "Changing"
    CHANGE_UNANSWERED = "ChangeUnanswered"
    CHANGE_REFUSED = "ChangeRefused"
    CHANGE_FAILED = "ChangeFailed"
    WAITING_FOR_JOBS = "WaitingForJobs"
    STOPPED = "Stopped"
    STOPPED_OUTSIDE = "StoppedOutside"
    ACCOUNT_IN_ARREARS = "AccountInArrears"
    DELETED_OUTSIDE = "DeletedOutside"
    NOT_LISTED = "NotListed"
    STILL_LISTED = "StillListed"
    NOTHING_TO_OBSERVE = "NothingToObserve"
    SPEC_INCOMPLETE = "SpecIncomplete"
    SPEC_REFUSED = "SpecRefused"
    INVALID_SPEC = "InvalidSpec"
    SPEC_NEWER = "SpecNewer"
    IDS_DIFFER = "IdsDiffer"
    OWNER_NOT_ALLOWED = "OwnerNotAllowed"
    ZONE_NOT_ALLOWED = "ZoneNotAllowed"
    NAMESPACE_NOT_ALLOWED = "NamespaceNotAllowed"
    CEILING_REACHED = "CeilingReached"
    ACCESS_DENIED = "AccessDenied"
    NO_BALANCE = "NoBalance"
    LICENCE_REFUSED = "LicenceRefused"
    NO_CAPACITY = "NoCapacity"
    QUOTA_EXHAUSTED = "QuotaExhausted"
    RESOURCE_QUOTA_EXCEEDED = "ResourceQuotaExceeded"
    CLOUD_UNREACHABLE = "CloudUnreachable"
    CREDENTIALS_MISSING = "CredentialsMissing"
    CREDENTIALS_MALFORMED = "CredentialsMalformed"
    CREDENTIALS_REFUSED = "CredentialsRefused"
    SECRET_NOT_OURS = "SecretNotOurs"  # noqa: S105 - the name of a reason
    CLOCK_SKEWED = "ClockSkewed"
    ACCOUNT_UNPROVEN = "AccountUnproven"
    ACCOUNT_CHANGED = "AccountChanged"
    FLEET_CHANGED = "FleetChanged"
    RECORD_NEWER = "RecordNewer"
    CRD_TOO_OLD = "CrdTooOld"
    KUBERNETES_REFUSED = "KubernetesRefused"
    NOT_LEADER = "NotLeader"
    PAUSED = "Paused"
    DELETING = "Deleting"
    DELETE_UNANSWERED = "DeleteUnanswered"
    DELETE_FAILED = "DeleteFailed"
    DELETION_PROTECTED = "DeletionProtected"
    MASS_DELETION = "MassDeletion"
    RETAIN_WAITS = "RetainWaits"
    DELETED = "Deleted"
    LEFT = "Left"
    ORPHANED = "Orphaned"
    SECRET_KEY_MISSING = "SecretKeyMissing"  # noqa: S105 - the name of a reason
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - the name of a reason


MENDED_BY_A_PERSON = frozenset({
    Reason.CREDENTIALS_MISSING,
    Reason.CREDENTIALS_MALFORMED,
    Reason.CREDENTIALS_REFUSED,
    Reason.SECRET_MISSING,
    Reason.SECRET_KEY_MISSING,
    Reason.CLOCK_SKEWED,
    Reason.KUBERNETES_REFUSED,
    Reason.RESOURCE_QUOTA_EXCEEDED,
})  # fmt: skip
"""Waits that end by themselves as soon as somebody has mended their cause, and not before: told as a Warning."""
