"""The name and description that a cluster should bear, mark included. Pure.

Imported by `differences` and `living`. The free part is the person's; the mark is never given up.
"""

import hashlib

from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import Describe
from hpc_operator.domain.mark import Mark, marked, unmarked
from hpc_operator.domain.observed import Cluster

_MARKED_DESCRIPTION_LIMIT = 255


def describe(scene: Scene, line: Cluster) -> Describe:
    """What modifyCluster would write; what the manifest leaves out stays as it is."""
    resource = scene.resource
    operation = resource.memory.last_operation
    mark = Mark(scene.stem, operation.attempt if operation and operation.attempt else 1)
    name = marked(resource.desired.free_name(resource.ref.name), mark)
    free = resource.desired.description
    digest = hashlib.sha256(f"{name}\n{free}".encode()).hexdigest()[:16]
    kept = free if free is not None else unmarked(line.description or "")
    return Describe(line.id, name, marked(kept, mark, _MARKED_DESCRIPTION_LIMIT) if kept else str(mark), digest)
