"""Keys that turn while everybody rests: noticed within a minute, without a write, and without many reads.

A resource that is settled is looked at by time alone every 300 s; here the own key and Secrets are rotated, broken, and
lead elsewhere, and it must be known within 60 s.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from faults.harness import World, run
from faults.harness.advice import OTHER_KEY
from faults.test_changes import conf
from hpc_simulator import Account
from hpc_simulator.outside import Change

MINUTE = 60.0
OWNER = Account().owner
NEW = Account(key="ROTATED-ACCESS-KEY", secret="rotated-secret-for-tests-only")
REF = {"credentialsSecretRef": {"name": "mine"}}
FIRST = Account(key="TENANT-ACCESS-KEY", secret="tenant-secret-for-tests-only")


def put(world: World, account: Account | None, name: str = "mine", **more: str) -> None:
    """The Secret as a person writes it; None deletes it."""
    if account is None:
        del world.kube.secrets["default", name]
        return
    values = {"access_key_id": account.key, "secret_access_key": account.secret, "owner": account.owner}
    values |= {"zone": account.zone, **more}
    world.kube.put_secret(name, {key: base64.b64encode(value.encode()).decode() for key, value in values.items()})


def revoke(world: World, account: Account) -> None:
    """The cloud does not know this key any more."""
    del world.cloud.world.accounts[account.key]


async def settled(world: World, *names: str, spec: dict[str, Any] | None = None) -> None:
    for name in names:
        world.people.apply(name, spec=spec)
    assert await world.until(lambda: all(world.ready(name) for name in names), 900), world.message(names[0])
    await world.wait(400)


def secret_reads(world: World, since: float, name: str = "mine") -> int:
    return sum(
        at >= since and what == f"GET /api/v1/namespaces/default/secrets/{name}" for at, _, what in world.kube.requests
    )


def called(world: World, mark: int) -> list[Any]:
    return world.cloud.calls[mark:]


def by_own(world: World, account: Account, **more: str) -> None:
    """The operator's own key becomes this one."""
    world.people.switch_key(replace(account, **more))  # type: ignore[arg-type]


def by_secret(world: World, account: Account, **more: str) -> None:
    """The resource's Secret holds this key from now on."""
    world.cloud.add_account(replace(account, owner=OWNER) if "owner" in more else account)
    put(world, account, **more)


OPEN = {"creating": "createCluster", "growing": "addNodes", "stopping": "stopCluster", "deleting": "deleteCluster"}
WAYS = {"own": by_own, "Secret": by_secret}
Turn = Callable[..., None]


def begin(world: World, way: str) -> dict[str, Any]:
    """The spec, and the first key in its place."""
    if way == "own":
        return {}
    world.cloud.add_account(FIRST)
    put(world, FIRST)
    return dict(REF)


def first(way: str) -> Account:
    return Account() if way == "own" else FIRST


@pytest.mark.parametrize("way", WAYS)
def test_a_new_key_is_in_use_within_a_minute_without_a_write(way: str) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, way)
        process = world.process()
        await settled(world, "demo", spec=spec)
        passes, writes = len(process.passes), len(world.kube.writes)
        WAYS[way](world, NEW)
        await world.wait(MINUTE)
        mark = len(world.cloud.calls)
        revoke(world, first(way))
        assert len(process.passes) > passes, "it was looked at"
        await world.wait(900)
        assert {record.key for record in called(world, mark)} == {NEW.key}
        assert all(record.ret_code == 0 for record in called(world, mark))
        assert (len(world.kube.writes), world.ready("demo")) == (writes, True)
        found = world.resource()
        assert found is not None
        world.cloud.change_cluster(found.id or "", Change(status="suspended"))
        assert await world.until(lambda: world.reason() == "AccountInArrears", 40), "and it is watched with the new one"

    run(scenario, create_seconds=30.0)


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_the_service_refuses_is_told_within_a_minute_and_heals_within_one(way: str) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, way)
        world.process()
        await settled(world, "demo", spec=spec)
        WAYS[way](world, NEW)
        revoke(world, NEW)
        assert await world.until(lambda: "1200" in world.message(), MINUTE + 25), world.message()
        assert (world.reason(), world.stalled()) == ("CredentialsRefused", False), "it can heal by itself"
        (told,) = [event for event in world.kube.events if event["reason"] == "CredentialsRefused"]
        assert told["type"] == "Warning", "but somebody must give another key"
        assert f"the key of {'the world' if way == 'own' else 'Secret default/mine'} is refused" in world.message()
        WAYS[way](world, first(way))
        assert await world.until(world.ready, MINUTE), world.message()
        assert (len(world.made()), world.effects("deleteCluster")) == (1, 0)

    run(scenario, create_seconds=30.0)


