"""A node as it truly is, and as it was.

Lives here: `Node` and its past, for looks to which news comes late. `clusters` and `changes` import it.
Never comes in: jobs, what an answer looks like.
"""

from dataclasses import dataclass, field

REMEMBERED = 86_400.0
"""Seconds for which the past is kept; no look sees further back."""


@dataclass(slots=True)
class Past:
    """What a node was, until a moment of the injected clock; `stamp` is the status_time that it had."""

    until: float
    status: str
    transition: str
    cpu: int
    memory: int
    stamp: float | None
    health: str = ""


@dataclass(slots=True)
class Node:
    """One node; `memory` in MiB. Fields with a default are not in the state files of older versions."""

    node_id: str
    role: str
    cpu: int
    memory: int
    name: str
    private_ip: str
    place: int = 0
    """Its number in the order of the cluster's nodes ever made."""
    status: str = "active"
    """pending, active or stopped; while its cluster is being created the cluster's own status counts."""
    transition: str = ""
    """creating, deleting, restarting, resizing, starting, stopping, suspending, or empty."""
    health: str = ""
    """A person's word; empty: what the status says."""
    began: float | None = None
    """Moment of the injected clock at which it came to be; None: together with its cluster."""
    stamp: float | None = None
    """The same as the cloud tells it."""
    gone: float | None = None
    """Moment at which it ceased to be."""
    status_stamp: float | None = None
    past: list[Past] = field(default_factory=list)
    """Oldest first."""

    def turn(self, now: float, stamp: float, *, status: str | None = None, transition: str) -> None:
        """Take another status or transition, and remember the former."""
        self._remember(now)
        self.status, self.transition, self.status_stamp = status or self.status, transition, stamp

    def resize(self, cpu: int, memory: int) -> None:
        """Take another size, at the moment of the last turn."""
        self.cpu, self.memory = cpu, memory

    def tell_health(self, now: float, stamp: float, word: str) -> None:
        """Let a person say how it is; an empty word leaves that to its status."""
        self._remember(now)
        self.health, self.status_stamp = word, stamp

    def there(self, then: float) -> bool:
        """Whether it existed at a moment of the injected clock."""
        return (self.began is None or self.began <= then) and (self.gone is None or then < self.gone)

    def at(self, then: float) -> Past:
        """What it was at a moment; `until` says how long, but of the present."""
        return next((past for past in self.past if then < past.until), self._present(then))

    def _present(self, now: float) -> Past:
        return Past(now, self.status, self.transition, self.cpu, self.memory, self.status_stamp, self.health)

    def _remember(self, now: float) -> None:
        self.past = [past for past in self.past if past.until + REMEMBERED > now]
        self.past.append(self._present(now))
