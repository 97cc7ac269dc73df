"""What one pass may do: exactly one of these. Data only; `reconcile` performs them, `decide` chooses."""

from dataclasses import dataclass
from typing import TypeAlias

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import Closed, Intent, Record


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
    """Ask for clusters by id; the answers are kept with the shared looks."""

    ids: tuple[str, ...]


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


Action: TypeAlias = Remember | Create | Doubt | Close | Take | LookById | Describe | Delete | Release | CountNodes
