"""Deleted at every stage of a life: while it changes, stopped, failed, without a key, gone already, operator down."""

import base64

import pytest

from faults.harness import World, oracles, run
from faults.harness.people import EHPC
from hpc_simulator import Account
from hpc_simulator import faults as f
from hpc_simulator.outside import Change

TAKES_LONG = {"name_echo": "top", "node_seconds": 120.0}


def _grown(count: int) -> dict[str, object]:
    conf = EHPC["cluster_conf"]
    roles = {**conf["cluster"], "compute": {**conf["cluster"]["compute"], "count": count}}
    return {**conf, "cluster": roles}


async def _ready(world: World, **spec: object) -> str:
    world.process()
    world.people.apply(spec=spec)
    assert await world.until(world.ready, 1200), world.message()
    await world.wait(world.policy.window + 60)
    return world.made()[0]


async def _gone(world: World, deletes: int = 1) -> None:
    """Its resource goes, its cluster is deleted once, nothing bills on, and every wait said what would end it."""
    waits: set[tuple[str, str]] = set()

    def noted() -> bool:
        raw, ready = world.kube.get("demo"), world.kube.condition("Ready", "demo")
        if raw is not None and ready["observedGeneration"] == raw["metadata"]["generation"]:
            waits.add((world.reason() or "", world.message()))
        return world.gone()

    assert await world.until(noted, 4000), (world.reason(), world.message())
    assert waits
    assert all("goes on when" in told for _, told in waits), waits
    assert (world.effects("deleteCluster"), world.alive()) == (deletes, [])
    assert [*oracles.hot(world), *oracles.foreign(world)] == []


@pytest.mark.parametrize("answer", ["answered", "lost"])
def test_while_nodes_are_added(answer: str) -> None:
    """What runs ends first; a lost answer is not waited out, for nobody counts the nodes of a cluster that goes."""

    async def scenario(world: World) -> None:
        await _ready(world)
        if answer == "lost":
            world.injector.on("cloud.addNodes", f.LostAfter())
        world.people.edit(cluster_conf=_grown(3))
        assert await world.until(lambda: world.effects("addNodes") == 1, 900), world.message()
        await world.wait(2)
        begun = world.loop.time()
        world.people.delete()
        await _gone(world)
        assert world.loop.time() - begun > 60.0, "the job ran for two minutes: it was waited for"
        assert world.effects("addNodes") == 1

    run(scenario, **TAKES_LONG)


def test_while_an_addnodes_was_lost_on_its_way() -> None:
    """It never arrived: nothing runs, so the cluster goes at once."""

    async def scenario(world: World) -> None:
        await _ready(world)
        world.injector.on("cloud.addNodes", f.LostBefore())
        world.people.edit(cluster_conf=_grown(3))
        assert await world.until(
            lambda: (found := world.resource()) is not None and found.memory.operation is not None, 900
        )
        await world.wait(40)
        world.people.delete()
        await _gone(world)
        assert world.effects("addNodes") == 0

    run(scenario, **TAKES_LONG)


def test_while_it_is_stopped() -> None:
    async def scenario(world: World) -> None:
        await _ready(world)
        world.people.edit(power="Stopped")
        assert await world.until(lambda: world.reason() == "Stopped", 1500), world.message()
        world.people.delete()
        await _gone(world)

    run(scenario, name_echo="top")


def test_with_a_failed_create() -> None:
    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.reason() == "CreateFailed", 900), world.message()
        world.people.delete()
        await _gone(world)

    run(scenario, name_echo="top", create_jobs_fail=True, create_seconds=20.0)


def test_with_its_credentials_gone_and_back() -> None:
    """The condition says what is missing and what would end it; with the key it goes on."""

    async def scenario(world: World) -> None:
        await _ready(world)
        world.key = None
        world.people.delete()
        assert await world.until(lambda: world.reason() == "CredentialsMissing", 300)
        assert "deletionPolicy to Retain" in world.message()
        await world.wait(600)
        assert world.posts("deleteCluster") == 0
        world.key = Account()
        await _gone(world)

    run(scenario, name_echo="top")


