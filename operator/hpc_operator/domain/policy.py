"""The times and permissions that deciding depends on, as one frozen value. Everybody may import it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """All durations in seconds. Defaults are the design's; shortening a summand of `window` loses clusters.

    `max_deletions`: how many resources may turn Terminating within ten minutes before deletions are held; None: the
    larger of 10 and a fifth of the fleet.
    """

    send_deadline: float = 15.0
    request_lifetime: float = 60.0
    clock_skew: float = 30.0
    visibility_lag: float = 300.0
    poll: float = 10.0
    staleness: float = 30.0
    retry_base: float = 15.0
    retry_cap: float = 600.0
    accept_invisible_marks: bool = False
    accept_other_ids: bool = False
    zones: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    allowed_namespaces: tuple[str, ...] = ()
    max_clusters: int | None = None
    max_nodes_per_cluster: int | None = None
    max_deletions: int | None = None
    hold_deletions: bool = True

    @property
    def window(self) -> float:
        """After startedAt + window an unanswered request can neither take effect nor still be invisible."""
        return self.send_deadline + self.request_lifetime + self.clock_skew + self.visibility_lag
