"""Which manifest is made of which cluster; whose cluster is refused; what is told."""

from typing import Any

import pytest
import yaml
from decide_scenes import ACCOUNT, EARLIER, FLEET, ID, NOW, REF, cluster, known_memory, named, resource

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, stem
from hpc_operator.domain.observed import Cluster, Node, NodesLook
from hpc_operator.importing.judging import refusal
from hpc_operator.importing.manifest import manifest
from hpc_operator.importing.reading import Found, Known
from hpc_operator.importing.telling import as_yaml
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.names import ANNOTATION_ADOPT
from hpc_operator.kube.wish import parse_spec


def nodes(role: str, count: int = 1, cpu: int | None = 2, memory: int | None = 4096, **more: Any) -> tuple[Node, ...]:
    return tuple(Node(f"cln-{role}{n}", role, "active", cpu=cpu, memory=memory, **more) for n in range(count))


WHOLE = (*nodes("login"), *nodes("controller"), *nodes("compute", 3, 8, 12288))


def found(
    line: Cluster | None = None, all_nodes: tuple[Node, ...] = WHOLE, *, complete: bool = True, **terms: str
) -> Found:
    look = NodesLook(NOW, complete, all_nodes, "" if complete else "a page failed")
    return Found(line or cluster(ID, "fluid-lab", description="for the lab"), ACCOUNT, terms, look)


def made(
    *args: Any, name: str | None = None, namespace: str | None = None, told: bool = False, **more: Any
) -> dict[str, Any]:
    return manifest(found(*args, **more), name, namespace, told_account=told).object


def left(*args: Any, **more: Any) -> str:
    return "; ".join(manifest(found(*args, **more), None, None, told_account=False).left_out)


def test_it_says_what_the_answers_carry_and_nothing_else() -> None:
    terms = {"paid_type": "PayForUsed", "nas_id": "nas-1", "nas_path": "/data", "scheduler_type": "slurm"}
    assert made(name="fluid", namespace="lab", **terms) == {
        "apiVersion": "hpc.qingcloud.com/v1alpha1",
        "kind": "HpcCluster",
        "metadata": {"name": "fluid", "namespace": "lab", "annotations": {ANNOTATION_ADOPT: ID}},
        "spec": {
            "cluster_type": "ehpc",
            "managementPolicy": "Observe",
            "deletionPolicy": "Retain",
            "cluster_name": "fluid-lab",
            "description": "for the lab",
            **terms,
            "cluster_conf": {
                "cluster": {
                    "login": {"count": 1, "cpu": 2, "memory": 4096},
                    "controller": {"cpu": 2, "memory": 4096},
                    "compute": {"count": 3, "cpu": 8, "memory": 12288},
                }
            },
        },
    }


def test_an_hpc_cluster_has_only_login() -> None:
    spec = made(cluster("hpc-1", "x"), nodes("login", 2))["spec"]
    assert (spec["cluster_type"], spec["cluster_conf"]["cluster"].keys()) == ("hpc", {"login"})


def test_owner_and_zone_stand_there_where_they_are_not_the_operators_default() -> None:
    assert {"zone", "owner"} & made()["spec"].keys() == set()
    assert {name: made(told=True)["spec"][name] for name in ("zone", "owner")} == {"zone": "jn1a", "owner": "usr-1"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("Fluid Lab_2", "fluid-lab-2"),
        ("流体", ID),
        ("-x-", "x"),
        (None, ID),
        ("a" * 80, "a" * 63),
        ("流体 abcdefghijklmno-1", ID),
    ],
)
def test_the_name_is_one_that_kubernetes_takes(given: str | None, named: str) -> None:
    """And none that looks like a mark."""
    assert made(cluster(ID, given))["metadata"]["name"] == named


@pytest.mark.parametrize(
    ("all_nodes", "roles", "told"),
    [
        pytest.param((*nodes("login"), *nodes("controller"), *nodes("compute"), *nodes("compute", 1, 4)), {"login", "controller"}, "compute: its nodes are not all of one size", id="of two sizes"),
        pytest.param((*nodes("login"), *nodes("controller"), *nodes("compute", cpu=None)), {"login", "controller"}, "compute: the account does not say the size", id="of unknown size"),
        pytest.param((*nodes("login"), *nodes("compute")), {"login", "compute"}, "controller: no node of it is shown", id="a role without nodes"),
        pytest.param((*nodes("login"), *nodes("controller"), *nodes("compute", cpu=1)), {"login", "controller"}, "compute: the HpcCluster does not take nodes of this size or number", id="too small for the rules"),
        pytest.param((*nodes("login"), *nodes("compute", 100)), {"login"}, "compute: the HpcCluster does not take", id="too many for the schema"),
        pytest.param((*nodes("login"), *nodes("controller", 2), *nodes("compute")), {"login", "controller", "compute"}, "", id="two controllers: their number is no wish"),
        pytest.param((*nodes("controller"), *nodes("compute")), None, "cluster_conf: it cannot stand without login", id="no login"),
        pytest.param((), None, "login: no node of it is shown", id="no nodes at all"),
    ],
)  # fmt: skip
def test_a_role_is_wished_only_as_it_surely_is(all_nodes: tuple[Node, ...], roles: set[str] | None, told: str) -> None:
    """What is not sure would be a change in the next plan."""
    spec = made(None, all_nodes)["spec"]
    assert spec.get("cluster_conf", {}).get("cluster", {}).keys() == (roles or set())
    assert ("cluster_conf" in spec) is (roles is not None)
    assert told in left(None, all_nodes)


