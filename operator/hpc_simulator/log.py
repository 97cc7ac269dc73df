"""The log of calls: what arrived, what came of it.

Lives here: `CallRecord`, `CallLog` and its counts. The core, the state file and the control endpoint import it.
Never comes in: secrets, whole bodies.
"""

from dataclasses import dataclass, field

EFFECTS = {
    "createCluster": "created",
    "deleteCluster": "deleted",
    "modifyCluster": "modified",
    "addNodes": "nodes-added",
    "deleteNodes": "nodes-deleted",
    "restartNodes": "nodes-restarted",
    "resizeCluster": "resized",
    "startCluster": "started",
    "stopCluster": "stopped",
}
"""The word for each changing call's effect."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, or (`late`) the moment in which a delayed request took effect."""

    seq: int
    time: float
    """Of the injected clock, epoch seconds."""
    call: str
    key: str
    owner: str
    """The account behind the key; empty when the key is unknown."""
    ret_code: int | None
    """None when the call itself was not carried out."""
    effect: str = ""
    """A word of `EFFECTS`, or empty."""
    ids: tuple[str, ...] = ()
    """The clusters of the effect, one entry for each."""
    job_id: str = ""
    fault: str = ""
    late: bool = False
    detail: str = ""
    """What a person reads: names of a create, ids of a delete, the query of a look."""
    via: str = ""
    """Through which proxies it came, as its header `Via` says: tells senders apart that each have their own."""


@dataclass(slots=True)
class Count:
    """How often a call arrived, and how many effects it had."""

    calls: int = 0
    effects: int = 0


@dataclass(slots=True)
class CallLog:
    """All records, oldest first, and their counts by call."""

    records: list[CallRecord] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)

    def add(self, record: CallRecord) -> None:
        """Enter a record and count it."""
        self.records.append(record)
        count = self.counts.setdefault(record.call, Count())
        count.calls += not record.late
        count.effects += len(record.ids)
