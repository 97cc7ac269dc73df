"""What the cloud showed, and when the look at it began.

A look that failed or saw only a part is `complete=False`: what it does not show is *unknown*, never absent.
`begun` is the own clock just before the look's first request was sent; `key` the fingerprint of the access key used.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.mark import marks_in


class JobStatus(StrEnum):
    """An operation-log entry's status; OTHER is any text the API reference does not name."""

    PENDING = "pending"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One line of cluster/list. Absent texts are None; `status` is the API's own word, lower case."""

    id: str
    name: str | None = None
    status: str | None = None
    type: str | None = None
    description: str | None = None
    created_at: Instant | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Where a mark can stand."""
        return tuple(text for text in (self.name, self.description) if text)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the operation log. `created_at` None: not readable, so it may lie in any range.

    `ended_at`: when its status last changed, of one that is not pending; None where that is not answered.
    """

    job_id: str
    status: JobStatus
    action: str = ""
    resource_ids: tuple[str, ...] = ()
    created_at: Instant | None = None
    error_codes: str = ""
    ended_at: Instant | None = None

    @property
    def cluster_ids(self) -> tuple[str, ...]:
        """The HPC clusters it names (`hpc-…`, `ehpc-…`); nodes and queues have other prefixes."""
        return tuple(i for i in self.resource_ids if i.startswith(("hpc-", "ehpc-")))

    @property
    def pending(self) -> bool:
        """Whether it may still take effect: an unknown status is not an end."""
        return self.status in (JobStatus.PENDING, JobStatus.OTHER)


@dataclass(frozen=True, slots=True)
class ListLook:
    """The whole of a view's cluster/list.

    `by_id`: its lines by id; `by_mark`: by each mark that stands in them, by its stem, its object and its fleet. Made
    once with the look: every pass of every resource of the account asks. `jobs`: running and pending jobs by cluster,
    where both counters were answered; they move by themselves, so they are no part of a line.
    """

    begun: Instant
    complete: bool
    key: str
    clusters: tuple[Cluster, ...] = ()
    problem: str = ""
    jobs: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}), repr=False, compare=False)
    by_id: Mapping[str, Cluster] = field(init=False, repr=False, compare=False)
    by_mark: Mapping[str, tuple[Cluster, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id, by_mark = _indexes(self.clusters)
        object.__setattr__(self, "by_id", by_id)
        object.__setattr__(self, "by_mark", by_mark)


@lru_cache(maxsize=4)
def _indexes(
    clusters: tuple[Cluster, ...],
) -> tuple[Mapping[str, Cluster], Mapping[str, tuple[Cluster, ...]]]:
    """By id and by mark: at rest one look after the other shows the same, and they share them."""
    lines: defaultdict[str, dict[str, Cluster]] = defaultdict(dict)
    for cluster in clusters:
        for mark in marks_in(*cluster.texts):
            for part in (mark.stem, mark.object, mark.fleet):
                lines[part][cluster.id] = cluster
    by_id = {cluster.id: cluster for cluster in clusters}
    return by_id, {part: tuple(found.values()) for part, found in lines.items()}


@dataclass(frozen=True, slots=True)
class LogLook:
    """A view's operation log, newest first, complete back to `since`. `by_cluster`: the entries that name a cluster."""

    begun: Instant
    complete: bool
    key: str
    since: Instant
    entries: tuple[Entry, ...] = ()
    problem: str = ""
    by_cluster: Mapping[str, tuple[Entry, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        naming: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            for cluster_id in dict.fromkeys(entry.cluster_ids):
                naming[cluster_id].append(entry)
        object.__setattr__(self, "by_cluster", {i: tuple(entries) for i, entries in naming.items()})


@dataclass(frozen=True, slots=True)
class Node:
    """One line of listNodes. `memory` in MiB; what the answer left out is None. `leaving`: it is being deleted."""

    id: str
    role: str
    status: str | None = None
    health: str | None = None
    cpu: int | None = None
    memory: int | None = None
    created_at: Instant | None = None
    address: str | None = None
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class NodesLook:
    """The nodes of one cluster."""

    begun: Instant
    complete: bool
    nodes: tuple[Node, ...] = ()
    problem: str = ""
    key: str = ""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Where its login nodes are reached."""
        return tuple(node.address for node in self.nodes if node.role == "login" and node.address)

    def of(self, role: str) -> tuple[Node, ...]:
        """The nodes of a role that are there to stay."""
        return tuple(node for node in self.nodes if node.role == role and not node.leaving)

    def active(self, role: str) -> int:
        """How many of a role are up."""
        return sum(1 for node in self.of(role) if node.status == "active")


@dataclass(frozen=True, slots=True)
class IdLook:
    """One cluster asked for by id: its line, the log entries that name it, and how many jobs run or wait on it.

    `jobs` None: a counter was not answered, so that nobody knows.
    """

    begun: Instant
    complete: bool
    key: str
    id: str
    cluster: Cluster | None = None
    entries: tuple[Entry, ...] = ()
    problem: str = ""
    ended: Instant = 0.0
    jobs: int | None = None

    @property
    def last_asked(self) -> Instant:
        """When asking was over: what the pace counts from, so that a slow read is not asked for again at once."""
        return max(self.begun, self.ended)
