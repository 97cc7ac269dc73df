"""What the process counts, for `/metrics`. Made by `main`; names and units by Prometheus's rules, own prefix."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_PREFIX = "hpc_operator"


def released() -> str:
    """The version of this distribution."""
    try:
        return version("hpc-operator")
    except PackageNotFoundError:
        return "unknown"


class Metrics:
    """All metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            f"{_PREFIX}_api_calls", "HPC API calls by call and ret_code", ["call", "code"], registry=self.registry
        )
        self._latency = Histogram(
            f"{_PREFIX}_api_call_duration_seconds", "Time to an answer", ["call"], registry=self.registry
        )
        self._passes = Histogram(f"{_PREFIX}_pass_duration_seconds", "Time of one pass", registry=self.registry)
        self._failures = Counter(f"{_PREFIX}_pass_failures", "Passes that raised", registry=self.registry)
        self.leader = Gauge(f"{_PREFIX}_leader", "1 while this process holds the Lease", registry=self.registry)
        Gauge(f"{_PREFIX}_build_info", "Version", ["version"], registry=self.registry).labels(released()).set(1)

    def called(self, call: str, code: str, seconds: float) -> None:
        """One exchange with the HPC API ended."""
        self._calls.labels(call, code).inc()
        self._latency.labels(call).observe(seconds)

    def passed(self, seconds: float) -> None:
        """One pass ended."""
        self._passes.observe(seconds)

    def failed(self) -> None:
        """One pass raised."""
        self._failures.inc()
