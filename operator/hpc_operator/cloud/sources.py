"""What keys are read from, read seldom and for all; when a source holds something else than before, that is told.

Lives here: the newest outcome for each source (a key, or what is wrong with it). May be imported by
`cloud.credentials`. Must never come in: who uses a source, what an account is, a list of Secrets or a watch over them.

What goes wrong without: a thousand resources that share a Secret read it a thousand times a minute, and most of all
when it is missing; and who rests learns of a rotated key only at the next pass. After a restart all is read anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from hpc_operator.domain.desired import Instant
from hpc_operator.reconcile.ports import SecretProblem, Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_UNUSED = 600.0
"""Seconds after which what nobody asked for is forgotten: keys are not held for longer than somebody needs them."""


@dataclass(frozen=True, slots=True)
class _Found(Generic[V]):
    """What was read at `at`."""

    at: Instant
    value: V

    def told(self) -> V:
        return self.value

    @property
    def said(self) -> object:
        return self.value


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why nothing could be read at `at`. It is told anew: raised again and again, one would gather all its raisers."""

    at: Instant
    problem: SecretProblem | Unavailable

    def told(self) -> NoReturn:
        if isinstance(self.problem, SecretProblem):
            raise SecretProblem(self.problem.reason, str(self.problem))
        raise Unavailable(str(self.problem), permanent=self.problem.permanent)

    @property
    def said(self) -> object:
        return getattr(self.problem, "reason", None), str(self.problem)


class Sources(Generic[K, V]):
    """Reads sources by key. A value serves for `max_age` seconds, a failure for `retry`: what is mended is seen soon.

    `turned(key)` is called when a source says something else than it did when it was read last.
    """

    def __init__(self, now: Callable[[], Instant], *, max_age: float, retry: float) -> None:
        self._now, self._max_age, self._retry = now, max_age, retry
        self._held: dict[K, _Found[V] | _Failed] = {}
        self._reading: dict[K, asyncio.Lock] = {}
        self.turned: Callable[[K], None] = lambda _: None

    async def get(self, key: K, read: Callable[[], Awaitable[V]]) -> V:
        """The value; the SecretProblem (or Kubernetes' lasting refusal) that it was read to. Many who ask read once."""
        lock = self._reading.setdefault(key, asyncio.Lock())
        async with lock:
            held = self._held.get(key)
            if held is not None and self._serves(held):
                return held.told()
            self._forget()
            return self._take(key, await self._read(read))

    async def _read(self, read: Callable[[], Awaitable[V]]) -> _Found[V] | _Failed:
        at = self._now()
        try:
            return _Found(at, await read())
        except SecretProblem as problem:
            return _Failed(at, problem)
        except Unavailable as problem:
            if not problem.permanent:  # says nothing about the source
                raise
            return _Failed(at, problem)

    def _serves(self, held: _Found[V] | _Failed) -> bool:
        return 0 <= self._now() - held.at < (self._retry if isinstance(held, _Failed) else self._max_age)

    def _take(self, key: K, outcome: _Found[V] | _Failed) -> V:
        before, self._held[key] = self._held.get(key), outcome
        if before is not None and before.said != outcome.said:
            self.turned(key)
        return outcome.told()

    def seen(self, key: K, read: Callable[[], V]) -> V:
        """As `get`, for a source that is cheap to read: it is read each time."""
        outcome: _Found[V] | _Failed
        try:
            outcome = _Found(self._now(), read())
        except SecretProblem as problem:
            outcome = _Failed(self._now(), problem)
        return self._take(key, outcome)

    def _forget(self) -> None:
        old = self._now() - _UNUSED
        for key in [key for key, held in self._held.items() if held.at < old]:
            del self._held[key]
        for key in [key for key, lock in self._reading.items() if key not in self._held and not lock.locked()]:
            del self._reading[key]