@pytest.mark.parametrize("broken", ["missing", "malformed", "half"])
def test_a_secret_that_breaks_is_told_within_a_minute_and_heals_within_one(broken: str) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, "Secret")
        world.process()
        await settled(world, "demo", spec=spec)
        mark = len(world.cloud.calls)
        if broken == "missing":
            put(world, None)
        else:
            put(world, replace(FIRST, secret="two words" if broken == "malformed" else ""))
        reason = "CredentialsMalformed" if broken == "malformed" else "CredentialsMissing"
        assert await world.until(lambda: world.reason() == reason, MINUTE), world.message()
        assert "mine" in world.message()
        assert not world.stalled()
        since, mark = world.now(), len(world.cloud.calls)
        await world.wait(600)
        assert called(world, mark) == [], "without a key nothing is called"
        assert secret_reads(world, since) <= 600 / 15 + 1
        put(world, FIRST)
        assert await world.until(world.ready, 20), world.message()

    run(scenario, create_seconds=30.0)


@pytest.mark.parametrize("broken", ["missing", "leads elsewhere", "rotated"])
def test_a_secret_of_one_resource_turns_in_an_account_that_is_watched_with_another_key(broken: str) -> None:
    """The watch never reads this Secret: it looks with the key of whoever came first."""

    async def scenario(world: World) -> None:
        spec = begin(world, "Secret")
        process = world.process()
        await settled(world, "first")
        await settled(world, "demo", spec=spec)
        passes = len(process.passes)
        if broken == "missing":
            put(world, None)
        elif broken == "rotated":
            by_secret(world, NEW)
        else:
            put(world, FIRST, zone="other1a")
        if broken == "rotated":
            await world.wait(MINUTE + 10)
            assert any(record.key == NEW.key and record.ret_code == 0 for record in world.cloud.calls)
            assert len(process.passes) > passes
            assert world.ready("demo")
        else:
            reason = "CredentialsMissing" if broken == "missing" else "AccountChanged"
            assert await world.until(lambda: world.reason() == reason, MINUTE), world.message()
        assert world.ready("first"), "which has nothing to do with it"

    run(scenario, create_seconds=30.0)


