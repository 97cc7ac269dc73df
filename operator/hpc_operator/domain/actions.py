"""What one pass may do: exactly one of these. Data only; `reconcile` performs them, `decide` chooses."""

from dataclasses import dataclass
from typing import TypeAlias

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import Closed, Intent, OperationAction, Record


@dataclass(frozen=True, slots=True)
class Remember:
    """Write the finalizer and the record annotation (one patch, under the resourceVersion)."""

    record: Record


@dataclass(frozen=True, slots=True)
class Create:
    """Buy: record if there is none, intent, then one createCluster. `record` None: the right one is there."""

    attempt: int
    record: Record | None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """Write an open create intent for a finalizer or record that nothing explains: it may hide a create."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Close:
    """Close the open operation on a fresh read with the same nonce."""

    intent: Intent
    closed: Closed


@dataclass(frozen=True, slots=True)
class Take:
    """Record a cluster as this resource's: found by mark, ordered by a person, or read from the other memory."""

    id: str
    record: Record
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class LookById:
    """Ask for clusters by id; the answers are kept with the shared looks. `lane` of the budget; "": by its stage."""

    ids: tuple[str, ...]
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Describe:
    """Write mark and wished texts into the cluster's name and description (modifyCluster)."""

    id: str
    name: str
    description: str
    digest: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete by id: intent, then deleteCluster. `intent` is an unanswered earlier one to go on with."""

    id: str
    intent: Intent | None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Release:
    """Take the finalizer off. `left` names a cluster that stays behind: its Secrets are kept and an event says so.

    `retained`: it is this resource's own, and the same manifest applied again must find it, whatever a list shows.
    """

    left: str | None = None
    why: str = ""
    retained: bool = False


@dataclass(frozen=True, slots=True)
class CountNodes:
    """Read the node list once: counts by role and login addresses go to status."""

    id: str


@dataclass(frozen=True, slots=True)
class Change:
    """Change the cluster: intent, then one call.

    AddNodes: `count` nodes of `role`, beside `nodes` (ids). DeleteNodes: `nodes` go, so that `count` are left. Resize:
    `role` to `cpu` cores and `memory` MiB. Start, Stop: nothing more.
    """

    action: OperationAction
    id: str
    role: str | None = None
    count: int | None = None
    nodes: tuple[str, ...] = ()
    cpu: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Note in the open intent that its job had ended at this time."""

    intent: Intent
    at: Instant


@dataclass(frozen=True, slots=True)
class Forget:
    """Give up a cluster that is no more, as a person ordered (`recreate`): the next pass may create anew."""

    id: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Write the connection Secret. `texts` by key; no password is among them. `digest` of them goes to status."""

    texts: tuple[tuple[str, str], ...]
    digest: str


Action: TypeAlias = (
    Remember
    | Create
    | Doubt
    | Close
    | Take
    | LookById
    | Describe
    | Delete
    | Release
    | CountNodes
    | Change
    | Ended
    | Forget
    | Connect
)
