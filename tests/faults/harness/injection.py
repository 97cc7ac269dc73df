"""Where faults strike: every I/O of a run is a numbered point, and a run's plan says what happens at which number.

Runs are deterministic up to the first strike, so that the numbers of a run without faults are those of the runs with.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from hpc_operator.reconcile import ports
from hpc_simulator.faults import Fault as CloudFault


class Killed(BaseException):
    """This process is dead: nothing of it may go on."""


class Kind(StrEnum):
    """What happens at a port call, or at one request to Kubernetes inside it."""

    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"
    UNAVAILABLE = "unavailable"
    ANSWER_LOST = "answer-lost"
    CONFLICT = "conflict"
    GONE_STALE = "gone-stale"
    FREEZE_BEFORE = "freeze-before"
    FREEZE_AFTER = "freeze-after"
    SECRET_PROBLEM = "secret-problem"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True)
class Strike:
    """One fault: at point `index`, either a kind or a fault of the simulated cloud. `seconds`: of a freeze."""

    index: int
    fault: Kind | CloudFault
    seconds: float = 300.0

    def __str__(self) -> str:
        return f"{self.index}:{self.fault}"


@dataclass
class _Named:
    """A strike at the nth call of a point from now on. `process`: only of this one."""

    point: str
    fault: "Kind | CloudFault"
    left: int
    seconds: float
    process: str | None


@dataclass
class Injector:
    """The numbered points that a run reached, and its plan. `state` tells how much has been written so far.

    `chance(index, point)` instead of a plan: what strikes at a point is drawn when it is reached.
    """

    plan: dict[int, Strike] = field(default_factory=dict)
    points: list[str] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    named: list[_Named] = field(default_factory=list)
    state: Callable[[], int] = lambda: 0
    chance: Callable[[int, str], Strike | None] | None = None

    def on(
        self,
        point: str,
        fault: "Kind | CloudFault",
        *,
        nth: int = 1,
        seconds: float = 300.0,
        process: str | None = None,
    ) -> None:
        """Strike the nth call of a named point from now on."""
        self.named.append(_Named(point, fault, nth, seconds, process))

    def reach(self, point: str, process: str) -> Strike | None:
        """Count a point; the strike that is planned for it, if any."""
        self.points.append(point)
        self.states.append(self.state())
        index = len(self.points) - 1
        for named in self.named:
            if named.point == point and named.process in (None, process):
                named.left -= 1
                if named.left == 0:
                    return Strike(index, named.fault, named.seconds)
        return self.chance(index, point) if self.chance else self.plan.get(index)


def port_methods() -> set[str]:
    """`Protocol.method` for every coroutine of every protocol in `reconcile.ports`."""
    found = set()
    for name, kind in vars(ports).items():
        if inspect.isclass(kind) and getattr(kind, "_is_protocol", False) and kind.__module__ == ports.__name__:
            found |= {f"{name}.{method}" for method, fn in vars(kind).items() if inspect.iscoroutinefunction(fn)}
    return found