@pytest.mark.parametrize(
    ("way", "more"),
    [
        ("own", {"zone": "other1a"}),
        ("own", {"owner": "usr-other"}),
        ("Secret", {"zone": "other1a"}),
        ("Secret", {"owner": "usr-other"}),
    ],
)
@pytest.mark.parametrize("deleting", [False, True])
def test_a_key_that_leads_to_another_account_calls_nothing_and_reads_as_no_loss(
    way: str, more: dict[str, str], deleting: bool
) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, way)
        world.process()
        await settled(world, "demo", spec=spec)
        WAYS[way](world, first(way), **more)
        assert await world.until(lambda: world.reason() == "AccountChanged", MINUTE), world.message()
        (field, wrong), right = next(iter(more.items())), getattr(Account(), next(iter(more)))
        assert field in world.message()
        assert wrong in world.message()
        assert right in world.message()
        await world.wait(35)  # a sweep that was under way
        if deleting:
            world.people.delete()
        mark, writes = len(world.cloud.calls), len(world.kube.writes)
        await world.wait(1800)
        assert called(world, mark) == [], "nothing is called"
        assert len(world.kube.writes) <= writes + 1, "but that it is being deleted"
        assert not world.gone()
        assert world.reason() == "AccountChanged"
        assert world.told("ClusterVanished") == []
        assert (len(world.made()), len(world.alive())) == (1, 1)
        WAYS[way](world, first(way))
        if deleting:
            assert await world.until(world.gone, 600), world.message()
            assert (world.alive(), world.effects("deleteCluster")) == ([], 1)
        else:
            assert await world.until(world.ready, MINUTE), world.message()
            assert len(world.alive()) == 1

    run(scenario, create_seconds=30.0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("deleting", [False, True])
def test_another_accounts_key_under_the_old_owner_is_never_read_as_a_loss(way: str, deleting: bool) -> None:
    """Its lists are empty. No setting tells; only that nothing recorded is seen with it."""

    async def scenario(world: World) -> None:
        spec = begin(world, way)
        world.process()
        await settled(world, "demo", spec=spec)
        world.cloud.add_account(OTHER_KEY)
        stranger = replace(OTHER_KEY, owner=OWNER)
        if way == "own":
            world.key = stranger
        else:
            put(world, stranger)
        await world.wait(MINUTE)
        if deleting:
            world.people.delete()
        assert await world.until(lambda: world.reason() == "AccountUnproven", 900), world.message()
        await world.wait(3600)
        assert world.reason() == "AccountUnproven"
        assert world.told("ClusterVanished") == []
        assert not world.gone()
        assert (len(world.made()), len(world.alive()), world.effects("deleteCluster")) == (1, 1, 0)
        if way == "own":
            world.key = Account()
        else:
            put(world, FIRST)
        if deleting:
            assert await world.until(world.gone, 900), world.message()
        else:
            assert await world.until(world.ready, 2 * MINUTE), world.message()

    run(scenario, create_seconds=30.0)


ORDERS: dict[str, Callable[[World], None]] = {
    "growing": lambda world: world.people.edit(cluster_conf=conf(compute={"count": 3})),
    "stopping": lambda world: world.people.edit(power="Stopped", disruptionPolicy="Immediate"),
    "deleting": lambda world: world.people.delete(),
}


def refused(world: World, way: str) -> None:
    WAYS[way](world, NEW)
    revoke(world, NEW)


def gone(world: World, way: str) -> None:
    if way == "own":
        world.key = None
    else:
        put(world, None)


def elsewhere(world: World, way: str) -> None:
    WAYS[way](world, first(way), zone="other1a")


WRONG = {"refused": refused, "gone": gone, "elsewhere": elsewhere}
SAID = {"refused": None, "gone": "CredentialsMissing", "elsewhere": "AccountChanged"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("when", ["creating", *ORDERS])
def test_a_key_that_goes_wrong_while_something_is_open_costs_nothing_but_time(way: str, wrong: str, when: str) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, way)
        world.process()
        if when == "creating":
            world.people.apply(spec=spec)
        else:
            await settled(world, "demo", spec=spec)
            ORDERS[when](world)
        assert await world.until(lambda: world.effects(OPEN[when]) == 1, 120), world.message()
        WRONG[wrong](world, way)
        await world.wait(1800)
        assert not world.gone(), "what nobody could see may still be there"
        assert not world.ready()
        assert world.told("ClusterVanished") == []
        assert SAID[wrong] in (None, world.reason())
        WAYS[way](world, first(way))
        done = world.gone if when == "deleting" else world.ready
        assert await world.until(done, 1800), world.message()
        assert len(world.made()) == 1
        assert {call: world.effects(call) for call in OPEN.values()} == {
            call: call in ("createCluster", OPEN[when]) for call in OPEN.values()
        }, "each once"

    run(scenario, create_seconds=120.0, delete_seconds=120.0)


def test_a_hundred_that_share_a_secret_read_it_once_a_minute(tell: Callable[[str], None]) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, "Secret")
        process = world.process()
        names = [f"demo-{number}" for number in range(100)]
        for name in names:
            world.people.apply(name, spec=spec)
        assert await world.until(lambda: all(world.ready(name) for name in names), 7200, step=5.0)
        await world.wait(400)
        since = world.now()
        writes, requests = len(world.kube.writes), len(world.kube.requests)
        await world.wait(1800)
        rest = secret_reads(world, since)
        assert rest <= 1800 / 50 + 1
        reads = [what for _, _, what in world.kube.requests[requests:] if "list" not in what]
        assert len(reads) - rest <= 1800 / 300 + 1, "and hardly anything else"
        world.cloud.add_account(NEW)
        put(world, NEW)
        passes, since = len(process.passes), world.now()
        await world.wait(MINUTE)
        woken = len(process.passes) - passes
        assert woken >= 100
        assert secret_reads(world, since) <= 2
        put(world, None)
        await world.wait(MINUTE)
        assert {world.reason(name) for name in names} == {"CredentialsMissing"}
        since, told = world.now(), len(world.kube.writes)
        await world.wait(600)
        missing = secret_reads(world, since)
        assert missing <= 600 / 15 + 1, "also while it is missing"
        assert (told - writes, len(world.kube.writes)) == (100, told)
        tell(
            f"100 resources on one Secret: {rest} reads of it in 30 min at rest, {missing} in 10 min while it is missing; "
            f"rotated: {woken} passes within a minute and no write; gone: {told - writes} writes"
        )

    run(scenario, create_seconds=30.0)


def test_at_the_limit_of_the_quota_a_rotation_makes_nobody_write() -> None:
    """The watch takes all calls that there are: the new key's first look is the watch's next one, not one more."""

    async def scenario(world: World) -> None:
        for number in range(450):
            world.people.buy(f"theirs-{number}", status="active")
        process = world.process()
        await settled(world, *(f"demo-{number}" for number in range(8)))
        await world.wait(4000)
        passes, writes = len(process.passes), len(world.kube.writes)
        world.people.switch_key(NEW)
        await world.wait(2 * MINUTE)
        assert len(process.passes) - passes >= 8
        await world.wait(900)
        assert len(world.kube.writes) == writes
        assert all(world.ready(f"demo-{number}") for number in range(8))

    run(scenario, create_seconds=30.0, quota=700)


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_key_is_told_as_soon_by_a_process_that_has_just_begun(way: str) -> None:
    async def scenario(world: World) -> None:
        spec = begin(world, way)
        world.process()
        world.people.apply("demo", spec=spec)
        assert await world.until(world.ready, 900), world.message()
        WAYS[way](world, NEW)
        revoke(world, NEW)
        assert await world.until(lambda: "1200" in world.message(), MINUTE + 35), world.message()

    run(scenario, create_seconds=30.0)


def test_a_key_that_is_revoked_where_it_lies_is_told_within_five_minutes_and_a_half() -> None:
    async def scenario(world: World) -> None:
        world.process()
        await settled(world, "demo")
        revoke(world, first("own"))
        assert await world.until(lambda: "1200" in world.message(), 5.5 * MINUTE), world.message()
        assert (world.reason(), world.stalled()) == ("CredentialsRefused", False)

    run(scenario, create_seconds=30.0)
