"""The operator beside a peer's way: calls an hour for as many clusters, and duplicates under kills during creations.

All are counts and no times, so everything is measured at once, each side in a scene of its own. The time of an apply
beside the peer is `burst`'s.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial

from stage.manifests import ehpc
from stage.operators import SHORT
from stage.waiting import until

from benchmarks import peer
from benchmarks.load import apply, has_id, is_ready, names
from benchmarks.row import Figure, Goal, Row
from benchmarks.stage import Ground, Scene
from local_control_plane import Program

_CREATE = 1.0
_HOUR = 3600.0
_QUIET = 12.0
"""Seconds after all are Ready, so that what follows has been done."""
_WAVE = 4
"""Creations in hand when the process is killed."""
_MOMENT = 1.0
"""Seconds after the first createCluster of a wave within which the kill falls."""
_ANSWER = 0.4
"""Seconds until createCluster is answered, its effect at once: there is a moment between the two."""
_SEED = 20263
_PATIENCE = 60.0
"""Seconds after the last start for every resource to come to its id; who has none then is counted as without."""
Start = Callable[[Scene], Program]
SIDES = ("hour-ours", "hour-peer", "kills-ours", "kills-peer")


def ours(scene: Scene) -> Program:
    """The operator with its defaults."""
    return scene.operator().program


def ours_short(scene: Scene) -> Program:
    """The operator with the window of doubt of the simulator's settings (8 s), after a kill or not."""
    scene.kube.drop_lease()
    return scene.operator(**SHORT).program


def theirs(scene: Scene) -> Program:
    """The peer."""
    return scene.program(peer.__name__, peer.READY)


def measure(ground: Ground) -> list[Row]:
    """Calls an hour, and duplicates."""
    with ExitStack() as stack, ThreadPoolExecutor(len(SIDES)) as threads:
        scenes = [stack.enter_context(ground.scene(name, create=_CREATE)) for name in SIDES]
        hours = [threads.submit(_calls, ground, *side) for side in zip(scenes[:2], (ours, theirs), strict=True)]
        kills = [threads.submit(_killed, ground, *side) for side in zip(scenes[2:], (ours_short, theirs), strict=True)]
        return [_hours(ground, *(each.result() for each in hours)), _kills(ground, *(each.result() for each in kills))]


def _calls(ground: Ground, scene: Scene, start: Start) -> Mapping[str, int]:
    """Calls by name within the window, all clusters standing."""
    program = start(scene)
    stage = is_ready if start is ours else has_id  # the peer asks as often, whatever the cluster is
    apply(scene.kube, names("hour", ground.size.polled), {"there": stage}, program)
    time.sleep(_QUIET)
    mark = scene.mark()
    time.sleep(ground.size.polled_window)
    return scene.calls(mark)


def _hours(ground: Ground, mine: Mapping[str, int], others: Mapping[str, int]) -> Row:
    number, factor = ground.size.polled, _HOUR / ground.size.polled_window
    spent, asked = sum(mine.values()), sum(others.values())
    return Row(
        f"calls an hour with {number} clusters, to a peer's way",
        (
            Figure("ours", spent * factor, "/h"),
            Figure("the peer's", asked * factor, "/h"),
            Figure("ratio", spent / max(asked, 1), "×"),
        ),
        f"at rest, both looking every {peer.INTERVAL:.0f} s",
        goals=(Goal("ratio", "<", 1),),
        notes=(
            f"counted in {ground.size.polled_window:.0f} s, times {factor:.0f}: "
            f"ours {dict(mine)}, the peer's {dict(others)}",
        ),
        details={"factor": factor, "ours": dict(mine), "peer": dict(others)},
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Clusters beyond one for a resource; resources without a cluster, without an id; createCluster calls; seconds."""

    duplicates: int
    missing: int
    without_id: int
    creates: int
    seconds: float


def _killed(ground: Ground, scene: Scene, start: Start) -> Tally:
    began, chance = time.monotonic(), random.Random(_SEED)
    scene.cloud.set(request_lifetime=float(SHORT["REQUEST_LIFETIME"]))
    program, every = start(scene), list(names("first", 1))
    _create(scene, every)
    until("the first one has an id", lambda: _with_id(scene) == 1)
    scene.cloud.fault("delay", "createCluster", count=None, seconds=_ANSWER)
    for number in range(ground.size.kills):
        wave, since = names("kill", _WAVE, first=number * _WAVE), scene.cloud.last_call()
        _create(scene, wave)
        every += wave
        until("a create of the wave is under way", partial(_begun, scene, wave, since), pause=0.02)
        time.sleep(chance.uniform(0, _MOMENT))
        os.kill(program.pid, signal.SIGKILL)
        program.kill()
        program = start(scene)
    _settle(scene, len(every))
    made = [len(scene.cloud.clusters(name)) for name in every]
    return Tally(
        duplicates=sum(max(0, number - 1) for number in made),
        missing=made.count(0),
        without_id=len(every) - _with_id(scene),
        creates=scene.cloud.count("createCluster")[0],
        seconds=time.monotonic() - began,
    )


def _create(scene: Scene, wave: Sequence[str]) -> None:
    for name in wave:
        scene.kube.create(ehpc(name))


def _begun(scene: Scene, wave: Sequence[str], since: int) -> bool | None:
    """Whether a createCluster of this wave has come."""
    sent = [call["detail"] for call in scene.cloud.calls("createCluster", since=since)]
    return any(f"cluster_name={name}" in detail for detail in sent for name in wave) or None


def _with_id(scene: Scene) -> int:
    return sum(has_id(each.get("status", {})) for each in scene.kube.clusters())


def _settle(scene: Scene, number: int) -> None:
    """Until each has an id; who does not come to one is counted, and nothing is waited for beyond patience."""
    try:
        until("each has an id", lambda: _with_id(scene) == number, deadline=_PATIENCE, pause=0.5)
    except AssertionError:
        return


def _kills(ground: Ground, mine: Tally, others: Tally) -> Row:
    number = ground.size.kills
    return Row(
        f"{number} kills during creations, to a peer's way",
        (
            Figure("our duplicates", mine.duplicates),
            Figure("the peer's duplicates", others.duplicates),
            Figure("our resources without a cluster", mine.missing + mine.without_id),
            Figure("the peer's", others.missing + others.without_id),
            Figure("ours to the peer's", mine.duplicates / others.duplicates if others.duplicates else 1.0, "×"),
        ),
        "clusters beyond one for each resource after SIGKILLs at random moments of creations",
        goals=(
            Goal("our duplicates", "≤", 0),
            Goal("our resources without a cluster", "≤", 0),
            Goal("ours to the peer's", "<", 1),
        ),
        notes=(
            f"the same kills for both: {_WAVE} creations in hand each time, up to {_MOMENT} s after their first "
            f"createCluster, which is answered {_ANSWER} s after its effect; seed {_SEED}",
            f"{1 + number * _WAVE} resources; createCluster calls: ours {mine.creates}, the peer's {others.creates}",
        ),
        details={"ours": asdict(mine), "peer": asdict(others)},
    )
