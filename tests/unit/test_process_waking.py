"""What the cache's news do: a resource is met when it is first heard of, and looked at."""

from dataclasses import dataclass, field
from typing import Any

from decide_scenes import living, resource

from hpc_operator.domain.desired import Ref
from hpc_operator.process import waking
from hpc_operator.reconcile.meetings import Meetings
from hpc_operator.reconcile.queue import Lane


@dataclass
class Queue:
    woken: list[tuple[Ref, Lane]] = field(default_factory=list)

    def wake(self, ref: Ref, lane: Lane) -> None:
        self.woken.append((ref, lane))


def test_a_resource_is_met_when_it_is_first_heard_of_and_not_at_its_first_pass() -> None:
    at, queue = [100.0], Queue()
    meetings = Meetings(lambda: at[0])
    news: Any = waking(queue, meetings)  # type: ignore[arg-type]
    fresh = resource()
    news(fresh.ref, fresh)
    at[0] = 200.0
    news(fresh.ref, fresh)
    assert meetings.met(fresh.ref) == 100.0
    assert queue.woken == [(fresh.ref, Lane.CREATE)] * 2
    meetings.forget(fresh.ref)
    assert meetings.met(fresh.ref) == 200.0


def test_what_is_gone_is_looked_at_once_more_and_not_met() -> None:
    queue, meetings = Queue(), Meetings(lambda: 1.0)
    waking(queue, meetings)(living().ref, None)  # type: ignore[arg-type]
    assert queue.woken == [(living().ref, Lane.LOOK)]
