"""Every way in which creating once was seen to fail, as a scene of its own, in the order of the model's findings.

Each docstring tells the trace. The oracle is always the same: at most one cluster bills, each is recorded or told,
nothing foreign is touched, no process runs hot; what a scene adds stands in its last lines.
"""

from dataclasses import replace
from typing import Any

import pytest

from faults.harness import POLICY, Kind, World, oracles, run
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from hpc_simulator import Account
from hpc_simulator import faults as f

UNSEEN: dict[str, Any] = {"name_echo": "none", "rename_echo": False, "description_echo": False}
ACCEPTED = replace(POLICY, accept_invisible_marks=True)
WINDOW = POLICY.window
CREATE = "cloud.createCluster"
OTHER_KEY = Account(key="OTHER-KEY", secret="other-secret", owner="usr-other")


def content(world: World, *, expected: int = 1, excused: tuple[str, ...] = ()) -> None:
    """The oracles."""
    found = [*oracles.clusters(world, expected=expected, excused=excused), *oracles.foreign(world), *oracles.hot(world)]
    assert found == []


async def reaches(world: World, reason: str, name: str = "demo", limit: float = 900) -> None:
    """Wait for a reason of condition Ready."""
    assert await world.until(lambda: world.reason(name) == reason, limit), (
        f"{world.reason(name)}: {world.message(name)}"
    )


def forget(world: World) -> None:
    """The operator is down for a moment: nothing rests on what a process remembers of earlier lives."""
    for process in world.processes:
        process.crash()


async def is_ready(world: World, name: str = "demo", limit: float = 1500) -> None:
    assert await world.until(lambda: world.ready(name), limit), f"{world.reason(name)}: {world.message(name)}"


async def goes(world: World, limit: float = 2500) -> None:
    assert await world.until(world.gone, limit), f"{world.reason()}: {world.message()}"


async def sent(world: World) -> None:
    """Wait until createCluster had its effect."""
    assert await world.until(lambda: bool(world.made()), 300, step=0.1)


async def begin(world: World, fault: object = None, name: str = "demo", spec: dict[str, Any] | None = None) -> None:
    """One operator; the resource is applied; its first createCluster meets a fault."""
    if fault is not None:
        world.injector.on(CREATE, fault)  # type: ignore[arg-type]
    if not world.processes:
        world.process()
    world.people.apply(name, spec)


# The first round


def test_1_deleted_while_the_list_lags() -> None:
    """The create is answered, the list lags 55 s, the user deletes at once: two empty looks are no absence."""

    async def scenario(world: World) -> None:
        await begin(world)
        assert await world.until(lambda: (found := world.resource()) is not None and found.id is not None, 60, step=0.1)
        world.people.delete()
        await goes(world)
        content(world, expected=0)
        assert world.effects("deleteCluster") == 1
        assert world.told("ClusterVanished") == []

    run(scenario, list_lag=55, log_lag=55, create_seconds=10)


def test_1_a_lagging_list_is_no_vanished_cluster() -> None:
    """The same lag without a deletion: never ClusterVanished."""

    async def scenario(world: World) -> None:
        await begin(world)
        await is_ready(world)
        assert world.told("ClusterVanished") == []
        content(world)

    run(scenario, list_lag=59, create_seconds=100)


def test_2_the_operators_clock_is_ahead() -> None:
    """Own clock +29 s, answer lost, no echo: the log entry stands before startedAt, and is read all the same."""

    async def scenario(world: World) -> None:
        world.process(offset=29.0)
        await begin(world, f.LostAfter())
        await reaches(world, "UnresolvedCreate")
        assert world.made()[0] in world.message()
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN)


def test_3_the_account_changes_in_doubt() -> None:
    """Lost answer, then the settings point elsewhere: nothing is called until they point back."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        mine = world.key
        world.people.switch_key(OTHER_KEY)
        await reaches(world, "AccountChanged")
        await world.wait(3 * WINDOW)
        assert world.posts() == 1
        world.people.switch_key(mine)
        await is_ready(world)
        content(world)

    run(scenario, list_lag=20)


def test_3_the_account_changes_before_the_deletion() -> None:
    """Switch, then delete: the finalizer stays, and says why."""

    async def scenario(world: World) -> None:
        await begin(world)
        await is_ready(world)
        mine = world.key
        world.people.switch_key(OTHER_KEY)
        world.people.delete()
        await world.wait(3 * WINDOW)
        assert world.reason() == "AccountChanged"
        world.people.switch_key(mine)
        await goes(world)
        content(world, expected=0)

    run(scenario)


def test_4_renamed_in_doubt() -> None:
    """The answer is lost, a person renames the new cluster before a look saw its mark: a name explains nothing."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        world.people.rename(world.made()[0], "chemistry")
        await reaches(world, "UnresolvedCreate")
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, list_lag=20)


