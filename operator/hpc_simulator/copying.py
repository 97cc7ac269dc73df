"""Many clusters at once that stand as one of them came to stand: an account with a past, without its calls.

Lives here: copies of a cluster, each with the ended create that the log would have of it. The cloud imports it.
Never comes in: the call log; these are no calls. Copies are older than their model, each by `apart` seconds more.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from hpc_simulator.clusters import Cluster
from hpc_simulator.jobs import CREATE, Job
from hpc_simulator.nodes import Node
from hpc_simulator.world import World


@dataclass(frozen=True, slots=True)
class Copy:
    """What a copy has of its own: both names that a create would have sent, and the description."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Copies:
    """`apart`: seconds of the injected clock between two copies' creates."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    copies: tuple[Copy, ...]
    apart: float = 60.0


def copy(world: World, model: Cluster, wish: Copies) -> list[tuple[Cluster, Job]]:
    """Make the copies, in the order of the wish. Raises ValueError for a model that no create has finished."""
    made_by = next((job for job in world.jobs.values() if _made(job, model)), None)
    if made_by is None or made_by.fails or not made_by.ended:
        raise ValueError(f"{model.cluster_id} was not created by a call that has ended well")
    made = [_one(world, model, made_by, each, -wish.apart * (place + 1)) for place, each in enumerate(wish.copies)]
    world.put_in_order()
    return made


def _made(job: Job, cluster: Cluster) -> bool:
    return job.action == CREATE and cluster.cluster_id in job.cluster_ids


def _node(world: World, node: Node) -> Node:
    return replace(node, node_id=world.new_id("cln"), began=None, stamp=None, status_stamp=None, past=[])


def _one(world: World, model: Cluster, made_by: Job, wish: Copy, shift: float) -> tuple[Cluster, Job]:
    cluster = replace(
        model,
        cluster_id=world.new_id(model.cluster_type),
        app_cluster_id=world.new_id("cl"),
        began=model.began + shift,
        stamp=model.stamp + shift,
        top_name=wish.name,
        conf_name=wish.name,
        renamed_to=None if model.renamed_to is None else wish.name,
        description=wish.description,
        departed=[],
        job_counts=dict(model.job_counts),
        nodes=[_node(world, node) for node in model.nodes],
    )
    world.enter(cluster)
    job = replace(
        made_by,
        job_id=world.new_id("j"),
        cluster_ids=[cluster.cluster_id],
        began=made_by.began + shift,
        ends=made_by.ends + shift,
        stamp=made_by.stamp + shift,
    )
    return cluster, world.start(job)
