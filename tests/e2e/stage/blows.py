"""What befalls the leader of two replicas at random moments of many creations. The seed decides what, and when.

Each blow waits until another one leads, then until the struck process has ended as it must, and starts a new one.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stage.manifests import ehpc
from stage.replicas import Replica, Replicas
from stage.setting import Stage
from stage.waiting import until

LEASE = "6"
"""Seconds: three of the four blows cost one."""
_LOST_LEASE = 3


def _swallow(struck: Replica) -> None:
    struck.to_kube.swallow()


@dataclass(frozen=True, slots=True)
class Blow:
    """`strike` it; `code`: how the process must end, None: by the signal. `gives_back`: the Lease is released."""

    name: str
    strike: Callable[[Replica], None]
    code: int | None
    gives_back: bool = False
    thaws: bool = False


BLOWS = (
    Blow("SIGKILL", lambda struck: struck.process.kill(), None),
    Blow("SIGTERM", lambda struck: struck.process.terminate(), 0, gives_back=True),
    Blow("SIGSTOP", lambda struck: struck.process.freeze(), _LOST_LEASE, thaws=True),
    Blow("black hole", _swallow, _LOST_LEASE),
)


def creating(stage: Stage, replicas: Replicas, seed: int, names: Sequence[str], of_each: int) -> list[tuple[Blow, int]]:
    """Create them all (more than there are blows) under `of_each` blows of each kind; what struck which process, in order. Returns when all are Ready."""
    chance = random.Random(seed)
    blows = list(BLOWS) * of_each
    chance.shuffle(blows)
    first, *rest = names
    stage.kube.create(ehpc(first))
    stage.wait_ready(first)
    _lose_answers(stage, chance, len(rest))
    struck = []
    for number, blow in enumerate(blows):
        wave = rest[number :: len(blows)]
        struck.append((blow, _struck(stage, replicas, blow, wave, chance)))
    until("all are Ready", lambda: not late(stage, names), 180, pause=0.5)
    return struck


def late(stage: Stage, names: Sequence[str]) -> list[str]:
    """Which of them are not Ready."""
    ready = {each["metadata"]["name"] for each in stage.kube.clusters() if stage.kube.is_ready(each)}
    return [name for name in names if name not in ready]


def _lose_answers(stage: Stage, chance: random.Random, count: int) -> None:
    """One create in fourteen gets no answer, the others take their time: a blow finds some of them open."""
    for nth in range(1, count):
        if chance.random() < 0.07:
            stage.cloud.fault("lost-after", "createCluster", nth=nth)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=0.4)


def _struck(stage: Stage, replicas: Replicas, blow: Blow, wave: Sequence[str], chance: random.Random) -> int:
    """Strike the leader when so many of the wave's calls went by; the process id of the struck one."""
    replicas.tend()
    replicas.standby(replicas.leader())
    kind = chance.choice(("creates", "creates", "calls"))
    target = _gone_by(stage, kind) + chance.randint(1, len(wave))
    for name in wave:
        stage.kube.create(ehpc(name))
    until(f"{target} {kind}", lambda: _gone_by(stage, kind) >= target, pause=0.01)
    struck = replicas.leader()
    pid = struck.process.pid
    blow.strike(struck)
    replicas.leader(but=struck)
    if blow.thaws:
        struck.process.thaw()
    code = struck.process.wait()
    assert code is not None, f"after {blow.name} it goes on"
    assert blow.code in (None, code), f"after {blow.name} it ended with {code}:\n{struck.process.program.tail()}"
    replicas.start_again(struck)
    return pid


def _gone_by(stage: Stage, kind: str) -> int:
    seen = list(stage.to_cloud.log)
    return len(seen) if kind == "calls" else sum(each.path.endswith("/createCluster") for each in seen)
