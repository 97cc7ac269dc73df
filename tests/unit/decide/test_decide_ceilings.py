"""What the operator's own key may be used for: one row each, and what a person is told."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from decide_scenes import (
    CONF,
    OTHER_STEM,
    POLICY,
    STEM,
    Row,
    cluster,
    deleting,
    ids,
    living,
    look,
    named,
    resource,
    scene,
    wishing,
)

from hpc_operator.decide.ceilings import nodes_problem, wished_nodes
from hpc_operator.decide.planner import decide
from hpc_operator.domain.desired import ManagementPolicy, Orders, Role

EMPTY = look(5, cluster("ehpc-x", named(OTHER_STEM)))
ELSEWHERE_ONLY = replace(POLICY, allowed_namespaces=("team-a", "team-b"))
HERE = replace(POLICY, allowed_namespaces=("default",))
TWO = replace(POLICY, max_clusters=2)
FOUR_NODES, THREE_NODES = (replace(POLICY, max_nodes_per_cluster=most) for most in (4, 3))
ROLES = MappingProxyType({"login": Role(1, 2, 4096), "controller": Role(None, 2, 4096), "compute": Role(2, 2, 4096)})
FOUR = wishing(conf=replace(CONF, roles=ROLES))
OWN_SECRET = {"own_key": False}

ROWS = [
    Row("a namespace that may not use the operator's key buys nothing; both ways out are told", scene(resource(), EMPTY, policy=ELSEWHERE_ONLY),
        "Blocked NamespaceNotAllowed", says=("default", "credentialsSecretRef", "allowed_namespaces")),
    Row("nor does it take a cluster over with that key", scene(resource(orders=Orders(adopt="ehpc-x")), EMPTY, policy=ELSEWHERE_ONLY), "Blocked NamespaceNotAllowed"),
    Row("with a key of its own it may", scene(resource(), EMPTY, policy=ELSEWHERE_ONLY, **OWN_SECRET), "Act Create"),
    Row("an allowed one may", scene(resource(), EMPTY, policy=HERE), "Act Create"),
    Row("no list: everybody may", scene(resource(), EMPTY), "Act Create"),
    Row("what exists lives on though its namespace is no longer allowed", scene(living(first_active_at=1.0), look(5, cluster(name=named(STEM))), policy=ELSEWHERE_ONLY), "Act Describe"),
    Row("and is deleted", scene(deleting(living()), look(5, cluster(name=named(STEM))), policy=replace(ELSEWHERE_ONLY, max_clusters=0)), "Act LookById"),
    Row("the fleet has as many clusters as it may: it waits, for another may go", scene(resource(), EMPTY, policy=TWO, clusters=2),
        "Wait CeilingReached", says=("2 cluster(s)", "max_clusters", "is deleted")),
    Row("more than it may, since the setting was lowered", scene(resource(), EMPTY, policy=TWO, clusters=5), "Wait CeilingReached"),
    Row("one below", scene(resource(), EMPTY, policy=TWO, clusters=1), "Act Create"),
    Row("a key of its own has no ceiling", scene(resource(), EMPTY, policy=TWO, clusters=2, **OWN_SECRET), "Act Create"),
    Row("what is this resource's already is taken, not bought: no ceiling holds it", scene(resource(), look(5, cluster(name=named(STEM))), policy=TWO, clusters=2), "Act Take"),
    Row("an adoption buys nothing", scene(resource(orders=Orders(adopt="ehpc-x"), desired=wishing(management_policy=ManagementPolicy.PLAN)), look(5, cluster("ehpc-x", "theirs")), policy=TWO, clusters=2), "Act Take"),
    Row("a cluster as large as it may be; a role without a count gets one node", scene(resource(desired=FOUR), EMPTY, policy=FOUR_NODES), "Act Create"),
    Row("one node more than it may have: a person lowers the counts, or raises the ceiling", scene(resource(desired=FOUR), EMPTY, policy=THREE_NODES),
        "Blocked CeilingReached", says=("4 nodes", "max_nodes_per_cluster", "allows 3")),
    Row("with a key of its own any size", scene(resource(desired=FOUR), EMPTY, policy=THREE_NODES, **OWN_SECRET), "Act Create"),
    Row("Plan never creates, and shows that it would", scene(resource(desired=wishing(management_policy=ManagementPolicy.PLAN)), EMPTY, policy=TWO, clusters=2), "Settled Differs"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_ceilings(row: Row) -> None:
    row.judge(decide(row.scene))


def test_growing_is_asked_by_the_total_of_all_roles() -> None:
    made = scene(living(), policy=FOUR_NODES)
    assert nodes_problem(made, 4) is None
    told = nodes_problem(made, 5)
    assert told is not None
    assert all(word in told for word in ("5 nodes", "allows 4", "max_nodes_per_cluster"))
    assert nodes_problem(scene(living()), 10_000) is None


def test_a_role_without_a_count_is_one_node() -> None:
    assert wished_nodes(ROLES) == 4
