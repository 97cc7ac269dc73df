"""What is counted as it happens: passes, calls, waits, writes. Fed by callbacks that the composition root hands out.

What *is* (a depth, an age, a number of resources) is not kept here but read at each scrape by `reading`: nothing is
counted twice, and what is gone disappears.
"""

from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from hpc_operator.cloud.quota import RESERVES
from hpc_operator.domain.record import Account
from hpc_operator.kube.counted import KINDS, Written
from hpc_operator.measuring import catalogue
from hpc_operator.measuring.catalogue import Metric
from hpc_operator.measuring.released import released
from hpc_operator.reconcile.ended import Ended


class Metrics:
    """The counters and histograms, in a registry of their own; the process's memory and CPU time beside them.

    What has a closed set of labels is there from the start with 0: a rate of what was never seen cannot be told.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # else each counter is a series more
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._calls = self._counter(catalogue.API_CALLS)
        self._latency = self._histogram(catalogue.API_LATENCY)
        self._in_flight = Gauge(*_given(catalogue.API_IN_FLIGHT), registry=self.registry)
        self._passes = self._counter(catalogue.PASSES)
        self._pass_duration = self._histogram(catalogue.PASS_DURATION)
        self._budget_spent = self._counter(catalogue.BUDGET_SPENT)
        self._budget_wait = self._histogram(catalogue.BUDGET_WAIT)
        self._sweeps = self._histogram(catalogue.SWEEP_DURATION)
        self._staleness = self._histogram(catalogue.STALENESS)
        self._time_to_ready = self._histogram(catalogue.TIME_TO_READY)
        self._writes = self._counter(catalogue.KUBERNETES_WRITES)
        Gauge(*_given(catalogue.BUILD_INFO), registry=self.registry).labels(released()).set(1)
        for outcome in Ended:
            self._passes.labels(outcome)
        for lane in RESERVES:
            self._budget_spent.labels(lane)
            self._budget_wait.labels(lane)
        for kind in KINDS:
            self._writes.labels(kind, Written.WRITTEN)

    def called(self, call: str, code: str, seconds: float) -> None:
        """One exchange with the HPC API ended. A clock that was set back is no negative time."""
        self._calls.labels(call, code).inc()
        self._latency.labels(call).observe(max(0.0, seconds))

    def calling(self, call: str) -> AbstractContextManager[object]:
        """A context: while it is open, the call waits for an answer."""
        return self._in_flight.labels(call).track_inprogress()

    def ended(self, outcome: Ended) -> None:
        """One pass ended so."""
        self._passes.labels(outcome).inc()

    def passed(self, seconds: float) -> None:
        """One pass took this long."""
        self._pass_duration.observe(seconds)

    def spent(self, _account: Account, lane: str, calls: int) -> None:
        """So many calls of this lane were permitted."""
        self._budget_spent.labels(lane).inc(calls)

    def waited(self, _account: Account, lane: str, seconds: float) -> None:
        """Work of this lane was asked to wait for budget."""
        self._budget_wait.labels(lane).observe(seconds)

    def swept(self, *, complete: bool, seconds: float, staleness: float | None) -> None:
        """One sweep ended. `staleness`: its end after the beginning of the complete one before; None without one."""
        self._sweeps.labels(str(complete).lower()).observe(max(0.0, seconds))
        if complete and staleness is not None:
            self._staleness.observe(max(0.0, staleness))

    def became_ready(self, seconds: float) -> None:
        """A resource was Ready for the first time, so long after it was made."""
        self._time_to_ready.observe(max(0.0, seconds))

    def wrote(self, kind: str, outcome: Written) -> None:
        """One write to Kubernetes ended."""
        self._writes.labels(kind, outcome).inc()

    def _counter(self, metric: Metric) -> Counter:
        return Counter(*_given(metric), registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(*_given(metric), buckets=metric.buckets, registry=self.registry)


def _given(metric: Metric) -> tuple[str, str, tuple[str, ...]]:
    return metric.name, metric.help, metric.labels
