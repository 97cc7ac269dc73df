"""Every id that an answer of the cloud may carry can be recorded, and be named by a person: the rooms share no code."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpc_operator.cloud import text, wire
from hpc_operator.domain.answers import Accepted, NoAnswer
from hpc_operator.domain.record import Account, Memory, Origin, Record
from hpc_operator.kube import names
from hpc_operator.kube.memory_read import parse_memory, parse_record
from hpc_operator.kube.memory_written import encode_memory, encode_record
from hpc_operator.kube.wish import parse_orders

ROOT = Path(__file__).parents[3]
ACCOUNT = Account("https://hpc.example.test/api", "jn1a", "usr-abc123")
UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
LABEL_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
"""Kubernetes, "Labels and Selectors": at most 63 characters."""


def status_patterns() -> dict[str, str]:
    crd = yaml.safe_load((ROOT / "crds" / "hpcclusters.yaml").read_text(encoding="utf-8"))
    status = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    return {name: status[name]["pattern"] for name in ("hpc_cluster_id", "job_id")}


PATTERNS = status_patterns()


def test_both_rooms_have_the_same_pattern() -> None:
    assert f"^{text._CLUSTER_ID.pattern}$" == names.CLUSTER_ID_PATTERN


@UNHURRIED
@given(st.from_regex(text._CLUSTER_ID, fullmatch=True))
def test_an_id_that_is_believed_can_be_kept_and_ordered(cluster_id: str) -> None:
    answer = wire.created(200, json.dumps({"ret_code": 0, "hpc_cluster_id": cluster_id}).encode())
    assert answer == Accepted(None, cluster_id)
    assert re.fullmatch(PATTERNS["hpc_cluster_id"], cluster_id)
    assert re.fullmatch(names.ID_PATTERN, cluster_id), "the record's"
    assert re.fullmatch(LABEL_VALUE, cluster_id)
    assert len(cluster_id) <= 63
    orders, problem = parse_orders(
        {
            names.ANNOTATION_ADOPT: cluster_id,
            names.ANNOTATION_TAKE_OVER: cluster_id,
            names.ANNOTATION_RECREATE: cluster_id,
            names.ANNOTATION_CREATE_BESIDE: cluster_id,
        }
    )
    assert problem is None
    assert (orders.adopt, orders.take_over, orders.recreate, orders.create_beside) == (*[cluster_id] * 3, (cluster_id,))


@UNHURRIED
@given(st.from_regex(text._CLUSTER_ID, fullmatch=True), st.from_regex(text._JOB_ID, fullmatch=True))
def test_both_memories_give_back_what_was_answered(cluster_id: str, job_id: str) -> None:
    assert re.fullmatch(PATTERNS["job_id"], job_id)
    memory = Memory(mark="a" * 15, account=ACCOUNT, origin=Origin.CREATED, hpc_cluster_id=cluster_id, job_id=job_id)
    found = parse_memory(encode_memory(memory))
    assert (found.hpc_cluster_id, found.job_id) == (cluster_id, job_id)
    record = Record("a" * 15, ACCOUNT, Origin.CREATED, cluster_id)
    assert parse_record(encode_record(record)) == record


@pytest.mark.parametrize("prefix", ["hpc-", "ehpc-"])
@pytest.mark.parametrize("tail", ["x" * 64, "x" * 65, "x-", "_x", "", "x.y", "x y", "ä", "x\n"])
def test_an_id_that_could_not_be_kept_is_no_answer(prefix: str, tail: str) -> None:
    """The cluster is then looked for, and a look that shows such an id is never complete: no second one is bought."""
    answer = wire.created(200, json.dumps({"ret_code": 0, "hpc_cluster_id": prefix + tail}).encode())
    assert isinstance(answer, NoAnswer)
    page = wire.cluster_page(
        wire.envelope(
            200, json.dumps({"ret_code": 0, "total_count": 1, "cluster_set": [{"cluster_id": prefix + tail}]}).encode()
        )  # type: ignore[arg-type]
    )
    assert page.problem


def test_the_longest_ones() -> None:
    assert text.cluster_id("ehpc-" + "x" * 58)
    assert not text.cluster_id("ehpc-" + "x" * 59)
    assert text.job_id("j-" + "x" * 62)
    assert not text.job_id("j-" + "x" * 63)