def test_with_its_credentials_gone_for_good() -> None:
    """Retain lets it go without a key, and the password stays."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        password = world.kube.secrets["default", "demo-admin"]["data"]
        world.key = None
        world.people.delete()
        assert await world.until(lambda: world.reason() == "CredentialsMissing", 300)
        world.people.edit(deletionPolicy="Retain")
        assert await world.until(world.gone, 300), world.message()
        await world.wait(60)
        assert world.alive() == [cluster]
        kept = world.kube.secrets["default", "demo-admin"]
        assert (kept["data"], kept["metadata"]["labels"]["hpc.qingcloud.com/retained"]) == (password, cluster)
        assert not kept["metadata"].get("ownerReferences")

    run(scenario, name_echo="top")


def test_with_its_cluster_gone_already() -> None:
    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        world.people.destroy(cluster)
        assert await world.until(lambda: world.reason() == "ClusterVanished", 900), world.message()
        world.people.delete()
        await _gone(world, deletes=0)

    run(scenario, name_echo="top")


def test_while_the_operator_is_down() -> None:
    async def scenario(world: World) -> None:
        await _ready(world)
        world.restart_after = None
        world.processes[0].crash()
        world.people.delete()
        await world.wait(7200)
        world.processes[0].start()
        await _gone(world)

    run(scenario, name_echo="top")


def test_with_an_operation_of_somebody_else() -> None:
    """A person resizes it in the console: that must end first, and the condition says so."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        world.cloud.change_cluster(cluster, Change(power="stop", by="job"))
        world.people.delete()
        assert await world.until(lambda: world.reason() == "OperationRunning", 60, step=0.5), world.message()
        await _gone(world)

    run(scenario, name_echo="top", power_seconds=60.0)


def test_the_secrets_of_what_is_kept_survive() -> None:
    """Retain: both Secrets lose their owner and are labelled; applied again, the password is the same."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world, deletionPolicy="Retain")
        password = world.kube.secrets["default", "demo-admin"]["data"]["password"]
        assert ("default", "demo-connection") in world.kube.secrets
        world.people.delete()
        assert await world.until(world.gone, 300), world.message()
        await world.wait(60)
        for name in ("demo-admin", "demo-connection"):
            kept = world.kube.secrets["default", name]["metadata"]
            assert kept["labels"]["hpc.qingcloud.com/retained"] == cluster
            assert not kept.get("ownerReferences")
        world.people.apply(take_over=cluster)
        assert await world.until(world.ready, 1200), world.message()
        assert world.kube.secrets["default", "demo-admin"]["data"]["password"] == password
        assert world.alive() == [cluster]

    run(scenario, name_echo="top")


def _told(world: World, key: str) -> str:
    return base64.b64decode(world.kube.secrets["default", "demo-connection"]["data"][key]).decode()


def test_the_connection_secret() -> None:
    """There when Ready; deleted by hand it comes back with reconcile-at; it goes with its resource."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        assert _told(world, "hpc_cluster_id") == cluster
        assert _told(world, "admin_user") == "admin"
        assert (_told(world, "admin_password_secret"), _told(world, "admin_password_key")) == ("demo-admin", "password")
        assert _told(world, "login_addresses")
        del world.kube.secrets["default", "demo-connection"]
        await world.wait(600)
        assert ("default", "demo-connection") not in world.kube.secrets
        world.people.annotate("demo", reconcile_at="now")
        assert await world.until(lambda: ("default", "demo-connection") in world.kube.secrets, 120)
        assert await oracles.quiet(world) == []
        assert await oracles.restless(world) == []
        world.people.delete()
        await _gone(world)
        assert ("default", "demo-connection") not in world.kube.secrets

    run(scenario, name_echo="top")


def test_a_connection_secret_of_somebody_else_holds_nothing_back() -> None:
    """It is told once, left alone, and written as soon as it is out of the way."""

    async def scenario(world: World) -> None:
        world.kube.put_secret("demo-connection", {"theirs": base64.b64encode(b"a-word-of-theirs").decode()})
        await _ready(world)
        await world.wait(900)
        assert world.ready()
        told = [note for note in world.told("SecretNotOurs") if "demo-connection" in note]
        assert len(told) == 1, told
        assert set(world.kube.secrets["default", "demo-connection"]["data"]) == {"theirs"}
        del world.kube.secrets["default", "demo-connection"]
        assert await world.until(lambda: ("default", "demo-connection") in world.kube.secrets, 400)
        assert list(oracles.hot(world)) == []

    run(scenario, name_echo="top")