def test_5_a_mark_given_by_renaming_proves_no_echo() -> None:
    """The account echoes renames, not creates: an adopted cluster shows its mark; a lost answer is still open."""

    async def scenario(world: World) -> None:
        old = world.people.buy("old", status="active")
        world.process()
        world.people.apply("first", adopt=old)
        await is_ready(world, "first")
        await begin(world, f.LostAfter())
        await reaches(world, "UnresolvedCreate")
        assert len(world.made()) == 1
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        assert len(world.alive()) == 1

    run(scenario, name_echo="none")


def test_6_status_wiped_in_the_lag() -> None:
    """Answer lost, status wiped, the list shows nothing yet: a finalizer without a memory is doubt, no first create."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        world.people.wipe_status()
        await is_ready(world)
        content(world)
        assert world.posts() == 1

    run(scenario, list_lag=55, log_lag=55)


def test_6_record_and_status_wiped_in_the_lag() -> None:
    """The annotation goes too: the finalizer alone is doubt."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        world.people.strip_record()
        world.people.wipe_status()
        await is_ready(world)
        content(world)
        assert world.posts() == 1

    run(scenario, list_lag=55, log_lag=55)


def test_7_restored_from_a_backup_before_the_id() -> None:
    """No echo; the backup holds the mark and no id: OwnedElsewhere, and take-over goes on with the cluster."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        await world.wait(60)
        forget(world)
        world.people.restore(world.people.backup())
        await reaches(world, "OwnedElsewhere")
        await world.wait(3 * WINDOW)
        assert world.posts() == 1
        world.people.annotate(take_over=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN)


def test_7_a_restored_id_is_no_order() -> None:
    """The backup holds the id too: memory is never an order."""

    async def scenario(world: World) -> None:
        await begin(world)
        await is_ready(world)
        forget(world)
        world.people.restore(world.people.backup())
        await reaches(world, "OwnedElsewhere")
        assert world.made()[0] in world.message()
        world.people.annotate(take_over=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN)


def test_8_the_delete_job_fails() -> None:
    """No look shows a cluster that is being deleted, the log lags; its job fails, it comes back: asked again."""

    async def scenario(world: World) -> None:
        await begin(world)
        await is_ready(world)
        await world.wait(2 * WINDOW)
        world.injector.on("cloud.deleteCluster", f.JobFails())
        world.people.delete()
        await goes(world)
        content(world, expected=0)
        assert world.effects("deleteCluster") == 2

    run(scenario, delete_seconds=200, id_shows_hidden=False, log_lag=59)


def test_9_a_late_effect_and_a_lagging_log() -> None:
    """Effect after 59 s, log and list lag 59 s: only looks begun after the window decide."""

    async def scenario(world: World) -> None:
        await begin(world, f.Late(59))
        await reaches(world, "UnresolvedCreate")
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN, list_lag=59, log_lag=59)


def test_10_an_answer_that_comes_after_the_resource_was_made_anew() -> None:
    """The answer comes 300 s late, the resource has another uid by then: told as orphan, never written."""

    async def scenario(world: World) -> None:
        world.process("first")
        world.injector.on("Calls.create", Kind.FREEZE_AFTER, seconds=300, process="first")
        world.people.apply()
        await sent(world)
        world.people.recreate()
        world.process("second")
        await reaches(world, "OwnedElsewhere")
        await world.wait(400)
        found = world.resource()
        assert found is not None
        assert found.id is None
        assert any(world.made()[0] in note for note in world.told("Orphaned"))
        world.people.annotate(take_over=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario)


def test_11_none_of_the_candidates_is_ours() -> None:
    """The request was lost, somebody else's create falls into the range: `recreate` says that none is mine."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostBefore())
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        theirs = world.people.buy()
        await reaches(world, "UnresolvedCreate")
        assert theirs in world.message()
        found = world.resource()
        assert found is not None
        assert found.memory.operation is not None
        world.people.annotate(recreate=found.memory.operation.full_mark)
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN)


