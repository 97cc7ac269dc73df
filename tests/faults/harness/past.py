"""A world as it stood at some time, kept as bytes: scenarios that begin with a settled cluster do not live through its
creation again. Only Kubernetes and the cloud are kept; operator processes begin with empty memory, as after a restart.
"""

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faults.harness.world import World

_OWN = {"kube": {"_now", "watchers"}, "cloud": {"_clock"}}
"""What belongs to one world only."""


@dataclass(frozen=True, slots=True)
class Past:
    """`at`: seconds of the world's loop. `parts`: what was true, pickled."""

    at: float
    parts: bytes


def kept(world: "World") -> Past:
    """What is true now."""
    parts: dict[str, dict[str, Any]] = {
        part: {name: value for name, value in vars(getattr(world, part)).items() if name not in own}
        for part, own in _OWN.items()
    }
    parts["kube"]["sent"] = []  # searched for secrets in the world that sent it
    return Past(world.loop.time(), pickle.dumps(parts))


def begin_with(world: "World", past: Past) -> None:
    """Let a fresh world without processes go on from there."""
    assert not world.processes
    world.loop.begin_at(past.at)
    for part, values in pickle.loads(past.parts).items():
        vars(getattr(world, part)).update(values)
