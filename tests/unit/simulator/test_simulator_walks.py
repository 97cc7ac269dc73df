"""Any sequence of calls, of people's changes and of time: what is true of nodes after each step."""

from collections import Counter
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from simulator_caller import Caller

from hpc_simulator import faults as f
from hpc_simulator.jobs import CHANGES
from hpc_simulator.outside import Change, MoreNodes, Size

ROLES = ("login", "controller", "compute")


def some(caller, one, number):
    """Nodes of the cluster: one of them, several, all of a role."""
    nodes = [node.node_id for node in caller.cloud.world.clusters[one].nodes]
    return nodes[number % len(nodes) :: 1 + number % 3]


def person(**wish):
    def step(caller, one, n):
        made = {name: make(caller, one, n) for name, make in wish.items()}
        with suppress(ValueError):  # what the console refuses
            caller.cloud.change_cluster(one, Change(by=("job", "at-once")[n % 2], **made))

    return step


CALLS = {
    "addNodes": lambda caller, one, n: caller.add(one, n, ROLES[n % 3]),
    "deleteNodes": lambda caller, one, n: caller.remove(one, *some(caller, one, n)),
    "restartNodes": lambda caller, one, n: caller.change("restartNodes", one, node_ids=some(caller, one, n)),
    "resizeCluster": lambda caller, one, n: caller.resize(one, ROLES[n % 3], n + 1),
    "stopCluster": lambda caller, one, _: caller.power("stopCluster", one),
    "startCluster": lambda caller, one, _: caller.power("startCluster", one),
}
OTHERS = {
    "person adds": person(add_nodes=lambda _c, _o, n: MoreNodes(n % 3 + 1, ROLES[n % 3])),
    "person removes": person(remove_nodes=lambda caller, one, n: tuple(some(caller, one, n))),
    "person resizes": person(resize=lambda _c, _o, n: Size(ROLES[n % 3], n + 1, 4096)),
    "person's power": person(power=lambda _c, _o, n: ("stop", "start", "suspend")[n % 3]),
    "wait": lambda caller, _, n: caller.wait(15 * n),
    "repeat": lambda caller, _, n: caller.cloud.add_fault(f.Twice(), "*"),
    "fail": lambda caller, _, n: caller.cloud.change_settings(change_jobs_fail=n % 2 == 0, add_partial=n % 4 == 0),
    "lag": lambda caller, _, n: caller.cloud.change_settings(list_lag=20.0 * n),
    "lose": lambda caller, _, n: caller.cloud.add_fault(f.Code(5000, effect=n % 2 == 0), "*"),
}
steps = st.lists(st.tuples(st.sampled_from([*CALLS, *OTHERS]), st.integers(0, 9)), max_size=25)


@given(steps)
def test_after_each_step(walk):
    caller = Caller()
    one = caller.standing()
    known = {}
    for kind, number in walk:
        {**CALLS, **OTHERS}[kind](caller, one, number)
        caller.cloud.catch_up()
        cluster, world = caller.cloud.world.clusters[one], caller.cloud.world
        assert {node.role for node in cluster.nodes} == set(ROLES), "each role keeps a node"
        here = [node.node_id for node in (*cluster.nodes, *cluster.departed)]
        assert len(set(here)) == len(here)
        assert not {each.node_id for each in cluster.nodes} & {i for i, born in known.items() if born == "gone"}
        known |= dict.fromkeys(here, "here") | {node.node_id: "gone" for node in cluster.departed}
        assert len([job for job in world.jobs.values() if not job.ended]) <= 1, "one operation at a time"
        assert sum(len(job.cluster_ids) for job in world.jobs.values() if not job.ended) == bool(cluster.doing)


@given(st.lists(st.tuples(st.sampled_from([*CALLS, "wait", "repeat", "fail", "lose"]), st.integers(0, 9)), max_size=25))
def test_effects_are_the_entries_of_the_log(walk):
    caller = Caller()
    one = caller.standing()
    for kind, number in walk:
        {**CALLS, **OTHERS}[kind](caller, one, number)
    effects = {call: count.effects for call, count in caller.cloud.counts().items() if count.effects and call in CALLS}
    entries = Counter(job.action for job in caller.cloud.world.jobs.values() if job.action in CHANGES)
    assert {f"HpcCluster{call[0].upper()}{call[1:]}": number for call, number in effects.items()} == dict(entries)


@given(steps)
def test_when_the_news_has_come_a_look_shows_the_truth(walk):
    caller = Caller()
    one = caller.standing()
    for kind, number in walk:
        {**CALLS, **OTHERS}[kind](caller, one, number)
    caller.wait(1000)
    caller.cloud.faults.clear()
    cluster = next(each for each in caller.cloud.clusters())
    seen = []
    for offset in (0, 100, 200):
        answer = caller.get("cluster/listNodes", cluster_id=one, limit=100, offset=offset)
        seen += answer["hpc_app_nodes_set"]
    assert answer["total_count"] == len(cluster.nodes) == caller.list()["cluster_set"][0]["total_node_count"]
    truth = {(node.node_id, node.role, node.status, "", node.cpu, node.memory) for node in cluster.nodes}
    fields = ("node_id", "role", "status", "transition_status", "cpu", "memory")
    assert {tuple(node[name] for name in fields) for node in seen} == truth
    running = {"active": {"active"}, "stopped": {"stopped"}, "suspended": {"stopped"}}
    assert {node.status for node in cluster.nodes} == running[cluster.status]