def test_nodes_that_leave_do_not_count() -> None:
    going = (*WHOLE, *nodes("compute", 2, leaving=True))
    assert made(None, going)["spec"]["cluster_conf"]["cluster"]["compute"]["count"] == 3


def test_a_partial_node_list_wishes_nothing() -> None:
    assert "cluster_conf" not in made(complete=False)["spec"]
    assert left(complete=False) == "cluster_conf: the nodes cannot be read (a page failed)"


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("paid_type", "Reserved", None),
        ("paid_type", "Sometimes", None),
        ("nas_id", "of two words", None),
        ("cluster_name", "x" * 65, cluster(ID, "x" * 65)),
        ("description", "x" * 513, cluster(ID, "x", description="x" * 513)),
    ],
)
def test_what_the_resource_does_not_take_is_left_out_and_told(field: str, value: str, line: Cluster | None) -> None:
    """A term that is paid in advance needs its duration, which no answer carries."""
    terms = {} if line else {field: value}
    assert field not in made(line, **terms)["spec"]
    assert left(line, **terms).startswith(f"{field}: the account shows what the HpcCluster does not take (spec.")
    assert value == "Reserved" or value not in left(line, **terms), "no value comes into a sentence"


def test_whatever_the_account_shows_the_operator_can_read_the_manifest() -> None:
    weird = cluster(ID, "\u202e<b>", description="a\nb: [")
    whole = as_yaml(found(weird, nas_id="*"), manifest(found(weird, nas_id="*"), None, "lab", told_account=True), str)
    read = yaml.safe_load(whole)
    assert parse_spec(read["spec"])[1] is None
    read["metadata"] |= {
        "uid": "u",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    held = parse_resource(read)
    assert (held.problem, held.orders.adopt) == (None, ID)


def test_the_comments_say_what_to_do_and_what_is_not_there() -> None:
    seen = found(None, (*nodes("login"),))
    text = as_yaml(seen, manifest(seen, None, None, told_account=False), lambda text: text.replace("lab", "***"))
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments[0] == f"# {ID}, active, of owner usr-1 in zone jn1a."
    assert "version_id" in " ".join(comments)
    assert any(line.startswith("# Left out: cluster_conf.cluster.compute: no node") for line in comments)
    assert max(map(len, comments)) <= 116
    assert "fluid-***" in text, "scrubbed"
    assert text.index("apiVersion") > text.rindex("#"), "every comment stands before the object"


HOLDER = resource(memory=known_memory())
OBSERVER = resource(ref=Ref("lab", "watch", "uid-w"), memory=known_memory(mark=None))


@pytest.mark.parametrize(
    ("line", "resources", "why"),
    [
        pytest.param(cluster(ID, "by hand"), (), None, id="nobody's"),
        pytest.param(cluster(ID, "by hand"), (HOLDER,), "recorded by the HpcCluster default/demo already", id="recorded, though unmarked"),
        pytest.param(cluster("ehpc-2", named(stem(FLEET, REF))), (HOLDER,), "bears the mark of the HpcCluster default/demo", id="a second bearer"),
        pytest.param(cluster("ehpc-2", named(stem(FLEET, EARLIER))), (resource(),), "made for an earlier life of the HpcCluster default/demo: annotate that one with hpc.qingcloud.com/take-over=ehpc-2", id="of an earlier life"),
        pytest.param(cluster("ehpc-2", named(stem(FLEET, EARLIER))), (), "bears a mark of this fleet", id="of our fleet, nobody knows whose"),
        pytest.param(cluster("ehpc-2", "x", description=str(Mark(stem("else", REF), 1))), (resource(),), "bears the mark of another fleet", id="of another fleet, in the description"),
        pytest.param(cluster(ID, "by hand", "deleting"), (), "is being deleted", id="going"),
    ],
)  # fmt: skip
def test_whose_it_is(line: Cluster, resources: tuple[Any, ...], why: str | None) -> None:
    said = refusal(line, Known(resources), FLEET)
    assert (said is None) is (why is None)
    assert why is None or why in (said or "")
