"""What is written, under what; and what is told."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from decide_scenes import ID, REF, SECOND, cluster, resource

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.ports import Conflict, Credentials, Gone, SecretProblem, Unavailable
from hpc_operator.taking_over.choosing import Choice, Verdict
from hpc_operator.taking_over.search import Outcome, order, where
from hpc_operator.taking_over.telling import as_json, as_text, exit_code

TAKE = Choice(resource(), Verdict.TAKE, cluster(ID, "demo-mark-1"))
ORDERED = Choice(resource(), Verdict.ORDERED, cluster(SECOND))
LEFT = Choice(resource(ref=Ref("default", "x", "uid-x")), Verdict.LEFT, None, "two\x1b clusters")


class Server:
    """Answers patches, with the errors it is given first."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.seen = list(errors), list[tuple[str, str, Any, Any, str]]()

    async def request(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None, content_type: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        self.seen.append((method, path, body, query, content_type))
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return {}


async def test_one_merge_patch_under_the_version_that_was_judged() -> None:
    server = Server()
    assert await order(server, [TAKE, ORDERED, LEFT]) == (TAKE, ORDERED, LEFT)
    assert server.seen == [
        (
            "PATCH",
            "/apis/hpc.qingcloud.com/v1alpha1/namespaces/default/hpcclusters/demo",
            {"metadata": {"resourceVersion": "7", "annotations": {"hpc.qingcloud.com/take-over": ID}}},
            {"fieldManager": "hpc-operator-take-over"},
            "application/merge-patch+json",
        )
    ]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Conflict("x"), "it was changed meanwhile: run this again"),
        (Gone("x"), "it was deleted meanwhile"),
        (Unavailable("a permission is missing: adopt."), "a permission is missing: adopt"),
    ],
)
async def test_one_that_fails_does_not_stop_the_others(error: Exception, why: str) -> None:
    first, second = await order(Server(error), [TAKE, TAKE])
    assert (first.verdict, first.why) == (Verdict.LEFT, why)
    assert second.verdict is Verdict.TAKE


async def test_whose_key_cannot_be_read_is_told_for_that_one() -> None:
    class Keys:
        async def credentials(self, held: Resource) -> Credentials:
            if held.ref == REF:
                return Credentials("k", "s", ACCOUNT, "f")
            raise SecretProblem(Reason.SECRET_MISSING, "the Secret a/b does not exist.")

    other = resource(ref=Ref("default", "x", "uid-x"))
    assert await where(Keys(), [resource(), other]) == {REF.uid: ACCOUNT, "uid-x": "the Secret a/b does not exist"}


ACCOUNT = Account("https://hpc.test/api", "jn1a", "usr-1")


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Outcome(()), 0),
        (Outcome((TAKE, ORDERED)), 0),
        (Outcome((TAKE, LEFT)), 1),
        (Outcome((TAKE,), ("a list",)), 2),
    ],
)
def test_exit_codes(found: Outcome, code: int) -> None:
    assert exit_code(found) == code


def test_the_table_says_what_is_done() -> None:
    lines = as_text(Outcome((TAKE, ORDERED, LEFT)), str).splitlines()
    assert lines[0].split("  ")[0] == "RESOURCE"
    assert lines[1].split() == ["default/demo", ID, "active", "demo-mark-1", "taken", "over"]
    assert lines[3].split() == ["default/x", "-", "-", "-", "not", "done:", "two", "clusters"]
    assert lines[-1] == "1 taken over, 1 ordered already, 1 not done"


def test_a_rehearsal_says_that_nothing_was_changed() -> None:
    text = as_text(Outcome((TAKE,), rehearsed=True), str)
    assert "would be taken over" in text.splitlines()[1]
    assert text.endswith("1 would be taken over, 0 ordered already, 0 not done (nothing was changed)")


def test_nothing_to_do_and_nothing_read_are_told_apart() -> None:
    assert as_text(Outcome(()), str) == "No HpcCluster here waits for a take-over (OwnedElsewhere)."
    assert as_text(Outcome((), ("the list",)), str) == "NOT READ: the list"


def test_the_json_says_the_same_scrubbed() -> None:
    def scrub(text: str) -> str:
        return text.replace("mark", "***")

    whole = json.loads(as_json(Outcome((TAKE, LEFT), ("no mark",), rehearsed=True), scrub))
    assert (whole["version"], whole["complete"], whole["dry_run"], whole["problems"]) == (1, False, True, ["no ***"])
    assert whole["resources"][0] == {
        "namespace": "default", "name": "demo", "verdict": "take over", "why": None,
        "cluster_id": ID, "cluster_status": "active", "cluster_name": "demo-***-1",
    }  # fmt: skip
    assert (whole["resources"][1]["why"], whole["resources"][1]["cluster_id"]) == ("two clusters", None)
