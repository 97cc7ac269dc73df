"""Every metric of this operator: its name, type, labels and help. Data only; `counting` and `reading` make them.

docs/metrics.md has a row for each, and tells what to do when it is bad; a test compares the two. Names and units by
Prometheus's rules: own prefix, base units, `_total` for counters. No label has values without end: lanes, outcomes,
reasons and codes are closed sets, accounts are as many as the settings and Secrets name. No label tells a key.
"""

from dataclasses import dataclass
from enum import StrEnum

PREFIX = "hpc_operator_"
ACCOUNT = ("endpoint", "owner")
"""What shares a quota."""
VIEW = ("endpoint", "zone", "owner")
"""What one list shows."""
OTHER = "Other"
"""What stands in a label for a word that is not in its closed set."""


class Kind(StrEnum):
    """The type that Prometheus is told."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row. `name` is whole, as it is exposed; `buckets` are upper bounds, of a histogram only."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"{PREFIX}{name}_total", Kind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, Kind.GAUGE, text, labels)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Metric:
    return Metric(PREFIX + name, Kind.HISTOGRAM, text, labels, buckets)


_MOMENTS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WAITS = (1, 10, 60, 300, 900, 1800, 3600)
_AGES = (1, 2, 5, 10, 20, 30, 40, 60, 120, 300, 900, 3600)
_READY = (60, 120, 240, 360, 480, 600, 900, 1800, 3600, 7200, 86400)

PASSES = _counter("passes", "Passes by how they ended", "outcome")
PASS_DURATION = _histogram("pass_duration_seconds", "Time of one pass", buckets=_MOMENTS)
PASSES_RUNNING = _gauge("passes_running", "Passes being made")
QUEUE_DEPTH = _gauge("queue_depth", "Resources that are due for a pass", "lane")
QUEUE_AGE = _gauge("queue_oldest_age_seconds", "For how long the longest waiting one is due; 0 when none is", "lane")
QUEUE_SCHEDULED = _gauge("queue_scheduled", "Resources whose next pass is set for later")
API_CALLS = _counter("api_calls", "HPC API calls by call and ret_code", "call", "code")
API_LATENCY = _histogram("api_call_duration_seconds", "Time to an answer", "call", buckets=_MOMENTS)
API_IN_FLIGHT = _gauge("api_calls_in_flight", "HPC API calls that wait for an answer", "call")
BUDGET_USED = _gauge("budget_used_calls", "Calls counted in the present window of the quota", *ACCOUNT)
BUDGET_SPENT = _counter("budget_spent_calls", "Calls that were permitted by lane, also such as were given back", "lane")
BUDGET_LEFT = _gauge("budget_left_calls", "Calls that may still go now", *ACCOUNT, "lane")
BUDGET_WAIT = _histogram(
    "budget_wait_seconds", "Waits that were asked of work for want of budget", "lane", buckets=_WAITS
)
BUDGET_CLOSED = _gauge(
    "budget_closed_until_timestamp_seconds", "Until when nothing is called since the API said 2500; 0: open", *ACCOUNT
)
SWEEP_AGE = _gauge("sweep_age_seconds", "Since the newest complete sweep began", *VIEW)
SWEEP_DURATION = _histogram("sweep_duration_seconds", "Time of one sweep", "complete", buckets=_MOMENTS)
SWEEP_PERIOD = _gauge("sweep_period_seconds", "Between the beginnings of two sweeps, as it is now", *VIEW)
SWEEP_PAGES = _gauge("sweep_pages", "Pages that the newest sweep read", *VIEW)
STALENESS = _histogram(
    "staleness_seconds", "How old a change may have been when a complete sweep could first show it", buckets=_AGES
)
RESOURCES = _gauge("resources", "HpcClusters by condition", "condition", "status", "reason")
BLOCKED = _gauge("blocked", "HpcClusters that wait for a person (Stalled)", "reason")
OPERATION_OPEN = _gauge(
    "operation_open_seconds", "For how long the oldest open operation stands; 0 when none is open", "action"
)
TIME_TO_READY = _histogram(
    "time_to_ready_seconds", "From an HpcCluster's creation to the first time it was Ready", buckets=_READY
)
DUPLICATES = _gauge("duplicates", "Clusters beside the one that a resource records, with its mark", *VIEW)
ORPHANS = _gauge("orphans", "Clusters with a mark of this fleet without a resource", *VIEW)
KUBERNETES_WRITES = _counter("kubernetes_writes", "Writes to Kubernetes by kind and outcome", "kind", "outcome")
LEADER = _gauge("leader", "1 while this process holds the Lease")
BUILD_INFO = _gauge("build_info", "1, with the version of this program", "version")

METRICS: tuple[Metric, ...] = tuple(value for value in globals().copy().values() if isinstance(value, Metric))
"""All of them, in the order of this page."""
