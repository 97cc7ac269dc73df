"""The Lease that lets one process act: taken, kept, and given back. Implements `ports.Lease`.

`main` owns it; `engine` asks `left()` before a call that cannot be repeated. No policy comes in here.

What could go wrong without these rules (each was seen with the client library's own election): a paused process
wakes up and acts although another one leads; a black hole on the network lets the leader act for ever; a lease is
never given back. So: time is a monotonic clock that also counts a suspended machine; the own deadline runs from
*before* a renewal was sent; another's lease has expired only when its record has been seen unchanged, *after* it was
read, for its whole duration; every write carries the resourceVersion that was read; when the deadline is near and no
renewal came, `on_lost` is called before the Lease runs out. Wall-clock times are written for people only.

It is also the earliest witness of a restored storage: the Lease is read and written every few seconds, and its
resourceVersion only grows, unless etcd was put back. Lists look much more seldom, and by then the restored storage may
have counted past what was seen before.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from hpc_operator.domain.desired import Instant
from hpc_operator.kube.answers import is_version
from hpc_operator.kube.api import Api
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

_log = logging.getLogger(__name__)
_NO_ANSWER = (Conflict, Gone, CrdTooOld, Unavailable, TimeoutError)


SPENT = "hpc.qingcloud.com/spent-calls"
"""Annotation of the Lease: the calls of the last hour, coarsely (cloud.quota). It costs no write of its own."""

APPROVED = "hpc.qingcloud.com/approve-deletions"
"""Annotation of the Lease that a person writes: so many deletions at once are meant."""

_MOST = 1_000_000

_STANDING_BY = 1.0
"""Seconds between two looks of a process that stands by, at most: one small read. What a hand-over waits for."""


class Kept(Protocol):
    """What one process leaves to the next beside the Lease (cloud.quota)."""

    def kept(self, *, last: bool = False) -> tuple[str, Callable[[], None]]:
        """The text, and what to call once it is stored. `last`: the process ends."""

    def restore(self, text: str) -> None:
        """Take over what another process left; anything else is passed over."""


def _nothing() -> None: ...


class _Nothing:
    def kept(self, *, last: bool = False) -> tuple[str, Callable[[], None]]:
        return "", _nothing

    def restore(self, text: str) -> None: ...


def _alive(stamp: object) -> Instant | None:
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return None


def _number(text: object) -> int:
    """What was approved; 0 for anything that is no number."""
    plain = text.strip() if isinstance(text, str) else ""
    return min(int(plain), _MOST) if plain.isascii() and plain.isdigit() and len(plain) < 20 else 0


def _stamp(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _must_be_a_lease(raw: dict[str, Any]) -> None:
    """What is something else would end the task that keeps the Lease, and nobody would notice."""
    meta, spec = raw.get("metadata"), raw.get("spec") or {}
    numbers = ("leaseDurationSeconds", "leaseTransitions")
    if (
        not isinstance(meta, Mapping)
        or not is_version(meta.get("resourceVersion"))
        or not isinstance(spec, Mapping)
        or not all(type(spec.get(name, 0)) is int for name in numbers)
    ):
        raise Unavailable("the API server answered something else than a Lease")


class LeaseLoop:
    """Held for as long as `left()` is positive.

    `me` must differ for every process that ever runs. `ticks` is monotonic seconds (CLOCK_BOOTTIME where there is
    one), `now` the wall clock. `on_lost(why)` must end the process at once; it is called at most once.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        me: str,
        *,
        duration: float,
        ticks: Callable[[], float],
        now: Callable[[], Instant],
        on_lost: Callable[[str], None],
        kept: Kept | None = None,
    ) -> None:
        self._kept: Kept = kept or _Nothing()
        self._written: Callable[[], None] = _nothing
        self._soon = asyncio.Event()
        self.idle_since: Instant | None = None
        """When another process that held it was last seen alive; None when none did, or it does not say."""
        self._api, self._me, self._duration = api, me, duration
        self._namespace, self._name = namespace, name
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._ticks, self._now, self._on_lost = ticks, now, on_lost
        self._retry, self._margin = duration / 8, duration / 15
        self._deadline = float("-inf")
        self._seen: tuple[str, float] = ("", 0.0)
        self._task: asyncio.Task[None] | None = None
        self._newest = 0
        self._approval: str | None = None
        self._spent_approval: str | None = None
        self.went_back = asyncio.Event()
        """Set when the API server's storage was restored to an earlier state: the process must end."""
        self.holder: str | None = None
        self.problem: str | None = "not looked yet"
        """Why it is not known who holds it; None after a look that was answered."""
        self.how = ""
        """How it came to be held: `created`, `released` by the one before, or `expired` and whose it was."""

    def left(self) -> float:
        """Seconds for which no other process can hold it; negative when it is not held."""
        return self._deadline - self._ticks()

    def approved_deletions(self) -> int:
        """See `ports.Lease`: as last read, which is never longer ago than the Lease lasts."""
        return 0 if self._approval == self._spent_approval else _number(self._approval)

    def drop_approval(self) -> None:
        """See `ports.Lease`: taken off with the next renewal. Another one, written meanwhile, stays."""
        if self._approval != self._spent_approval:
            self._spent_approval = self._approval
            self.renew_soon()

    def renew_soon(self) -> None:
        """What is kept beside the Lease is to be written now and not with the next renewal."""
        self._soon.set()

    async def acquire(self) -> None:
        """Return once it is held; from then on it is kept until `release`."""
        while not await self._try(self._duration / 3):  # noqa: ASYNC110 - no event tells that it is free
            await asyncio.sleep(min(self._retry, _STANDING_BY))
        self._task = asyncio.create_task(self._keep(), name="lease")

    async def release(self) -> None:
        """Give it back, so that the next process need not wait. Failing is logged: it runs out by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        held, self._deadline = self.left() > 0, float("-inf")
        if not held:
            return
        try:
            async with asyncio.timeout(self._duration / 3):
                await self._give_back()
        except _NO_ANSWER as error:
            _log.warning("the Lease could not be given back, it runs out by itself: %s", error)

    async def _keep(self) -> None:
        while True:
            await self._rest(max(0.0, min(self._retry, self.left() - self._margin)))
            time_left = self.left() - self._margin
            held = await self._try(time_left) if time_left > 0 else None
            if held is False or self.left() <= self._margin:
                self._deadline = float("-inf")
                why = f"it is held by {self.holder}" if held is False else f"no renewal in time ({self.problem})"
                self._on_lost(f"the Lease {self._namespace}/{self._name} is lost: {why}")
                return

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._soon.wait()
        except TimeoutError:
            pass  # it is time
        self._soon.clear()

    async def _try(self, timeout: float) -> bool | None:  # noqa: ASYNC109 - the deadline of this attempt
        """True: held. False: another holds it. None: no answer, so neither."""
        try:
            async with asyncio.timeout(timeout):  # wait_for of Python 3.11 loses a cancellation that meets the answer
                held = await self._attempt()
        except _NO_ANSWER as error:
            if self._task is None and isinstance(error, Conflict):
                return False  # another one that stands by was quicker; who, the next look tells
            problem = str(error) or "no answer in time"
            if self._task is None and problem != self.problem:
                _log.warning("the Lease %s/%s cannot be taken: %s", self._namespace, self._name, problem)
            self.problem = problem
            return None
        self.problem = None
        return held

    async def _attempt(self) -> bool:
        sent = self._ticks()
        try:
            lease = await self._api.request("GET", f"{self._path}/{self._name}")
        except Gone:
            lease = await self._api.request("POST", self._path, body=self._fresh())
            self.how = "created"
        else:
            _must_be_a_lease(lease)
            self._compare(lease)
            if not self._free(lease):
                return False
            lease = await self._api.request("PUT", f"{self._path}/{self._name}", body=self._renewed(lease))
        self._written()
        self._compare(lease)
        self.holder, self._deadline = self._me, sent + self._duration
        return True

    def _compare(self, lease: dict[str, Any]) -> None:
        """Before it leads, a process knows nothing yet that could be newer than what is there."""
        version = int(lease["metadata"]["resourceVersion"])
        if self._task is not None and version < self._newest:
            self.went_back.set()
        self._newest = version
        text = (lease["metadata"].get("annotations") or {}).get(APPROVED)
        self._approval = text if isinstance(text, str) else None
        if self._approval != self._spent_approval:
            self._spent_approval = None

    def _free(self, lease: dict[str, Any]) -> bool:
        version, spec = str(lease["metadata"]["resourceVersion"]), lease.get("spec") or {}
        if version != self._seen[0]:
            self._seen = (version, self._ticks())
        self.holder = spec.get("holderIdentity") or None
        if self.holder in (None, self._me):
            self.how = self.how if self.holder else "released"
            return True
        self.how = f"expired, held by {self.holder}"
        return self._ticks() >= self._seen[1] + float(spec.get("leaseDurationSeconds") or self._duration)

    def _spec(self, transitions: int) -> dict[str, Any]:
        stamp = _stamp(self._now())
        seconds = math.ceil(self._duration)
        return {
            "holderIdentity": self._me,
            "leaseDurationSeconds": seconds,
            "acquireTime": stamp,
            "renewTime": stamp,
            "leaseTransitions": transitions,
        }

    def _fresh(self) -> dict[str, Any]:
        metadata = {"name": self._name, "namespace": self._namespace, "annotations": self._annotations()}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": self._spec(0)}

    def _renewed(self, lease: dict[str, Any]) -> dict[str, Any]:
        spec, meta = dict(lease.get("spec") or {}), dict(lease["metadata"])
        annotations = self._unspent(meta)
        if spec.get("holderIdentity") == self._me:
            spec["renewTime"] = _stamp(self._now())
        else:
            self.idle_since = _alive(spec.get("renewTime"))
            self._kept.restore(str(annotations.get(SPENT) or ""))
            spec |= self._spec(int(spec.get("leaseTransitions") or 0) + 1)
        return lease | {"metadata": meta | {"annotations": annotations | self._annotations()}, "spec": spec}

    def _unspent(self, meta: Mapping[str, Any]) -> dict[str, Any]:
        """The annotations that stand there, but for an approval that was used."""
        annotations = dict(meta.get("annotations") or {})
        if annotations.get(APPROVED) == self._spent_approval:
            annotations.pop(APPROVED, None)
        return annotations

    def _annotations(self, *, last: bool = False) -> dict[str, str]:
        text, self._written = self._kept.kept(last=last)
        return {SPENT: text}

    async def _give_back(self) -> None:
        lease = await self._api.request("GET", f"{self._path}/{self._name}")
        _must_be_a_lease(lease)
        spec = lease.get("spec") or {}
        if spec.get("holderIdentity") == self._me:
            given = spec | {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _stamp(self._now())}
            meta = dict(lease["metadata"])
            meta["annotations"] = self._unspent(meta) | self._annotations(last=True)
            body = lease | {"metadata": meta, "spec": given}
            await self._api.request("PUT", f"{self._path}/{self._name}", body=body)
