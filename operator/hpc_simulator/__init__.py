"""A simulator of the HPC API: a deterministic core (`Cloud`) and an HTTP server around it.

Lives here: everything that plays the cloud, written from the API contract alone. Tests and the demo may import it.
Never comes in: anything of `hpc_operator`; the two must be able to catch each other's mistakes.
"""

from hpc_simulator.accounts import Account
from hpc_simulator.cloud import Cloud
from hpc_simulator.replies import Answer, Delayed, Held, Lost, Reply, Torn, Unreachable
from hpc_simulator.settings import Settings

__all__ = ["Account", "Answer", "Cloud", "Delayed", "Held", "Lost", "Reply", "Settings", "Torn", "Unreachable"]
