"""JSON of the particular calls: what createCluster is sent, and what answers say. Pure and total on any JSON value.

May be imported by `cloud` only. Must never come in: I/O, signing, what follows from an answer. Source: API
reference, createCluster, cluster, nodes and operation log pages. A page with an unreadable item says so in
`problem`: then what it does not show is unknown.
"""

import ipaddress
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from hpc_operator.cloud.envelope import Answered, envelope, unsuccessful
from hpc_operator.cloud.text import (
    DESCRIPTION,
    NAME,
    WORD,
    any_id,
    as_text,
    cluster_id,
    ids_in,
    instant,
    job_id,
    number,
    readable,
    word,
    words,
)
from hpc_operator.domain.answers import Accepted, Answer, NoAnswer
from hpc_operator.domain.mark import marks_in
from hpc_operator.domain.observed import Cluster, Entry, JobStatus, Node
from hpc_operator.reconcile.ports import Person

T = TypeVar("T")
PAGE = 100
"""Items on a page: the API gives no more, whatever it is asked for."""
_LEAVING = ("delet", "terminat", "ceas")
"""How the words begin that say of a node that it is going or gone (deleting, deleted)."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items `offset` to `offset + len(items)` of `total`. `problem` non-empty: not everything on it could be read.

    `jobs`: on a page of clusters, for each item in turn how many jobs run or wait there; None: it does not say.
    """

    items: tuple[T, ...]
    total: int
    problem: str = ""
    jobs: tuple[int | None, ...] = ()


def created(status: int, body: bytes) -> Answer:
    """The answer to createCluster. Success without a believable id is no answer: the cluster is looked for by mark."""
    answered = envelope(status, body)
    if isinstance(answered, NoAnswer):
        return answered
    if failed := unsuccessful(answered):
        return failed
    made = cluster_id(answered.fields.get("hpc_cluster_id"))
    if made is None:
        return NoAnswer("ret_code 0 without an hpc_cluster_id", 0)
    return Accepted(job_id(answered.fields.get("job_id")), made)


def changed(status: int, body: bytes, echoes: Container[int] = ()) -> Answer:
    """The answer to a call that changes an existing cluster: its job, where there is one. `echoes`: see envelope."""
    answered = envelope(status, body)
    if isinstance(answered, NoAnswer):
        return answered
    return unsuccessful(answered, echoes) or Accepted(_job(answered.fields))


def _job(fields: Mapping[str, object]) -> str | None:
    """The one job of the answer, in `job_id` or `job_ids`, each a text or a list. Two are none: which is ours?"""
    said = [value for name in ("job_id", "job_ids") if (value := fields.get(name))]
    each = [one for value in said for one in (value if isinstance(value, list) else [value])]
    named = {job_id(one) for one in each}
    return named.pop() if len(named) == 1 else None


def person(answered: Answered) -> Person | str:
    """uid and gid of `/permission/{owner}`, at the top or in one object inside; a sentence where they are not.

    Two objects that say different things are not understood: with wrong ids the cluster's files are somebody else's.
    """
    inner = [value for value in answered.fields.values() if isinstance(value, dict)]
    found = {made for fields in (answered.fields, *inner) if (made := _person(fields))}
    if len(found) > 1:
        return "the answer has more than one uid_number or gid_number"
    return found.pop() if found else "the answer has no uid_number and gid_number"


def _person(fields: Mapping[str, object]) -> Person | None:
    uid, gid = number(fields.get("uid_number")), number(fields.get("gid_number"))
    return Person(uid, gid) if uid and gid and 0 < uid < 2**32 and 0 < gid < 2**32 else None


def cluster_page(answered: Answered) -> Page[Cluster]:
    """A page of cluster/list, in either of its shapes."""
    found = _page(answered, "cluster_set", _line)
    items = tuple(cluster for cluster, _ in found.items)
    return Page(items, found.total, found.problem, tuple(jobs for _, jobs in found.items))


def operation_page(answered: Answered) -> Page[Entry]:
    """A page of the operation log."""
    return _page(answered, "job_set", _entry)


def node_page(answered: Answered) -> Page[Node]:
    """A page of cluster/listNodes. The nodes' `env` (it holds a masked password) is never read."""
    return _page(answered, "hpc_app_nodes_set", _node)


def _page(answered: Answered, name: str, parse: Callable[[Mapping[str, object]], T | None]) -> Page[T]:
    items = answered.fields.get(name)
    total = number(answered.fields.get("total_count"))
    if not isinstance(items, list) or total is None or total < 0:
        return Page((), 0, f"the answer has no {name} with a total_count")
    parsed = [parse(item) if isinstance(item, dict) else None for item in items]
    readable = tuple(item for item in parsed if item is not None)
    lost = len(parsed) - len(readable)
    return Page(readable, total, f"{lost} unreadable item(s) in {name}" if lost else "")


