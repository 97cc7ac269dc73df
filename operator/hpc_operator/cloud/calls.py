"""One exchange with the API: sign, send, measure. Everything that goes out goes through `Caller`.

Lives here: the table of calls, the deadline of each kind, the retry table of reads, the hook for metrics. May be
imported by `cloud.client` and the composition root. Must never come in: what an answer's fields mean. Changing calls
have no path to the retries; logs name the call and never its URL or body.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeAlias

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, wait_exponential

from hpc_operator.cloud.envelope import (
    CALLS_EXHAUSTED,
    DOCUMENTED,
    Answered,
    Read,
    Spent,
    envelope,
    worth_repeating,
)
from hpc_operator.cloud.refused import RefusedKeys
from hpc_operator.cloud.signing import Encoding, Param, Signed, Signer
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.transport import Reply, Transport, TransportNoAnswer, TransportNotSent
from hpc_operator.domain.answers import NoAnswer, NotSent
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Credentials

log = logging.getLogger(__name__)

OnCall = Callable[[str, str, float], None]
"""Call name; a documented ret_code, `other`, `http-<status>`, `NotSent` or `NoAnswer`: a closed set, fit for a label;
seconds."""


Reading: TypeAlias = Callable[[Reply], Answered | NoAnswer]
"""How a whole answer is read: once, for whoever asked and for the metrics."""


_NO_LOOKS = ("change", "ask")
"""Lanes of reads that are no look at the whole account."""


class Tap(Protocol):
    """What reads need of the budget (quota.HourlyBudget)."""

    async def permit(self, account: Account, lane: str, *, looks: bool) -> float:
        """0 when a call may go now (it is then counted), else the seconds to wait. `looks`: nothing follows from it."""

    def closed_until(self, account: Account) -> Instant | None:
        """Until when nothing of the account is called; None: it may be."""

    def close_tap(self, account: Account, until: Instant) -> None:
        """The call quota was refused: nothing goes before `until`."""


@dataclass(frozen=True, slots=True)
class Call:
    """Which call: its name for logs and metrics, its path, the query's own parameters, the budget's lane of a read.

    `paid`: the budget has counted its first attempt already.
    """

    name: str
    path: str
    params: Mapping[str, Param] = field(default_factory=dict)
    lane: str = "look"
    paid: bool = False


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How to call. Times in seconds; `read_attempts` counts the first one; `quota_pause` follows a 2500 on a read.

    `encoding`: how often the signature is percent-encoded. `conf_as_text`: cluster_conf as a string of JSON.
    `env_defaults`: values of cluster_conf.env where the manifest says nothing.
    """

    encoding: Encoding = Encoding.TWICE
    conf_as_text: bool = False
    env_defaults: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))
    read_timeout: float = 15.0
    change_timeout: float = 30.0
    read_attempts: int = 3
    read_backoff: float = 0.5
    quota_pause: float = 3600.0


def _ignore(_name: str, _code: str, _seconds: float) -> None:
    """No metrics."""


def _unwatched(_name: str) -> AbstractContextManager[object]:
    """Nobody counts what is in flight."""
    return nullcontext()


def as_envelope(reply: Reply) -> Answered | NoAnswer:
    """The usual reading."""
    return envelope(reply.status, reply.body)