def test_12_a_wrong_clock_draws_no_conclusion() -> None:
    """Deleted in doubt, the resolver's clock jumps 300 s ahead: nothing is voided, nothing is let go."""

    async def scenario(world: World) -> None:
        await begin(world, f.Late(50))
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        world.people.delete()
        world.processes[0].offset = 300.0
        await world.wait(45)
        assert not world.gone()
        await world.wait(200)
        assert not world.gone()
        world.processes[0].offset = 0.0
        await reaches(world, "UnresolvedCreate")
        world.people.annotate(adopt=world.made()[0])
        world.people.edit(deletionPolicy="Delete")
        await goes(world)
        content(world, expected=0)

    run(scenario, **UNSEEN, list_lag=30, log_lag=30)


def test_13_a_gateway_repeats_the_request() -> None:
    """One POST, two clusters: the second bearer is found in the shared list, for life; `adopt` of one ends it."""

    async def scenario(world: World) -> None:
        await begin(world, f.Twice())
        await reaches(world, "DuplicateClusters")
        first, second = world.made()
        assert first in world.message()
        assert second in world.message()
        world.people.annotate(adopt=first)
        await is_ready(world)
        content(world, excused=(second,))

    run(scenario, list_lag=20)


def test_14_an_outage_does_not_lengthen_the_range() -> None:
    """The request is lost, the operator is down 300 s, somebody creates at 250 s: that cannot be ours, no person."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostBefore())
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        world.processes[0].crash()
        await world.wait(250)
        world.people.buy()
        await is_ready(world)
        assert world.told("UnresolvedCreate") == []
        content(world)

    run(scenario, **UNSEEN, restart_after=300.0)


# The second round


def test_second_1_a_key_of_another_account_in_doubt() -> None:
    """Same settings, but the key is another account's: it sees an empty list and an empty log, which proves nothing."""

    async def scenario(world: World) -> None:
        mine = world.key
        await begin(world, f.LostAfter(), spec={"owner": mine.owner})
        await sent(world)
        world.people.switch_key(OTHER_KEY)
        await reaches(world, "AccountUnproven")
        await world.wait(3 * WINDOW)
        assert world.posts() == 1
        world.people.switch_key(mine)
        await is_ready(world)
        content(world)

    run(scenario, list_lag=55)


@pytest.mark.parametrize("policy", [{"deletionPolicy": "Retain"}, {"managementPolicy": "Observe"}], ids=str)
def test_second_2_let_go_in_doubt(policy: dict[str, str]) -> None:
    """Retain or Observe, deleted in doubt: the doubt is resolved first, then it lets go and says what is left."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        world.people.edit(**policy)
        world.people.delete()
        await goes(world)
        content(world, expected=0, excused=tuple(world.made()))
        assert any(world.made()[0] in note for note in world.told("Left"))
        assert world.effects("deleteCluster") == 0

    run(scenario, list_lag=55, log_lag=55)


def test_second_3_a_failed_create_hides_and_is_deleted() -> None:
    """The create job fails, the cluster hides from the list: deleteCluster is called all the same."""

    async def scenario(world: World) -> None:
        await begin(world, f.JobFails())
        await reaches(world, "CreateFailed")
        world.people.delete()
        await goes(world)
        content(world, expected=0)
        assert world.effects("deleteCluster") == 1

    run(scenario, id_shows_hidden=False)


def test_second_4_retain_and_apply_again() -> None:
    """Retain right after the create, lag 55 s, applied again at once: let go only when it can be found again."""

    async def scenario(world: World) -> None:
        await begin(world, spec={"deletionPolicy": "Retain"})
        await sent(world)
        await world.wait(1)
        world.people.delete()
        await goes(world)
        world.people.apply()
        await reaches(world, "OwnedElsewhere")
        assert world.posts() == 1
        world.people.annotate(take_over=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, list_lag=55, log_lag=55)


def test_second_5_forced_away_and_applied_again() -> None:
    """A new uid, the cluster is listed under the object's mark: OwnedElsewhere, with both ways out."""

    async def scenario(world: World) -> None:
        await begin(world)
        await is_ready(world)
        forget(world)
        world.people.recreate()
        await reaches(world, "OwnedElsewhere")
        assert all(word in world.message() for word in (world.made()[0], "take-over", "create-beside"))
        await world.wait(WINDOW)
        world.people.annotate(take_over=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario)