def _line(item: Mapping[str, object]) -> tuple[Cluster, int | None] | None:
    """One line, and the jobs on it."""
    wrapped = item.get("app_cluster")
    inner = wrapped if isinstance(wrapped, dict) else {}
    cluster = _cluster(item, inner)
    return (cluster, _jobs(item, inner)) if cluster else None


def _cluster(item: Mapping[str, object], inner: Mapping[str, object]) -> Cluster | None:
    """Unreadable without exactly one id, or where a text that may hold a mark is none."""
    fields = {**item, **inner} if inner else item
    found = {one for one in (cluster_id(item.get("cluster_id")), cluster_id(inner.get("cluster_id"))) if one}
    if len(found) != 1 or not readable(fields.get("cluster_name")) or not readable(fields.get("description")):
        return None
    return Cluster(
        found.pop(),
        _with_marks(fields.get("cluster_name"), NAME),
        _status(item, inner),
        words(fields.get("cluster_type"), WORD),
        _with_marks(fields.get("description"), DESCRIPTION),
        instant(fields.get("create_time")),
    )


def _with_marks(value: object, limit: int) -> str | None:
    """A text cleaned and cut, with the marks of what was cut off behind it: no length hides whose a cluster is."""
    kept = words(value, limit)
    if kept is None or not isinstance(value, str) or len(value) <= limit:
        return kept
    shown = set(marks_in(kept))
    return " ".join((kept, *(str(mark) for mark in dict.fromkeys(marks_in(value)) if mark not in shown)))


def _status(item: Mapping[str, object], inner: Mapping[str, object]) -> str | None:
    """The one word that is said; two different ones say nothing."""
    said = {word(fields["cluster_status"]) for fields in (item, inner) if fields.get("cluster_status")}
    return said.pop() if len(said) == 1 else None


def _jobs(item: Mapping[str, object], inner: Mapping[str, object]) -> int | None:
    """How many jobs run or wait. None unless both counters are said: a missing one is no zero."""
    running, pending = (_counter(item, inner, f"{state}_job_count") for state in ("running", "pending"))
    return None if running is None or pending is None else running + pending


def _counter(item: Mapping[str, object], inner: Mapping[str, object], name: str) -> int | None:
    """The one number that is said; two different ones say nothing, and less than none is no number of jobs."""
    said = {number(fields[name]) for fields in (item, inner) if fields.get(name) is not None}
    only = said.pop() if len(said) == 1 else None
    return only if only is not None and only >= 0 else None


def _entry(item: Mapping[str, object]) -> Entry | None:
    found = job_id(item.get("job_id"))
    named, readable = ids_in(item.get("resource_ids"))
    if found is None or not readable:
        return None
    status = _job_status(item.get("status"))
    ended = status in (JobStatus.SUCCESSFUL, JobStatus.FAILED)
    return Entry(
        found,
        status,
        words(item.get("job_action"), WORD) or "",
        named,
        instant(item.get("create_time")),
        _codes(item.get("error_codes")),
        instant(item.get("status_time")) if ended else None,
    )


def _job_status(value: object) -> JobStatus:
    try:
        return JobStatus(value.lower()) if isinstance(value, str) else JobStatus.OTHER
    except ValueError:
        return JobStatus.OTHER


def _codes(value: object) -> str:
    """`error_codes` is of no documented type: shown, never read."""
    return (words(as_text(value), NAME) or "") if value else ""


def _node(item: Mapping[str, object]) -> Node | None:
    """One line. Unreadable without a status: whether it stays would not be known."""
    found, role, status = any_id(item.get("node_id")), word(item.get("role")), word(item.get("status"))
    if found is None or role is None or status is None:
        return None
    return Node(
        found,
        role,
        status,
        health=word(item.get("health_status")),
        cpu=_size(item.get("cpu")),
        memory=_size(item.get("memory")),
        created_at=instant(item.get("create_time")),
        address=_address(item.get("eip")) or _address(item.get("private_ip")),
        leaving=any(said.startswith(_LEAVING) for said in (status, word(item.get("transition_status")) or "")),
    )


def _size(value: object) -> int | None:
    found = number(value)
    return found if found is not None and found > 0 else None


def _address(value: object) -> str | None:
    """An address, rewritten. An IPv6 zone (`fe80::1%…`) may hold any text, and means nothing here: then it is none."""
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) and "%" not in value else None
    except ValueError:
        return None
