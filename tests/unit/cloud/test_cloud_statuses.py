"""Lines without a status: the documented filter tells it, or it stays unknown."""

import pytest
from cloud_scripts import ACCOUNT, CREDENTIALS, Call, bench

from hpc_operator.cloud.observer import Observer
from hpc_operator.domain.observed import Cluster

STANDING = {"ehpc-1": "active", "ehpc-2": "active", "ehpc-3": "active"}


class Service:
    """A list whose lines do not say how a cluster stands; `heeds`: which of the filters it follows."""

    def __init__(
        self, standing: dict[str, str | None], heeds: str = "status cluster_id", said: str | None = None
    ) -> None:
        self.standing, self.heeds, self.said = standing, heeds, said
        self.refuses = ""
        self.instead: object = {"ret_code": 1101, "message": "no such filter"}
        self.silent: tuple[str, ...] = ()
        self.asked: list[str] = []

    def __call__(self, call: Call) -> object:
        query = call.query
        if call.path.endswith("operation"):
            return {"ret_code": 0, "job_set": [], "total_count": 0}
        word = query.get("status", "")
        self.asked.append(word)
        if word and word == self.refuses:
            return self.instead
        found = list(self.standing)
        if word and "status" in self.heeds:
            found = [i for i in found if self.standing[i] and word in self.standing[i].split()]
        if query.get("cluster_id") and "cluster_id" in self.heeds:
            found = [i for i in found if i == query["cluster_id"]]
        lines = [
            {"cluster_id": i, **({"cluster_status": self.said} if self.said and i not in self.silent else {})}
            for i in found
        ]
        return {"ret_code": 0, "cluster_set": lines, "total_count": len(lines)}


async def seen(service: Service) -> dict[str, str | None]:
    made = bench(service)
    (look,) = await Observer(made.calls, made.watched).listing(CREDENTIALS, ACCOUNT, 0.0)
    assert look.complete, look.problem
    return {cluster.id: cluster.status for cluster in look.clusters}


async def test_two_more_questions_tell_that_all_are_active() -> None:
    service = Service(STANDING)
    assert await seen(service) == STANDING
    assert service.asked == ["", "pending", "active"]


async def test_the_other_words_are_asked_for_where_they_may_be_needed() -> None:
    service = Service({"ehpc-1": "stopped", "ehpc-2": "active", "ehpc-3": "suspended"})
    assert await seen(service) == service.standing
    assert service.asked == ["", "pending", "active", "stopped", "suspended"]


async def test_lines_that_say_their_status_are_asked_for_once() -> None:
    service = Service(STANDING, said="creating")
    assert await seen(service) == dict.fromkeys(STANDING, "creating")
    assert service.asked == [""]


@pytest.mark.parametrize(
    ("standing", "heeds", "refuses", "reason"),
    [
        (STANDING, "", "", "a filter that is ignored shows every cluster under every word"),
        (dict.fromkeys(STANDING, "pending active"), "status", "", "it changed between two questions"),
        (dict.fromkeys(STANDING), "status", "", "a word that the filter has not"),
        (STANDING, "status", "pending", "the question is refused"),
        (STANDING, "status", "active", "the question is refused"),
    ],
)
async def test_what_cannot_be_told_is_unknown(
    standing: dict[str, str | None], heeds: str, refuses: str, reason: str
) -> None:
    service = Service(standing, heeds)
    service.refuses = refuses
    assert await seen(service) == dict.fromkeys(standing), reason


async def test_a_look_by_id_is_told_the_same_way() -> None:
    service = Service({**STANDING, "ehpc-9": "stopped"})
    made = bench(service)
    look = await Observer(made.calls, made.watched).by_id(CREDENTIALS, ACCOUNT, "ehpc-9")
    assert look.cluster == Cluster("ehpc-9", status="stopped")
    assert service.asked == ["", "pending", "active", "stopped"]


async def test_what_a_line_says_is_not_overruled() -> None:
    service = Service(STANDING, said="creating")
    service.silent = ("ehpc-2",)
    assert await seen(service) == {"ehpc-1": "creating", "ehpc-2": "active", "ehpc-3": "creating"}


@pytest.mark.parametrize("word", ["pending", "active"])
@pytest.mark.parametrize(
    "instead",
    [{"ret_code": 5000}, {"ret_code": 2500}, {"ret_code": 1200}, b"no JSON"],
    ids=["5000", "2500", "key", "html"],
)
async def test_a_question_that_failed_makes_nobody_s_status_unknown_but_the_look_partial(
    word: str, instead: object
) -> None:
    """Else one failed read would tell of every cluster that it is not active any more."""
    service = Service(STANDING)
    made = bench(service)
    shared = Observer(made.calls, made.watched)
    (whole,) = await shared.listing(CREDENTIALS, ACCOUNT, 0.0)
    service.refuses, service.instead = word, instead
    made.clock.at += 30
    partial, kept = await shared.listing(CREDENTIALS, ACCOUNT, made.clock.at)
    assert (partial.complete, partial.problem != "", kept) == (False, True, whole)