def test_second_5_create_beside_is_the_other_way_out() -> None:
    """The person wants a second one: created, and the old one is left alone."""

    async def scenario(world: World) -> None:
        await begin(world)
        await is_ready(world)
        old = world.made()[0]
        world.people.recreate()
        await reaches(world, "OwnedElsewhere")
        world.people.annotate(create_beside=old)
        await is_ready(world)
        assert len(world.made()) == 2
        content(world, excused=(old,))
        world.people.delete()
        await goes(world)
        assert world.alive() == [old]

    run(scenario)


def test_second_6_rebuilt_from_git() -> None:
    """Kubernetes is made anew with the same fleet setting: three manifests find their clusters, none is bought."""

    async def scenario(world: World) -> None:
        names = ("a", "b", "c")
        for name in names:
            await begin(world, name=name)
            await is_ready(world, name)
        forget(world)
        for name in names:
            world.people.recreate(name)
        for name in names:
            await reaches(world, "OwnedElsewhere", name)
        await world.wait(WINDOW)
        assert world.posts() == 3

    run(scenario)


def test_second_7_an_account_that_shows_no_mark() -> None:
    """Neither name nor description is echoed: one is bought, and the others are Blocked until a setting accepts it."""

    async def scenario(world: World) -> None:
        names = ("a", "b", "c")
        world.process()
        for name in names:
            world.people.apply(name)
        await world.wait(900)
        assert len(world.made()) == 1
        assert sorted(world.reason(name) or "" for name in names) == ["MarkInvisible", "MarkInvisible", "Ready"]
        content(world)

    run(scenario, **UNSEEN)


def test_second_8_another_fleets_cluster() -> None:
    """Another Kubernetes shares the account under its own fleet: its cluster is neither taken nor in the way."""

    async def scenario(world: World) -> None:
        theirs = stem("another-fleet", Ref("default", "demo", "their-uid"))
        old = world.people.buy(f"demo-{theirs}-1", status="active")
        await begin(world)
        await is_ready(world)
        assert world.resource().id != old  # type: ignore[union-attr]
        content(world)
        world.people.delete()
        await goes(world)
        assert old in {cluster.cluster_id for cluster in world.cloud.clusters()}

    run(scenario)


def test_second_9_every_entry_counts() -> None:
    """The entry was there in earlier looks already: that it was seen before does not explain it."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await reaches(world, "UnresolvedCreate")
        await world.wait(3 * WINDOW)
        assert world.reason() == "UnresolvedCreate"
        assert world.posts() == 1
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN, create_seconds=20)


def test_second_10_slow_answers() -> None:
    """Looks that begin before the end of the window and answer after it: their beginning counts."""

    async def scenario(world: World) -> None:
        for call in ("list", "operation"):
            for nth in range(1, 60):
                world.injector.on(f"cloud.{call}", f.Delay(9), nth=nth)
        await begin(world, f.Late(59))
        await reaches(world, "UnresolvedCreate", limit=1500)
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world, limit=2500)
        content(world)

    run(scenario, **UNSEEN, list_lag=59, log_lag=59)


def test_second_11_a_late_close_meets_a_later_attempt() -> None:
    """A refusal reaches a frozen process; meanwhile another one voided that attempt and lost the answer to the next."""

    async def scenario(world: World) -> None:
        world.process("frozen")
        world.injector.on(CREATE, f.Code(5200), process="frozen")
        world.injector.on("Calls.create", Kind.FREEZE_AFTER, seconds=200, process="frozen")
        world.people.apply()
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        world.process("second")
        world.injector.on(CREATE, f.LostAfter(), process="second")
        await reaches(world, "UnresolvedCreate")
        assert world.posts() == 2
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN)


def test_second_12_somebodys_finished_delete() -> None:
    """Nothing was made; the range holds the deletion of somebody's old cluster: explained, no person is asked."""

    async def scenario(world: World) -> None:
        old = world.people.buy("old", status="active")
        await begin(world, f.LostBefore())
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        from hpc_simulator.outside import Change  # noqa: PLC0415

        world.cloud.change_cluster(old, Change(delete="job"))
        await is_ready(world)
        assert world.told("UnresolvedCreate") == []
        content(world)

    run(scenario, **UNSEEN)


