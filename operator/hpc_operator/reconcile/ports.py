"""What a pass needs of the world, as protocols. `cloud` and `kube` implement them; tests implement them in memory.

Every coroutine here is a fault point: tests/faults asserts that each is interrupted before and after its effect, so
a new method without faults turns the suite red. Errors are the classes below and nothing else; whatever a library
raises is turned into one of them at the edge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from hpc_operator.domain.actions import Change
from hpc_operator.domain.answers import Answer, Refused
from hpc_operator.domain.desired import Desired, Instant, Ref, SecretKey
from hpc_operator.domain.observed import IdLook, ListLook, LogLook, NodesLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Intent, Memory, Record, Report, Resource


class Conflict(Exception):  # noqa: N818 - an outcome, not a defect
    """Somebody wrote since this was read (409): nothing was written, look again."""


class Gone(Exception):  # noqa: N818
    """The resource is not there any more, or another uid bears its name."""


class CrdTooOld(Exception):  # noqa: N818
    """The server dropped or refused fields of the status: its CRD is older than this operator."""


class Unavailable(Exception):  # noqa: N818
    """No usable answer from Kubernetes: a write may or may not have happened. `permanent`: 401, 403, 422."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class SecretProblem(Exception):  # noqa: N818
    """A Secret, or a key in it, is missing, malformed or not ours. `reason` is the condition reason."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Credentials:
    """One API key and where it points. `fingerprint` identifies the key without telling it; repr hides the secret.

    `where`: what it was read from, for people.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    account: Account
    fingerprint: str
    own: bool = True
    where: str = ""


KeySource: TypeAlias = tuple[str, str] | None
"""Where a key comes from: namespace and name of a Secret, or None for the operator's own."""


def source_of(resource: Resource) -> KeySource:
    """Where this resource's key comes from."""
    name = resource.desired.credentials_secret
    return None if name is None else (resource.ref.namespace, name)


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """All that one createCluster says. `name` is the marked name, sent at both places; passwords never reach a repr."""

    desired: Desired
    account: Account
    name: str
    uid_number: int
    gid_number: int
    admin_password: str = field(repr=False)
    password: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Person:
    """`/permission/{owner}`: the ids that a create must name."""

    uid_number: int
    gid_number: int


class Clock(Protocol):
    """The own clock, and how far the cloud's was seen from it."""

    def now(self) -> Instant:
        """Seconds since the epoch."""

    def offset(self) -> float | None:
        """The cloud's clock minus ours by the newest `Date` header, seconds; None when none was seen."""


class Calls(Protocol):
    """Changing calls to the cloud. Never retried inside; `timestamp` is the one reading of the clock that is signed."""

    async def create(self, credentials: Credentials, request: CreateRequest, timestamp: Instant) -> Answer:
        """POST createCluster, once."""

    async def delete(self, credentials: Credentials, account: Account, cluster_id: str, timestamp: Instant) -> Answer:
        """POST deleteCluster by id."""

    async def describe(
        self, credentials: Credentials, account: Account, cluster_id: str, name: str, description: str
    ) -> Answer:
        """POST modifyCluster: name and description."""

    async def change(self, credentials: Credentials, account: Account, change: Change, timestamp: Instant) -> Answer:
        """POST addNodes, deleteNodes, resizeCluster, startCluster or stopCluster, once."""

    async def person(self, credentials: Credentials, account: Account) -> Person | Refused | str:
        """GET /permission/{owner}; Refused where the owner is not known, a sentence where it is not read."""


