"""The fault suite's harness: the real operator in a world of virtual time, in memory, with a fault at every I/O."""

from faults.harness.injection import Injector, Killed, Kind, Strike, port_methods
from faults.harness.people import EHPC
from faults.harness.process import Exchange, Process
from faults.harness.world import EPOCH, POLICY, World, run

__all__ = [
    "EHPC",
    "EPOCH",
    "POLICY",
    "Exchange",
    "Injector",
    "Killed",
    "Kind",
    "Process",
    "Strike",
    "World",
    "port_methods",
    "run",
]
