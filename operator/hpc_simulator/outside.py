"""What people do at the console, behind the operator's back.

Lives here: making, renaming, deleting clusters without a call. The cloud imports it.
Never comes in: the call log; these are no calls.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from hpc_simulator.calls.context import Context
from hpc_simulator.calls.create import make
from hpc_simulator.calls.delete import demolish
from hpc_simulator.clusters import Cluster
from hpc_simulator.nodes import Node


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes; None leaves a thing alone. `delete`: by a job (as the console does) or at once."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    name: str | None = None
    description: str | None = None
    status: str | None = None
    owner: str | None = None
    delete: Literal["job", "at-once"] | None = None


@dataclass(frozen=True, slots=True)
class NewCluster:
    """A cluster that a person makes; `status` None: by a job, otherwise it stands there at once."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    cluster_type: Literal["hpc", "ehpc"] = "ehpc"
    name: str = "made-by-a-person"
    description: str = ""
    status: str | None = None
    paid_type: Literal["Reserved", "PayForUsed"] = "PayForUsed"
    nas_id: str = ""


def change(ctx: Context, cluster: Cluster, wish: Change) -> None:
    """Carry out a person's change."""
    if wish.name is not None:
        cluster.person_name = wish.name
    if wish.description is not None:
        cluster.person_description = wish.description
    cluster.status = wish.status or cluster.status
    cluster.owner = wish.owner or cluster.owner
    if wish.delete == "job":
        demolish(ctx, [cluster])
    elif wish.delete == "at-once":
        ctx.world.remove(cluster.cluster_id, ctx.now)
    ctx.world.changed(cluster)


def create(ctx: Context, wish: NewCluster) -> str:
    """Make a cluster as a person does; its id."""
    new_id = ctx.world.new_id
    cluster = Cluster(
        cluster_id=new_id(wish.cluster_type),
        cluster_type=wish.cluster_type,
        owner=ctx.account.owner,
        zone=ctx.account.zone,
        status=wish.status or "pending",
        began=ctx.now,
        stamp=ctx.stamp,
        app_cluster_id=new_id("cl"),
        top_name=wish.name,
        conf_name=wish.name,
        person_name=wish.name,
        person_description=wish.description or None,
        paid_type=wish.paid_type,
        nas_id=wish.nas_id,
        nodes=[Node(new_id("cln"), "login", 2, 4096, "login1", "172.16.0.2")],
    )
    if wish.status is None:
        make(ctx, cluster)
    else:
        ctx.world.enter(cluster)
    return cluster.cluster_id
