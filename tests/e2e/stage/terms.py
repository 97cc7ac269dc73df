"""Who held the Lease and when, as a watch on it tells; and whether the changing calls of the cloud's log fit to that.

A process is told by its process id: the Lease's holder carries it, and so does the `Via` of its proxy before the cloud.
Times are those of this machine's clock, which the operators and the simulator share.
"""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Self

import httpx

from stage.kube import Kube


@dataclass(frozen=True, slots=True)
class Term:
    """One process's time with the Lease. `since`: before it asked for it; `seen`: when the watch told of it.

    `number` is leaseTransitions. `released`: when the watch told that it was given back; None when it was not.
    """

    number: int
    holder: str
    since: float
    seen: float
    released: float | None = None

    @property
    def pid(self) -> int:
        """From `<host>_<pid>_<random>`."""
        return int(self.holder.rsplit("_", 2)[1])


def two_at_once(calls: Sequence[dict[str, Any]], terms: Sequence[Term]) -> list[str]:
    """What shows that two processes acted at once; empty when none did. `calls`: the simulator's log, oldest first.

    Only calls with an effect count: what a frozen process had signed comes too late and is refused.
    """
    order = {term.pid: place for place, term in enumerate(terms)}
    ends = {term.pid: later.since for term, later in pairwise(terms)}
    found = [] if len(order) == len(terms) else ["a process held the Lease twice, with another one between"]
    last = -1
    for call in calls:
        if not call["effect"]:
            continue
        pid, at = int(call["via"].removeprefix("1.1 ") or 0), call["time"]
        what = f"{call['call']} (number {call['seq']}) of process {pid}"
        place = order.get(pid)
        if place is None:
            found.append(f"{what}, which never held the Lease")
            continue
        if at < terms[place].since:
            found.append(f"{what} came {terms[place].since - at:.3f} s before it held the Lease")
        if at >= ends.get(pid, at + 1):
            found.append(f"{what} came {at - ends[pid]:.3f} s after the next one took the Lease")
        if place < last:
            found.append(f"{what} came after one of process {terms[last].pid}, and the Lease did not come back between")
        last = max(last, place)
    return found


class Terms:
    """Watches the Lease of a namespace from its first version on. Use it in a `with` statement."""

    def __init__(self, kube: Kube, name: str = "hpc-operator") -> None:
        self._path = f"{kube.server.url}/apis/coordination.k8s.io/v1/namespaces/{kube.namespace}/leases"
        self._query = {"watch": "1", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": "3600"}
        headers = {"Authorization": f"Bearer {kube.token}"}
        self._client = httpx.Client(headers=headers, verify=kube.ssl, timeout=httpx.Timeout(30, read=None))
        self._thread = threading.Thread(target=self._follow, name="terms", daemon=True)
        self._ended = threading.Event()
        self.terms: list[Term] = []
        self.broken = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._client.close()

    def holder(self) -> int | None:
        """The process that holds it, None while nobody does; AssertionError when the watch has broken off."""
        assert not self.broken, self.broken
        newest = self.terms[-1] if self.terms else None
        return newest.pid if newest is not None and newest.released is None else None

    def _follow(self) -> None:
        try:
            with self._client.stream("GET", self._path, params=self._query) as answer:
                for line in answer.iter_lines():
                    self._note(json.loads(line)["object"]["spec"], time.time())
            self.broken = "the watch on the Lease ended"
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError, RuntimeError) as error:
            self.broken = "" if self._ended.is_set() else f"the watch on the Lease broke off: {error!r}"

    def _note(self, spec: dict[str, Any], now: float) -> None:
        holder = spec.get("holderIdentity") or ""
        if holder and (not self.terms or self.terms[-1].holder != holder):
            since = datetime.fromisoformat(spec["acquireTime"]).timestamp()
            self.terms.append(Term(int(spec["leaseTransitions"]), holder, since, now))
        elif not holder and self.terms and self.terms[-1].released is None:
            self.terms[-1] = _given_back(self.terms[-1], now)


def _given_back(term: Term, now: float) -> Term:
    return Term(term.number, term.holder, term.since, term.seen, now)