class Caller:
    """Sends signed calls. `sleep` is awaited between attempts of a read; `calling(call)` is open while it waits."""

    def __init__(
        self,
        transport: Transport,
        clock: WatchedClock,
        tap: Tap,
        settings: CallSettings,
        *,
        sleep: Callable[[float], Awaitable[None]],
        on_call: OnCall = _ignore,
        calling: Callable[[str], AbstractContextManager[object]] = _unwatched,
    ) -> None:
        self._transport = transport
        self.clock = clock
        self._tap = tap
        self.settings = settings
        self._sleep = sleep
        self._on_call, self._calling = on_call, calling
        self.refused = RefusedKeys()

    def signer(self, credentials: Credentials) -> Signer:
        """The signer of this key."""
        return Signer(credentials.access_key_id, credentials.secret_access_key, self.settings.encoding)

    async def change(
        self, call: Call, credentials: Credentials, account: Account, body: str, timestamp: Instant
    ) -> Reply | NotSent | NoAnswer:
        """POST, once and never again."""
        query = {"zone": account.zone, **call.params}
        signed = self.signer(credentials).post(account.endpoint, call.path, query, timestamp, body)
        outcome, _ = await self._call(call.name, signed, self.settings.change_timeout, as_envelope)
        return outcome

    async def read(
        self, call: Call, credentials: Credentials, account: Account, reading: Reading = as_envelope
    ) -> Read:
        """GET, asked again a few times where that may help; each attempt is signed anew and counted in the budget."""

        paid = iter((call.paid,))

        async def once() -> Read:
            return await self._read(call, credentials, account, reading=reading, paid=next(paid, False))

        attempts = AsyncRetrying(
            stop=stop_after_attempt(self.settings.read_attempts),
            wait=wait_exponential(multiplier=self.settings.read_backoff, max=10 * self.settings.read_backoff),
            retry=retry_if_result(worth_repeating),
            sleep=self._sleep,
            retry_error_callback=_last,
        )
        outcome: Read = await attempts(once)
        return outcome

    async def _read(
        self, call: Call, credentials: Credentials, account: Account, *, reading: Reading, paid: bool
    ) -> Read:
        if paid and (until := self._tap.closed_until(account)) is not None:  # since it was paid for
            return Spent(until - self.clock.now())
        if not paid and (wait := await self._tap.permit(account, call.lane, looks=call.lane not in _NO_LOOKS)) > 0:
            return Spent(wait)
        query = {"zone": account.zone, **call.params}
        signed = self.signer(credentials).get(account.endpoint, call.path, query, self.clock.now())
        _, answer = await self._call(call.name, signed, self.settings.read_timeout, reading)
        if isinstance(answer, Answered):
            self.refused.answered(credentials.fingerprint, answer.code)
        if isinstance(answer, Answered) and answer.code == CALLS_EXHAUSTED:
            self._tap.close_tap(account, self.clock.now() + self.settings.quota_pause)
        return answer

    async def _call(
        self,
        name: str,
        signed: Signed,
        timeout: float,  # noqa: ASYNC109
        reading: Reading,
    ) -> tuple[Reply | NotSent | NoAnswer, Answered | NotSent | NoAnswer]:
        """What came back, and how it reads."""
        headers = {"accept": "application/json"}
        if signed.body is not None:
            headers["content-type"] = "application/json"
        began = self.clock.now()
        with self._calling(name):
            outcome = await self._send(signed, headers, timeout)
        seconds = self.clock.now() - began
        answer = reading(outcome) if isinstance(outcome, Reply) else outcome
        self._told(name, outcome, answer, seconds)
        return outcome, answer

    async def _send(
        self,
        signed: Signed,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109
    ) -> Reply | NotSent | NoAnswer:
        try:
            reply = await self._transport.send(signed.method, signed.url, signed.body, headers, timeout)
        except TransportNotSent as error:
            return NotSent(error.cause)
        except TransportNoAnswer as error:
            return NoAnswer(error.cause)
        self.clock.seen(reply.date, reply.began, reply.ended)
        return reply

    def _told(
        self, name: str, outcome: Reply | NotSent | NoAnswer, answer: Answered | NotSent | NoAnswer, seconds: float
    ) -> None:
        match outcome:
            case Reply():
                code, cause = _code(outcome, answer), ""
            case NotSent(cause=cause) | NoAnswer(cause=cause):
                code = type(outcome).__name__
        self._on_call(name, code, seconds)
        level = logging.DEBUG if code == "0" else logging.WARNING
        if log.isEnabledFor(level):
            said = {"call": name, "code": code, "seconds": round(seconds, 3), "cause": cause}
            log.log(level, "called %s", name, extra=said)


def _code(reply: Reply, answer: Answered | NotSent | NoAnswer) -> str:
    """What was answered, in one of a few words: numbers that a service makes up would be labels without end."""
    if isinstance(answer, Answered):
        return str(answer.code) if answer.code in DOCUMENTED else "other"
    return f"http-{reply.status}" if 100 <= reply.status < 600 else "http-other"


def _last(state: RetryCallState) -> Read:
    outcome: Read = state.outcome.result() if state.outcome else NoAnswer("never asked")
    return outcome
