"""Whether the CRD is being deleted: read from discovery, never answered with what was true before the question."""

import asyncio
from typing import Any

import pytest

from hpc_operator.kube.api import NotServed
from hpc_operator.kube.doom import PATH, Doom
from hpc_operator.reconcile.ports import Gone, Unavailable

WHOLE = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]


def served(*verbs: str, name: str = "hpcclusters") -> dict[str, Any]:
    status = {"name": "hpcclusters/status", "verbs": ["get", "patch", "update"]}
    return {"kind": "APIResourceList", "resources": [status, {"name": name, "verbs": list(verbs)}]}


class Discovery:
    """Answers what it is told; each answer waits for the test."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, 0
        self.open = asyncio.Event()
        self.open.set()

    async def request(self, method: str, path: str, **_: Any) -> Any:
        assert (method, path) == ("GET", PATH)
        self.asked += 1
        answer = self.answer
        await self.open.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


ANSWERS = [
    (served(*WHOLE), False, "as it always is"),
    (served("delete", "deletecollection", "get", "list", "watch"), True, "as the server serves a Terminating CRD"),
    (served(), None, "no verb at all is no server's answer"),
    (served(*WHOLE, name="others"), None, "it does not speak of ours"),
    ({"resources": "none"}, None, "of another shape"),
    ({"resources": [7, {"name": "hpcclusters", "verbs": "create"}]}, None, "the same"),
    (Unavailable("timeout"), None, "no answer"),
    (Gone("no"), None, "nor this"),
    (NotServed("the CRD is gone"), None, "then nobody can say"),
]


@pytest.mark.parametrize(("answer", "doomed", "reason"), ANSWERS, ids=[row[2] for row in ANSWERS])
async def test_what_discovery_says(answer: Any, doomed: bool | None, reason: str) -> None:
    assert await Doom(Discovery(answer)).near() is doomed, reason


async def test_many_who_ask_at_once_are_two_reads() -> None:
    """One under way when most of them came, and one that began after all of them."""
    api = Discovery(served(*WHOLE))
    doom = Doom(api)
    api.open.clear()
    first = asyncio.create_task(doom.near())
    await asyncio.sleep(0)
    others = [asyncio.create_task(doom.near()) for _ in range(50)]
    await asyncio.sleep(0)
    api.answer = served("get", "list", "delete")
    api.open.set()
    assert await first is False
    assert set(await asyncio.gather(*others)) == {True}, "asked after the first read began, so it may not answer them"
    assert api.asked == 2


async def test_an_answer_serves_nobody_who_asks_later() -> None:
    api = Discovery(served(*WHOLE))
    doom = Doom(api)
    assert await doom.near() is False
    api.answer = served("get", "list", "delete")
    assert await doom.near() is True, "its resources are stamped the moment after: the old answer would delete a fleet"


async def test_one_who_gives_up_leaves_the_others_their_answer() -> None:
    api = Discovery(served(*WHOLE))
    doom = Doom(api)
    api.open.clear()
    first, second = asyncio.create_task(doom.near()), asyncio.create_task(doom.near())
    await asyncio.sleep(0)
    first.cancel()
    api.open.set()
    assert await second is False
