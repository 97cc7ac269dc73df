"""Faults on demand: what can go wrong.

Lives here: the closed union `Fault` and the faults' names. The core and the control endpoint import it.
Never comes in: when a fault strikes (that is `rules`), what it does to a call (that is `cloud`).
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

_STRICT: dict[str, object] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No connection: nothing is sent (over HTTP: the connection is cut at once)."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True, slots=True)
class LostBefore:
    """The request is lost before it takes effect."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True, slots=True)
class LostAfter:
    """The call takes effect, then the connection breaks without an answer."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True, slots=True)
class Hold:
    """The call takes effect; its answer waits until it is released."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True, slots=True)
class Late:
    """The request stays on its way for `seconds` and is judged (timestamp too) when it arrives.

    Its answer is lost at once, or delayed until then, or held until released.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    seconds: float = 30.0
    answer: Literal["lost", "delayed", "held"] = "lost"


@dataclass(frozen=True, slots=True)
class Tear:
    """The call takes effect; the connection breaks after `sent` bytes of the body (None: half of it)."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    sent: int | None = None


@dataclass(frozen=True, slots=True)
class Http:
    """Something between answers instead: a gateway's page. With or without the effect."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    status: int = 502
    body: str = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    content_type: str = "text/html"
    effect: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """This ret_code is answered. With or without the effect."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    ret_code: int = 5000
    message: str | None = None
    effect: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """The call takes effect; its answer comes `seconds` later."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Twice:
    """A gateway repeats the request: it takes effect twice, the first answer is answered."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True, slots=True)
class Patch:
    """The call takes effect; fields of the answer are changed. Paths have dots: `cluster_set.0.cluster_status`."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    replace: dict[str, object] = field(default_factory=dict)
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lag:
    """This look at list or log sees what was to be seen `seconds` ago."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Skip:
    """This look at list or log leaves out the named cluster or job, else the one at `index`; `total`: uncounted too."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    index: int = 0
    name: str | None = None
    total: bool = True


@dataclass(frozen=True, slots=True)
class JobFails:
    """The operation is accepted, but its job will fail with this code."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    error_code: int = 5200


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """The key belongs to another account for this call: it owns nothing."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True, slots=True)
class Clock:
    """The cloud's clock is off by `seconds` more for this call."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    seconds: float = 300.0


OnTheWay = Unreachable | LostBefore | Late
"""The request does not arrive, or not yet."""
OnTheAnswer = LostAfter | Hold | Tear | Http | Code | Delay | Twice | Patch
"""The answer does not come, or not as it was."""
InTheCall = Lag | Skip | JobFails | OtherAccount | Clock
"""The call itself goes differently."""
Fault = OnTheWay | OnTheAnswer | InTheCall

KINDS: dict[str, type[Fault]] = {
    "unreachable": Unreachable,
    "lost-before": LostBefore,
    "lost-after": LostAfter,
    "hold": Hold,
    "late": Late,
    "torn": Tear,
    "http": Http,
    "code": Code,
    "delay": Delay,
    "twice": Twice,
    "patch": Patch,
    "lag": Lag,
    "skip": Skip,
    "job-fails": JobFails,
    "other-account": OtherAccount,
    "clock": Clock,
}
"""The names of faults on the control endpoint and in the log of calls."""

_NAMES: dict[type[object], str] = {fault: name for name, fault in KINDS.items()}


def kind_of(fault: Fault | None) -> str:
    """The name of a fault; empty without one."""
    return "" if fault is None else _NAMES[type(fault)]
