"""What stands in the connection Secret, and when it is written."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from decide_scenes import CONF, ID, STEM, ago, cluster, deleting, living, look, named, scene, wishing

from hpc_operator.decide.connecting import connect
from hpc_operator.decide.facts import Scene
from hpc_operator.decide.planner import decide
from hpc_operator.domain.actions import Connect
from hpc_operator.domain.desired import Desired, ManagementPolicy, Orders, SecretKey
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.record import NodeCount, Origin, Resource

NODES = (NodeCount("login", 1, 1, 1, 2, 4096), NodeCount("compute", 2, 2, 2, 2, 4096))
WISH = wishing(conf=replace(CONF, env=MappingProxyType({"admin.user": "chemist"})))


def _held(desired: Desired = WISH, orders: Orders | None = None, **memory: object) -> Resource:
    known = {"first_active_at": ago(90), "nodes": NODES, "endpoints": ("10.0.0.2", "10.0.0.3"), **memory}
    return living(desired=desired, orders=orders, **known)


def _scene(held: Resource, *looks: ListLook, **more: Any) -> Scene:
    return scene(held, *looks, connected=False, **more)


def _texts(held: Resource) -> dict[str, str]:
    action = connect(_scene(held))
    assert isinstance(action, Connect)
    return dict(action.texts)


def test_how_a_cluster_is_reached() -> None:
    assert _texts(_held()) == {
        "hpc_cluster_id": ID,
        "zone": "jn1a",
        "login_addresses": "10.0.0.2,10.0.0.3",
        "admin_user": "chemist",
        "admin_password_secret": "demo-admin",
        "admin_password_key": "password",
    }


def test_the_password_is_where_the_manifest_says() -> None:
    found = _texts(_held(replace(WISH, admin_password=SecretKey("mine", "pw"))))
    assert (found["admin_password_secret"], found["admin_password_key"]) == ("mine", "pw")


def test_what_is_not_known_has_no_key() -> None:
    """Of an adopted cluster nobody knows the password; its manifest may leave everything else out as well."""
    found = _texts(_held(replace(WISH, conf=None), origin=Origin.ADOPTED, endpoints=()))
    assert found == {"hpc_cluster_id": ID, "zone": "jn1a"}


def test_it_is_written_once_and_again_when_something_changes_or_a_person_asks() -> None:
    first = connect(_scene(_held()))
    assert first is not None
    done = _held(connection=first.digest)
    assert connect(_scene(done)) is None
    assert connect(_scene(replace(done, orders=Orders(reconcile_at="now")))) is not None
    assert connect(_scene(_held(connection=first.digest, endpoints=("10.0.0.9",)))) is not None


def test_not_before_the_nodes_are_known_nor_while_it_is_put_off_nor_for_what_goes() -> None:
    assert connect(_scene(_held(nodes=()))) is None
    assert connect(_scene(_held(), postponed=frozenset({"Connect"}))) is None
    assert connect(_scene(deleting(_held()))) is None


def test_it_comes_last_and_with_any_policy() -> None:
    """Only when nothing else is to be done; put off, it does not hold back Ready."""
    line = cluster(name=named(STEM))
    put_off = {"postponed": frozenset({"Describe", "CountNodes"})}
    for policy in ManagementPolicy:
        held = _held(replace(WISH, management_policy=policy))
        made = _scene(held, look(5, line), **put_off)
        assert isinstance(decide(made).action, Connect), policy  # type: ignore[union-attr]
        later = replace(made, facts=replace(made.facts, postponed=frozenset({"Describe", "CountNodes", "Connect"})))
        assert type(decide(later)).__name__ == "Settled", policy
