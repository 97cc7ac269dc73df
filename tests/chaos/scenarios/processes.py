"""Two processes: frozen, killed, handed over, and both at once without any Lease between them."""

import time

from stage import Operator, Stage, until

from chaos.acts import apply, creates_sent, ends, first, ready, standby
from chaos.arena import Arena
from chaos.scenarios import scenario

SIX = tuple(f"six-{number}" for number in range(6))
TWENTY = tuple(f"twenty-{number:02}" for number in range(20))
LEASE = {"LEASE_DURATION": "8"}


def _two(arena: Arena) -> tuple[Stage, Operator, Operator]:
    """A leader in the middle of six creations, and a process that stands by."""
    stage = arena.stage()
    leader = stage.operator(**LEASE)
    first(stage)
    second = standby(stage, **LEASE)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=0.5)
    apply(stage, *SIX)
    until("2 creates", lambda: creates_sent(stage) > 2, pause=0.02)
    return stage, leader, second


@scenario(
    "leader-frozen",
    "SIGSTOP of the leader during 6 creations until another led; after SIGCONT it sends nothing: exit 3",
    creates=7,
    lost=6,
    ends={"Ready": 7},
)
def leader_frozen(arena: Arena) -> None:
    stage, leader, second = _two(arena)
    leader.freeze()
    until("another leads", second.leads)
    ready(stage, *SIX)
    sent = creates_sent(stage)
    leader.thaw()
    ends(leader, 3)
    assert creates_sent(stage) == sent, "it woke up and created"


@scenario("leader-killed", "SIGKILL of the leader during 6 creations", creates=7, ends={"Ready": 7})
def leader_killed(arena: Arena) -> None:
    stage, leader, second = _two(arena)
    leader.kill()
    until("another leads", second.leads)
    ready(stage, *SIX)


@scenario("leader-stopped", "SIGTERM of the leader during 6 creations: hand-over", creates=7, ends={"Ready": 7})
def leader_stopped(arena: Arena) -> None:
    stage, leader, second = _two(arena)
    leader.terminate()
    ends(leader, 0)
    until("another leads", second.leads)
    ready(stage, *SIX)


@scenario(
    "no-lease",
    "two processes act at once, no Lease between them, 20 creations, every third answer lost",
    creates=21,
    ends={"Ready": 21},
)
def no_lease(arena: Arena) -> None:
    stage = arena.stage(list_lag=0.5, log_lag=0.5)
    stage.operator(LEASE_NAME="one")
    stage.operator(LEASE_NAME="two")
    first(stage)
    for nth in range(1, 40, 3):
        stage.cloud.fault("lost-after", "createCluster", nth=nth)
    before, began = len(stage.to_kube.writes()), time.monotonic()
    apply(stage, *TWENTY)
    ready(stage, *TWENTY)
    writes, seconds = len(stage.to_kube.writes()) - before, time.monotonic() - began
    arena.note(
        f"all Ready after {seconds:.0f} s, with {writes / len(TWENTY):.0f} writes for each resource by both together"
    )
