"""Who may be believed, and when: copied records, early orders, refused reads, a process that is ending."""

import pytest

from faults.harness import World, oracles, process, run
from hpc_operator.kube import names
from hpc_operator.reconcile.keeper import Keeper
from hpc_operator.reconcile.ports import Unavailable
from hpc_simulator import faults as f


async def _ready(world: World, name: str = "demo") -> str:
    if not world.processes:
        world.process()
    world.people.apply(name)
    assert await world.until(lambda: world.ready(name), 900), world.message(name)
    found = world.resource(name)
    assert found is not None
    assert found.id is not None
    return found.id


def test_a_copied_record_does_not_hide_the_cluster_from_a_new_life() -> None:
    """Ready; its manifest is copied with its annotations to another name; forced away and applied again: not bought anew."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        world.people.copy("demo", "other")
        assert await world.until(lambda: world.reason("other") == "OwnedElsewhere", 300)
        world.people.recreate("demo")
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 900), world.message()
        assert world.alive() == [cluster]

    run(scenario, name_echo="top")


def test_a_record_pasted_onto_an_older_resource_does_not_take_the_cluster_away() -> None:
    """The younger owner is not AlreadyClaimed by a foreign record, and its deletion deletes its own cluster."""

    async def scenario(world: World) -> None:
        await _ready(world, "old")
        cluster = await _ready(world)
        record = world.kube.get("demo")["metadata"]["annotations"][names.ANNOTATION_RECORD]
        world.people.annotate("old", record=record)
        await world.wait(60)
        world.people.delete("demo")
        assert await world.until(lambda: world.resource("demo") is None, 1500), world.message("demo")
        assert cluster not in world.alive()
        assert world.effects("deleteCluster") == 1

    run(scenario, name_echo="top")


def test_an_adopt_given_in_doubt_does_not_forget_the_open_create() -> None:
    """The answer is lost, a person orders another cluster at once: what the create made is found and named first."""

    async def scenario(world: World) -> None:
        world.process()
        other = world.people.buy("mine", status="active")
        world.injector.on("cloud.createCluster", f.LostAfter())
        world.people.apply()
        assert await world.until(lambda: bool(world.made()), 300, step=0.1)
        world.people.annotate("demo", adopt=other)
        await world.wait(1500)
        resource = world.resource("demo")
        assert resource is not None
        (made,) = world.made()
        known = {resource.id, *resource.memory.strays}
        assert made in known or made in world.message(), (known, world.message())
        assert list(oracles.hot(world)) == []

    run(scenario, name_echo="top")


def test_one_look_that_leaves_the_create_out_voids_nothing() -> None:
    """The answer is lost, no name is echoed; the first look at the log after the window leaves our entry out."""

    async def scenario(world: World) -> None:
        world.process()
        world.injector.on("cloud.createCluster", f.LostAfter())
        world.people.apply()
        assert await world.until(lambda: bool(world.made()), 60, step=0.1)
        made = world.made()[0]
        await world.wait(world.policy.window - 2)
        job = next(job.job_id for job in world.cloud.world.jobs.values() if made in job.cluster_ids)
        world.cloud.add_fault(f.Skip(name=job), "operation")
        await world.wait(200)
        assert world.alive() == [made], world.message()
        assert world.posts() == 1

    run(scenario, name_echo="none", rename_echo=False, description_echo=False)


def test_one_look_that_leaves_the_earlier_cluster_out_buys_nothing() -> None:
    """Forced away and applied again while the operator is down; the first look of the new process leaves it out."""

    async def scenario(world: World) -> None:
        cluster = await _ready(world)
        world.restart_after = None
        world.processes[0].crash()
        world.people.recreate()
        world.cloud.add_fault(f.Skip(name=cluster), "list")
        world.processes[0].start()
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 900), world.message()
        assert world.alive() == [cluster]

    run(scenario, name_echo="top")


def test_a_refused_read_of_the_credentials_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes answers 403 to the credentials Secret: the condition says so, nothing is called."""

    async def refused(_self: object, _resource: object) -> None:
        raise Unavailable("secrets is forbidden", permanent=True)

    async def scenario(world: World) -> None:
        monkeypatch.setattr(process._Keys, "credentials", refused)
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.reason() == "KubernetesRefused", 120)
        assert "forbidden" in world.message()
        assert world.effects("createCluster") == 0

    run(scenario)