def test_second_13_two_bearers_in_doubt() -> None:
    """Two clusters bear the mark while the answer is unknown: a person chooses, and that ends it."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostAfter())
        await sent(world)
        found = world.resource()
        assert found is not None
        assert found.memory.operation is not None
        copy = world.people.buy(f"copy-{found.memory.operation.full_mark}", status="active")
        await reaches(world, "DuplicateClusters")
        assert copy in world.message()
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)

    run(scenario)


def test_second_14_create_beside_a_record_without_an_id() -> None:
    """A restored record names a mark and no id, and nothing was made: `create-beside: <mark>` settles."""

    async def scenario(world: World) -> None:
        await begin(world, f.LostBefore())
        assert await world.until(lambda: world.posts() == 1, 60, step=0.1)
        backup = world.people.backup()
        world.people.restore(backup)
        await reaches(world, "OwnedElsewhere")
        old = stem(world.fleet, Ref("default", "demo", backup["metadata"]["uid"]))
        assert old in world.message()
        world.people.annotate(create_beside=old)
        await is_ready(world)
        content(world)

    run(scenario, **UNSEEN, policy=ACCEPTED)


# Two processes, freezes, and the server


def test_a_leader_freezes_between_intent_and_send() -> None:
    """Frozen 300 s with its intent written; another process voids and creates: the first one sends nothing."""

    async def scenario(world: World) -> None:
        world.process("frozen")
        world.injector.on("Store.write_intent", Kind.FREEZE_AFTER, seconds=300, process="frozen")
        world.people.apply()
        await world.wait(20)
        world.process("second")
        await is_ready(world)
        await world.wait(400)
        content(world)
        assert world.posts() == 1

    run(scenario)


def test_two_leaders_at_once() -> None:
    """Two processes see the same resource at the same moment: the intent's resourceVersion lets one of them send."""

    async def scenario(world: World) -> None:
        world.process("one")
        world.process("two")
        world.people.apply()
        await is_ready(world)
        content(world)
        assert world.posts() == 1

    run(scenario, list_lag=30)


def test_a_second_leader_writes_over_a_stale_read() -> None:
    """Frozen between record and intent while another process creates: the stale resourceVersion is refused."""

    async def scenario(world: World) -> None:
        world.process("frozen")
        world.injector.on("Store.write_intent", Kind.FREEZE_BEFORE, seconds=1000, process="frozen")
        world.people.apply()
        await world.wait(20)
        world.process("second")
        await is_ready(world)
        await world.wait(1200)
        content(world)
        assert world.posts() == 1

    run(scenario)


@pytest.mark.parametrize("how", ["drops", "refuses"])
def test_an_old_crd_sends_nothing(how: Any) -> None:
    """The server drops or refuses the intent's fields: CrdTooOld, no request; healed by the new CRD."""

    async def scenario(world: World) -> None:
        world.kube.old_crd = how
        await begin(world)
        await reaches(world, "CrdTooOld")
        await world.wait(200)
        assert world.posts() == 0
        world.kube.old_crd = None
        await is_ready(world)
        content(world)

    run(scenario)


def test_an_answer_lost_at_the_latest_moment() -> None:
    """Sent at the end of the deadline, own clock ahead, effect after a whole lifetime, then both lags: still found.

    All four summands of the window are used up to their last seconds: without any one of them a second is bought.
    """

    async def scenario(world: World) -> None:
        world.process(offset=28.0)
        world.injector.on("Store.write_intent", Kind.FREEZE_AFTER, seconds=14.5)
        await begin(world, f.Late(87))
        await reaches(world, "UnresolvedCreate")
        world.people.annotate(adopt=world.made()[0])
        await is_ready(world)
        content(world)
        assert world.posts() == 1

    run(scenario, **UNSEEN, list_lag=60, log_lag=60)


def test_a_leader_freezes_after_its_record() -> None:
    """Frozen with the record written and no intent yet; another process resolves that doubt and creates."""

    async def scenario(world: World) -> None:
        world.process("frozen")
        world.injector.on("Store.remember", Kind.FREEZE_AFTER, seconds=600, process="frozen")
        world.people.apply()
        await world.wait(20)
        world.process("second")
        await is_ready(world)
        await world.wait(700)
        content(world)
        assert world.posts() == 1

    run(scenario)


def test_deleted_with_a_key_that_sees_nothing() -> None:
    """deleteCluster answers 2100 and every look is empty, for the key is another account's: no proof, no release."""

    async def scenario(world: World) -> None:
        mine = world.key
        await begin(world, spec={"owner": mine.owner})
        await is_ready(world)
        world.people.switch_key(OTHER_KEY)
        world.people.delete()
        await world.wait(3 * WINDOW)
        assert not world.gone()
        assert world.reason() == "AccountUnproven"
        world.people.switch_key(mine)
        await goes(world)
        content(world, expected=0)

    run(scenario)
