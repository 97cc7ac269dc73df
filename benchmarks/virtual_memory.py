"""What an operator process keeps: the size of all objects that its present life reaches, in bytes.

Exact and repeatable, unlike resident memory, in which the world around it (logs of every call and write, kept for the
verdict) would weigh more than the operator. Not counted: modules, classes and code, and caches that belong to them
(`lru_cache` of domain.mark, bounded by its size); what belongs to the world and not to the process.
"""

import gc
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

from faults.harness.injection import Injector
from faults.harness.kube import MemoryKube
from faults.harness.looptime import VirtualLoop
from faults.harness.people import People
from faults.harness.process import Process
from faults.harness.world import World
from hpc_simulator import Cloud

_OUTSIDE = (World, MemoryKube, VirtualLoop, People, Process, Injector, Cloud)
_CODE = (type, ModuleType, CodeType, BuiltinFunctionType)


def life_of(world: World) -> object:
    """The present life of the world's only process: what watches Kubernetes."""
    lives = [watcher.__self__ for watcher in world.kube.watchers if hasattr(watcher, "__self__")]
    return next(life for life in lives if getattr(life, "process", None) is world.processes[0] and not _over(life))


def _over(life: object) -> bool:
    return bool(life._over())  # type: ignore[attr-defined]  # noqa: SLF001 - whether it is the present one


def kept(root: object) -> int:
    """Bytes of everything that can be reached from `root`, each object once."""
    gc.collect()
    seen, total, left = {id(root)}, 0, [root]
    while left:
        thing = left.pop()
        total += sys.getsizeof(thing)
        for inner in _inside(thing):
            if id(inner) not in seen and not isinstance(inner, (*_OUTSIDE, *_CODE)):
                seen.add(id(inner))
                left.append(inner)
    return total


def _inside(thing: object) -> list[object]:
    if isinstance(thing, FunctionType):  # its globals are the module's
        return [thing.__closure__, thing.__defaults__, thing.__kwdefaults__]
    return gc.get_referents(thing)
