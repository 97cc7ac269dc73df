"""Which calls are made, in which order, and what their answers mean."""

from typing import Any

import pytest
from decide_scenes import ACCOUNT, ELSEWHERE, ID, KEY, NOW

from hpc_operator.cloud.calls import Call
from hpc_operator.cloud.envelope import Answered, Read
from hpc_operator.cloud.terms import terms
from hpc_operator.domain.answers import NoAnswer
from hpc_operator.domain.observed import Node, NodesLook
from hpc_operator.domain.record import Account
from hpc_operator.importing import reading
from hpc_operator.importing.reading import look, resources
from hpc_operator.reconcile.ports import Credentials, Unavailable

KEYS = Credentials("k", "s", ACCOUNT, KEY)
SEEN = NodesLook(NOW, True, (Node("cln-1", "login", "active"),))


def listed(*items: Any, total: int | None = None) -> Answered:
    return Answered(0, "", {"cluster_set": list(items), "total_count": len(items) if total is None else total})


class Cloud:
    """Answers one list call for each account, and every node list."""

    def __init__(self, **answers: Read) -> None:
        self.answers, self.calls = answers, list[tuple[str, str]]()

    async def read(self, call: Call, credentials: Credentials, account: Account) -> Read:
        assert credentials.account == account
        assert call.params == {"owner": account.owner, "cluster_id": ID, "limit": 100, "offset": 0}
        self.calls.append((call.path, account.owner))
        return self.answers[account.owner.replace("-", "_")]

    async def nodes(self, credentials: Credentials, account: Account, cluster_id: str) -> NodesLook:
        self.calls.append(("nodes", account.owner))
        assert (credentials.account, cluster_id) == (account, ID)
        return SEEN


async def asked(cloud: Cloud) -> reading.Looked:
    return await look(cloud, cloud, KEYS, (ACCOUNT, ELSEWHERE), ID)  # type: ignore[arg-type]


async def test_each_account_is_asked_until_one_shows_it() -> None:
    cloud = Cloud(usr_1=listed(), usr_2=listed({"cluster_id": ID, "cluster_name": "x", "paid_type": "PayForUsed"}))
    seen = await asked(cloud)
    assert cloud.calls == [("/cluster/list", "usr-1"), ("/cluster/list", "usr-2"), ("nodes", "usr-2")]
    assert seen.found is not None
    assert (seen.found.account, seen.found.terms, seen.found.nodes) == (ELSEWHERE, {"paid_type": "PayForUsed"}, SEEN)


async def test_the_first_that_shows_it_is_the_last_that_is_asked() -> None:
    cloud = Cloud(usr_1=listed({"cluster_id": ID}))
    assert (await asked(cloud)).found is not None
    assert cloud.calls == [("/cluster/list", "usr-1"), ("nodes", "usr-1")]


async def test_a_filter_that_is_ignored_shows_others_which_are_not_taken_for_it() -> None:
    cloud = Cloud(usr_1=listed({"cluster_id": "ehpc-other"}), usr_2=listed())
    assert await asked(cloud) == reading.Looked(None, (ACCOUNT, ELSEWHERE))


@pytest.mark.parametrize(
    "answer", [NoAnswer("timeout"), Answered(1200, "no", {}), listed({"cluster_id": "?"}), Answered(0, "", {})]
)
async def test_what_could_not_be_read_is_no_absence(answer: Read) -> None:
    seen = await asked(Cloud(usr_1=answer, usr_2=listed()))
    assert seen.found is None
    assert len(seen.problems) == 1
    assert seen.problems[0].startswith("the list of owner usr-1 in zone jn1a cannot be read: ")


async def test_resources_that_cannot_be_listed_are_a_problem_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: object, namespace: str | None) -> Any:
        raise Unavailable(f"no right in {namespace}.")

    monkeypatch.setattr(reading, "read_list", fails)
    assert await resources(None, ()) == reading.Known(problem="no right in None")  # type: ignore[arg-type]


async def test_every_served_namespace_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lists(_: object, namespace: str | None) -> Any:
        return 1, [namespace]

    monkeypatch.setattr(reading, "read_list", lists)
    monkeypatch.setattr(reading, "parse_resource", lambda raw: raw)
    assert (await resources(None, ("a", "b"))).resources == ("a", "b")  # type: ignore[arg-type]


FLAT = {"cluster_id": ID, "paid_type": "Reserved", "nas_id": "", "nas_path": None, "schedule_type": "slurm"}


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([FLAT], {"paid_type": "Reserved", "scheduler_type": "slurm"}),
        ([{"app_cluster": FLAT}], {"paid_type": "Reserved", "scheduler_type": "slurm"}),
        ([{**FLAT, "scheduler_type": "right", "nas_id": "nas-1"}], {"paid_type": "Reserved", "scheduler_type": "right", "nas_id": "nas-1"}),
        ([{**FLAT, "cluster_id": "ehpc-other"}, FLAT], {"paid_type": "Reserved", "scheduler_type": "slurm"}),
        ([{**FLAT, "cluster_id": "ehpc-other"}], {}),
        (["x", None, 1], {}),
        (None, {}),
        ([{"cluster_id": ID, "paid_type": 7, "nas_path": ["x"]}], {}),
        ([{"cluster_id": ID, "nas_path": "a\x1b[2Jb"}], {"nas_path": "ab"}),
    ],
)  # fmt: skip
def test_terms_of_any_shape(items: Any, said: dict[str, str]) -> None:
    assert terms(Answered(0, "", {"cluster_set": items}), ID) == said
