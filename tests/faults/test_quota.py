"""The account's calls: what 2500 means, who waits for what, and that nothing of it costs a cluster."""

from collections import Counter

from faults.harness.world import World, run
from hpc_simulator import faults as f


def _calls(world: World, since: int = 0) -> Counter[str]:
    return Counter(record.call for record in world.cloud.calls[since:])


def test_2500_on_a_create_while_reads_are_answered_is_no_room_for_more_resources() -> None:
    async def scenario(world: World) -> None:
        world.cloud.add_fault(f.Code(2500), call="createCluster")
        world.process()
        world.people.apply()
        assert await world.until(lambda: world.reason() == "ResourceQuotaExceeded", 60), world.reason()
        before = len(world.cloud.calls)
        await world.wait(300)
        assert "createCluster" not in _calls(world, before), "tried again slowly"
        assert _calls(world, before)["list"] >= 8, "the tap is open: the account is looked at"
        assert await world.until(world.ready, 1500), world.message()
        assert len(world.alive()) == 1

    run(scenario)


def test_2500_on_a_create_and_on_reads_is_the_end_of_the_calls_and_it_says_until_when() -> None:
    async def scenario(world: World) -> None:
        world.process()
        world.people.apply("first")
        assert await world.until(lambda: world.ready("first"), 300)
        world.cloud.add_fault(f.Code(2500), call="createCluster")
        world.cloud.add_fault(f.Code(2500), call="permission")
        world.people.apply("second")
        assert await world.until(lambda: world.reason("second") == "QuotaExhausted", 60), world.reason("second")
        assert "until about 20" in world.message("second")
        before = len(world.cloud.calls)
        await world.wait(100)
        assert _calls(world, before) == Counter(), "nothing is called while the tap is closed"
        assert await world.until(lambda: world.ready("second"), 1500), world.message("second")
        assert len(world.alive()) == 2

    run(scenario)


def test_a_watched_fleet_says_when_its_account_cannot_be_read_for_want_of_calls_and_again_when_it_can() -> None:
    async def scenario(world: World) -> None:
        world.process()
        names = ["one", "two"]
        for name in names:
            world.people.apply(name)
        assert await world.until(lambda: all(world.ready(name) for name in names), 300)
        await world.wait(100)
        world.cloud.change_settings(call_quota=0)
        writes = len(world.kube.writes)
        assert await world.until(lambda: all(world.reason(n) == "QuotaExhausted" for n in names), 900)
        world.cloud.change_settings(call_quota=100_000)
        assert await world.until(lambda: all(world.ready(name) for name in names), 900), world.reason("one")
        assert len(world.kube.writes) - writes == 4, "each says it once, and once that it is over"

    run(scenario)


def test_creates_beyond_the_calls_wait_their_turn_and_none_is_lost() -> None:
    """An account of 500 calls an hour: 100 resources come and get their clusters over the hours, one each."""

    async def scenario(world: World) -> None:
        world.process()
        names = [f"demo-{number}" for number in range(100)]
        for name in names:
            world.people.apply(name)
        assert await world.until(lambda: any(world.reason(name) == "QuotaExhausted" for name in names), 300)
        assert await world.until(lambda: all(world.ready(name) for name in names), 6 * 3600, step=20), [
            (name, world.reason(name), world.message(name)) for name in names if not world.ready(name)
        ][:3]
        assert len(world.made()) == len(world.alive()) == 100
        assert world.posts("createCluster") == 100
        assert len(world.kube.writes) <= 15 * 100, "waiting is told once, and again only when the told time has passed"
        times = [record.time for record in world.cloud.calls]
        most = max(sum(at - 3600 < other <= at for other in times) for at in times)
        assert most <= 400, "four fifths of 500, in any hour"

    run(scenario, quota=500)


def test_a_deletion_goes_through_although_creates_wait_for_calls() -> None:
    async def scenario(world: World) -> None:
        world.process()
        world.people.apply("old")
        assert await world.until(lambda: world.ready("old"), 300)
        for number in range(400):
            world.people.apply(f"new-{number}")
        assert await world.until(lambda: any(world.reason(f"new-{n}") == "QuotaExhausted" for n in range(400)), 600)
        world.people.delete("old")
        assert await world.until(lambda: world.gone("old"), 1800), world.message("old")

    run(scenario, quota=600)
