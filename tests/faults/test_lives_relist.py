"""A relist tells only what is there: an earlier life that went meanwhile is known to have gone all the same."""

from faults.harness import World, run


def _told(world: World) -> str:
    return f"{world.reason()}: {world.message()}"


def test_forced_away_while_the_watch_was_down() -> None:
    """No DELETED event ever comes (a relist tells only what is there): the old life is known all the same."""

    async def scenario(world: World) -> None:
        world.process()
        world.people.apply()
        assert await world.until(lambda: (found := world.resource()) is not None and found.id is not None, 60, step=0.1)
        (watcher,) = world.kube.watchers
        world.kube.watchers[:] = [lambda kind, raw: None if kind == "DELETED" else watcher(kind, raw)]
        world.people.recreate()
        await world.wait(3 * world.policy.window)
        assert world.posts() == 1, (world.made(), _told(world))
        assert world.reason() == "OwnedElsewhere", _told(world)

    run(scenario, name_echo="top", list_lag=55.0, create_seconds=200.0)