class Looks(Protocol):
    """Shared reads of a view (account, zone, owner): one look serves every resource that asks in time."""

    async def listing(
        self, credentials: Credentials, account: Account, not_before: Instant, lane: str = "look"
    ) -> tuple[ListLook, ...]:
        """The newest list looks (at most three, newest first); reads anew if none began at or after not_before.

        The newest tells whether the read succeeded (`complete`); the older ones are complete. Where the budget leaves
        `lane` no calls, all may be older than was asked for, or the only one incomplete.
        """

    async def log(
        self, credentials: Credentials, account: Account, since: Instant, not_before: Instant, lane: str = "look"
    ) -> tuple[LogLook, ...]:
        """The newest log looks (at most three, newest first).

        The first reaches back to `since` and tells whether the read succeeded (`complete`); it began at or after
        not_before, unless the budget leaves `lane` no calls. The older ones are complete.
        """

    async def by_id(self, credentials: Credentials, account: Account, cluster_id: str, lane: str = "look") -> IdLook:
        """Ask for one cluster by id, now; kept for `known_ids`."""

    async def nodes(self, credentials: Credentials, account: Account, cluster_id: str, lane: str = "look") -> NodesLook:
        """GET listNodes, all pages: each node of the cluster, also one that is being deleted."""

    def known(self, account: Account) -> Mapping[str, IdLook]:
        """The newest look by id for each id asked lately."""

    def refuses(self, credentials: Credentials) -> bool:
        """Whether the newest answer to a read under this key refused the key itself (1200)."""


FOLLOW_UPS = 2
"""Calls that every create brings after it: its cluster is described, and its nodes are counted once."""


class Budget(Protocol):
    """The account's call quota."""

    async def permit(self, account: Account, lane: str, calls: int = 1) -> float:
        """0 when so many calls of this lane may go now (they are then counted), else the seconds to wait."""

    def waits(self, account: Account, lane: str, seconds: float) -> None:
        """Somebody was told to wait who has not asked for a call yet: for metrics."""

    def hurry(self, account: Account, waiting: bool) -> None:
        """Whether somebody waits for a create: the watch then takes less."""

    def wait(self, account: Account, lane: str, calls: int = 1) -> float:
        """Seconds until so many calls of this lane may go; 0 when they may now. Counts nothing."""


class Lease(Protocol):
    """Whether this process is the one that acts."""

    def left(self) -> float:
        """Seconds for which nobody else can hold it; below what a call needs, it is not sent."""

    def approved_deletions(self) -> int:
        """How many deletions at once a person approved on the Lease (`approve-deletions`); 0 without that."""

    def drop_approval(self) -> None:
        """The approval was used: no deletion is held any more. Nothing happens where there is none."""


class Store(Protocol):
    """Kubernetes. Each write carries the resource's resourceVersion and answers the resource as written."""

    async def read(self, ref: Ref) -> Resource:
        """Fresh from the server; Gone if it is not there or is another uid."""

    async def remember(self, resource: Resource, record: Record) -> Resource:
        """Set finalizer and record annotation in one patch (no finalizer on a resource that is being deleted)."""

    async def write_intent(self, resource: Resource, intent: Intent) -> Resource:
        """Write `status.operation`, strictly: CrdTooOld unless the answer carries it and a new resourceVersion."""

    async def write_status(self, resource: Resource, memory: Memory, report: Report | None = None) -> Resource:
        """Make `/status` say this memory and report, under the resourceVersion. Nothing differs: nothing is written."""

    async def release(self, resource: Resource) -> None:
        """Take our finalizer off, under the resourceVersion; done already is done."""

    async def keep_secrets(self, resource: Resource, cluster_id: str) -> None:
        """Let the resource's Secrets stay with the cluster: labelled `hpc.qingcloud.com/retained=<id>`."""

    async def drop_secrets(self, resource: Resource) -> None:
        """Let the resource's Secrets go with it: only now it becomes their owner, for the garbage collector."""

    async def connect(self, resource: Resource, texts: Mapping[str, str]) -> None:
        """Write the Secret `<name>-connection`, owned by the resource; SecretProblem if another's bears that name."""

    async def doomed(self) -> bool | None:
        """Whether the CRD itself is being deleted, and every resource with it; None when that cannot be read."""

    async def password(self, resource: Resource, key: SecretKey) -> str:
        """One value of a Secret in the resource's namespace; SecretProblem says what is wrong."""

    async def admin_password(self, resource: Resource) -> str:
        """The password in the Secret `<name>-admin`, made and stored if missing; SecretProblem if that is not ours."""

    async def announce(self, resource: Resource, reason: Reason, message: str, *, warning: bool) -> None:
        """Post an event about the resource. Failing is logged, never raised."""


class Keys(Protocol):
    """Which credentials a resource uses."""

    async def credentials(self, resource: Resource) -> Credentials:
        """The operator's own, or those of the resource's Secret; SecretProblem when they are missing or malformed."""