def test_a_process_that_is_ending_begins_no_create(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would wait for its answer: nothing is written, nothing is sent, nothing is in doubt."""
    made = Keeper.__init__

    def ending(self: Keeper) -> None:
        made(self)
        self.close()

    async def scenario(world: World) -> None:
        monkeypatch.setattr(Keeper, "__init__", ending)
        world.process()
        world.people.apply()
        await world.wait(120)
        assert world.posts("createCluster") == 0
        resource = world.resource("demo")
        assert resource is not None
        assert (resource.finalizer, resource.memory.operation) == (False, None)

    run(scenario)


@pytest.mark.parametrize("echo", ["top", "none"])
def test_forced_away_before_any_look_could_show_the_cluster(echo: str) -> None:
    """Answered, not listed for a while, forced away and applied again: the process that knew buys no second one."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(lambda: (found := world.resource()) is not None and found.id is not None, 60, step=0.1)
        world.people.recreate()
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 900), world.message()
        assert world.made()[0] in world.message()
        await world.wait(2 * world.policy.window)
        assert world.posts() == 1
        world.people.annotate("demo", take_over=world.made()[0])
        assert await world.until(world.ready, 900), world.message()
        assert world.alive() == world.made()

    run(scenario, name_echo=echo, list_lag=55.0, create_seconds=200.0)


def test_forced_away_with_its_create_on_the_way() -> None:
    """The answer is lost and the effect is late: the next life waits until it would show, then finds the mark."""

    async def scenario(world: World) -> None:
        world.process()
        world.injector.on("cloud.createCluster", f.Late(50))
        world.people.apply()
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        world.people.recreate()
        assert await world.until(lambda: world.reason() == "OwnedElsewhere", 900), world.message()
        assert world.made()[0] in world.message()
        assert len(world.alive()) == 1

    run(scenario, name_echo="top", list_lag=55.0)


def test_two_processes_without_a_lease_do_not_overwrite_each_other() -> None:
    """Each look is told once: the count of writes stays in the order of the changes that there are to tell."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        await world.wait(5)
        world.process()  # its looks begin at other times: for a while the two know different things
        assert await world.until(world.ready, 900)
        assert len(world.kube.writes) < 40, len(world.kube.writes)
        assert list(oracles.hot(world)) == []

    run(scenario, name_echo="top", create_seconds=60.0)


@pytest.mark.parametrize(
    ("edit", "call"),
    [({"cluster_name": "other"}, "modifyCluster"), ({"power": "Stopped"}, "stopCluster")],
    ids=["absolute", "behind-an-intent"],
)
def test_without_the_lease_nothing_is_changed(edit: dict[str, str], call: str) -> None:
    """Another process leads by now: neither what may be repeated is sent nor what may not; with the Lease it is."""

    async def scenario(world: World) -> None:
        await _ready(world)
        before = world.posts(call)
        world.processes[0].lease = 1.0  # less than a send may take
        world.people.edit(**edit)
        await world.wait(120)
        assert world.posts(call) == before
        world.processes[0].lease = 3600.0
        assert await world.until(lambda: world.posts(call) > before, 300), world.message()

    run(scenario, name_echo="top")


def test_a_failed_create_that_left_nothing_and_is_named_nowhere_can_be_deleted() -> None:
    """Its log entry names no cluster, deleteCluster says not found, no other cluster is ours: the job is the proof."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.reason() == "CreateFailed", 900), world.message()
        world.people.delete()
        assert await world.until(world.gone, 2500), f"{world.reason()}: {world.message()}"
        assert world.alive() == []

    run(
        scenario,
        create_jobs_fail=True,
        create_failure_leaves="nothing",
        failed_create_names_cluster=False,
        create_seconds=20.0,
    )
