"""What is read, in which order, with which key; and that what cannot be read is told and never taken for nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from decide_scenes import ACCOUNT, ELSEWHERE, FLEET, ID, KEY, NOW, WINDOW, cluster, known_memory, look
from decide_scenes import resource as made

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import stem
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.orphans import reading
from hpc_operator.orphans.reading import Facts, Reader, Scope
from hpc_operator.orphans.telling import exit_code, judge
from hpc_operator.reconcile.ports import Credentials, SecretProblem, Unavailable

SCOPE = Scope(ACCOUNT.endpoint, (ACCOUNT.owner,), (ACCOUNT.zone,), (), own_key=True)
LAB = Ref("lab", "demo", "uid-lab")
MARKED = cluster(ID, f"demo-{stem(FLEET, LAB)}-1")


@dataclass
class World:
    """Kubernetes, keys and lists. `lists`: what each further list of resources answers, the last one for ever."""

    lists: list[list[Resource] | Exception] = field(default_factory=lambda: [[]])
    looks: dict[Account, ListLook] = field(default_factory=lambda: {ACCOUNT: look(0, MARKED)})
    secrets: dict[str, Account] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    async def read_list(self, _: object, namespace: str | None) -> tuple[int, list[Any]]:
        self.order.append(f"resources of {namespace}")
        found = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(found, Exception):
            raise found
        return 1, [{"metadata": {"uid": each.ref.uid}, "parsed": each} for each in found]

    async def credentials(self, resource: Resource) -> Credentials:
        name = resource.desired.credentials_secret or ""
        if name not in self.secrets:
            raise SecretProblem(Reason.SECRET_MISSING, f"the Secret {name} does not exist")
        return Credentials("k", "s", self.secrets[name], KEY, own=False)

    def own(self, owner: str | None = None, zone: str | None = None) -> Credentials:
        return Credentials("k", "s", Account(ACCOUNT.endpoint, zone or "", owner or ""), KEY)

    async def listing(self, credentials: Credentials, account: Account, not_before: float) -> tuple[ListLook, ...]:
        assert (not_before, credentials.account) == (NOW, account)
        self.order.append(f"list of {account.owner}")
        return (self.looks[account],)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[Facts]]:
    monkeypatch.setattr(reading, "parse_resource", lambda raw: raw["parsed"])

    async def reads(world: World, scope: Scope = SCOPE) -> Facts:
        monkeypatch.setattr(reading, "read_list", world.read_list)
        return await Reader(None, world, world, lambda: NOW, scope).read()  # type: ignore[arg-type]

    return reads


Reads = Callable[..., Awaitable[Facts]]


async def test_resources_are_read_before_and_after_the_lists(read: Reads) -> None:
    world = World()
    await read(world, replace(SCOPE, namespaces=("lab", "prod")))
    resources = ["resources of lab", "resources of prod"]
    assert world.order == [*resources, f"list of {ACCOUNT.owner}", *resources]


@pytest.mark.parametrize("lists", [[[], [made(ref=LAB)]], [[made(ref=LAB)], []]], ids=["came", "went"])
async def test_who_came_or_went_meanwhile_is_known(read: Reads, lists: list[list[Resource] | Exception]) -> None:
    found = judge(await read(World(lists=lists)), FLEET, WINDOW)
    assert (len(found.all("orphans")), len(found.all("kept")), exit_code(found)) == (0, 1, 0)


async def test_every_owner_and_zone_of_the_settings_is_a_list_of_its_own(read: Reads) -> None:
    looks = {Account(ACCOUNT.endpoint, z, o): look(0) for o in ("usr-1", "usr-2") for z in ("jn1a", "pek3a")}
    found = await read(World(looks=looks), replace(SCOPE, owners=("usr-1", "usr-2"), zones=("jn1a", "pek3a")))
    assert set(found.looks) == set(looks)


async def test_a_key_of_a_resource_is_used_for_its_account_once(read: Reads) -> None:
    wish = replace(made().desired, credentials_secret="theirs")
    both = [made(ref=LAB, desired=wish), made(desired=wish)]
    world = World(lists=[list(both)], looks={ACCOUNT: look(0), ELSEWHERE: look(0)}, secrets={"theirs": ELSEWHERE})
    assert (await read(world)).problems == ()
    assert world.order.count(f"list of {ELSEWHERE.owner}") == 1


async def test_a_recorded_account_is_looked_at_though_the_settings_name_it_no_more(read: Reads) -> None:
    moved = made(memory=known_memory(account=ELSEWHERE))
    found = await read(World(lists=[[moved]], looks={ACCOUNT: look(0), ELSEWHERE: look(0)}))
    assert (set(found.looks), found.problems) == ({ACCOUNT, ELSEWHERE}, ())


OUT_OF_REACH = replace(ACCOUNT, endpoint="https://another.test/api")


@pytest.mark.parametrize("own_key", [True, False])
async def test_a_recorded_account_without_a_key_is_a_problem(read: Reads, own_key: bool) -> None:
    moved = made(memory=known_memory(account=OUT_OF_REACH))
    found = await read(World(lists=[[moved]]), replace(SCOPE, own_key=own_key))
    assert found.problems == ("default/demo records the account owner usr-1 in zone jn1a, for which there is no key",)


FAILED = Unavailable("the operator's ServiceAccount lacks a permission", permanent=True)


@pytest.mark.parametrize("lists", [[FAILED], [FAILED, []], [[], FAILED]], ids=["both", "before", "after"])
async def test_without_the_resources_nothing_is_an_orphan(read: Reads, lists: list[list[Resource] | Exception]) -> None:
    facts = await read(World(lists=lists))
    found = judge(facts, FLEET, WINDOW)
    assert (facts.resources, found.accounts, exit_code(found)) == (None, {}, 2)
    assert facts.problems == ("the HpcClusters cannot be listed: the operator's ServiceAccount lacks a permission",)


async def test_a_list_that_cannot_be_read_to_its_end_shows_what_it_showed(read: Reads) -> None:
    found = judge(await read(World(looks={ACCOUNT: look(0, MARKED, complete=False)})), FLEET, WINDOW)
    assert found.problems == ("the list of owner usr-1 in zone jn1a cannot be read to its end: a page failed",)
    assert (len(found.all("orphans")), exit_code(found)) == (1, 2)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "delete"])
async def test_what_is_no_get_is_never_sent(method: str) -> None:
    sent: list[str] = []

    class Api:
        async def request(self, method: str, path: str, **_: object) -> dict[str, Any]:
            sent.append(f"{method} {path}")
            return {}

    api = ReadOnly(Api())
    with pytest.raises(AssertionError, match="only reads"):
        await api.request(method, "/api/v1/namespaces/lab/secrets")
    await api.request("GET", "/version")
    assert sent == ["GET /version"]
