"""Who is woken by a new look: whom a difference concerns, and nobody else."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.observed import Cluster, Entry, JobStatus, ListLook, LogLook
from hpc_operator.domain.record import Account, Closed, Memory, OperationAction, Outcome, Resource
from hpc_operator.reconcile.noticing import Noticer

ACCOUNT = Account("e", "z", "o")
LAG, NOW = 400.0, 1_800_000_000.0
MARK = "aabcdefghijklmn"
A, B, C = (Ref("default", name, f"uid-{name}") for name in "abc")


@dataclass
class Fleet:
    """a records ehpc-a and job j-a, b records ehpc-b, c bears the mark."""

    described_at: float | None = None
    last: Closed | None = None

    def get(self, ref: Ref) -> Resource | None:
        @dataclass
        class Held:
            memory: Memory

        return Held(Memory(described_at=self.described_at, last_operation=self.last))  # type: ignore[return-value]

    def holders(self, cluster_id: str) -> Collection[Ref]:
        return {"ehpc-a": [A], "ehpc-b": [B]}.get(cluster_id, [])

    def job_holders(self, job_id: str) -> Collection[Ref]:
        return [A] if job_id == "j-a" else []

    def bearers(self, stem: str) -> Collection[Ref]:
        return [C] if stem == MARK else []


@dataclass
class Table:
    """A noticer that starts after one look at `lines` and `entries`; `woken` since."""

    lines: tuple[Cluster, ...] = ()
    entries: tuple[Entry, ...] = ()
    idle_since: float | None = None
    described_at: float | None = None
    last: Closed | None = None
    woken: list[Ref] = field(default_factory=list)
    at: float = NOW

    def __post_init__(self) -> None:
        self.noticer = Noticer(
            Fleet(self.described_at, self.last),
            self.woken.append,
            lag=LAG,
            skew=30.0,
            idle_since=lambda: self.idle_since,
        )
        self.listed(*self.lines)
        self.logged(*self.entries)

    def listed(self, *lines: Cluster, complete: bool = True) -> None:
        self.at += 30
        self.noticer.shown(ACCOUNT, ListLook(self.at, complete, "k", lines), self.at + 1, 1)

    def logged(self, *entries: Entry, complete: bool = True) -> None:
        self.noticer.shown(ACCOUNT, LogLook(self.at + 1, complete, "k", 0.0, entries), self.at + 2, 1)


def line(name: str, status: str = "active", **more: str) -> Cluster:
    return Cluster(f"ehpc-{name}", name, status, **more)  # type: ignore[arg-type]


def entry(
    job: str, *names: str, status: JobStatus = JobStatus.SUCCESSFUL, at: float | None = NOW, action: str = "Resize"
) -> Entry:
    return Entry(job, status, action, tuple(f"ehpc-{name}" for name in names), at)


def test_the_first_look_wakes_nobody_their_first_passes_are_under_way() -> None:
    assert Table((line("a"), line("b")), (entry("j-x", "a"),)).woken == []


def test_a_look_that_shows_the_same_wakes_nobody() -> None:
    table = Table((line("a"), line("b")))
    table.listed(line("b"), line("a"))
    assert table.woken == []


@pytest.mark.parametrize(
    ("after", "woken"),
    [
        ((line("a", "stopped"), line("b")), [A]),
        ((line("b"),), [A]),
        ((line("a"), line("b"), line("new")), []),
        ((line("a"), replace(line("b"), name="renamed")), [B]),
        ((line("a"), line("b"), line("new", description=f"{MARK}-1")), [C]),
        ((line("a"), replace(line("b"), name=f"x-{MARK}-1")), [B, C]),
    ],
    ids=["another status", "gone", "a stranger", "renamed", "a second bearer of a mark", "renamed to another's mark"],
)
def test_whose_line_changed_is_woken(after: tuple[Cluster, ...], woken: list[Ref]) -> None:
    table = Table((line("a"), line("b")))
    table.listed(*after)
    assert table.woken == woken


def test_what_a_partial_look_does_not_show_is_unknown_and_compared_later() -> None:
    table = Table((line("a"), line("b")))
    table.listed(line("b", "stopped"), complete=False)
    assert table.woken == []
    assert table.noticer.seen(ACCOUNT).failed
    table.listed(line("a"), line("b", "stopped"))
    assert table.woken == [B]
    assert not table.noticer.seen(ACCOUNT).failed


def test_an_operation_of_somebody_else_wakes_and_its_end_asks_for_the_nodes() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a", status=JobStatus.PENDING))
    assert (table.woken, table.noticer.recount(A)) == ([A], False)
    table.logged(entry("j-1", "a"))
    assert (table.woken, table.noticer.recount(A)) == ([A, A], True)


def test_the_own_operation_wakes_and_leaves_the_nodes() -> None:
    table = Table((line("a"),), (entry("j-a", "a", status=JobStatus.PENDING),))
    table.logged(entry("j-a", "a"))
    assert table.noticer.recount(A) is False
    assert A in table.woken


def test_the_own_operation_is_known_by_its_job_although_it_names_no_cluster() -> None:
    table = Table((), (entry("j-a", status=JobStatus.PENDING),))
    table.logged(entry("j-a", status=JobStatus.FAILED))
    assert table.woken == [A]


def test_a_name_that_we_changed_ourselves_a_moment_ago_is_no_reason_to_count_nodes() -> None:
    table = Table((line("a"),), described_at=NOW)
    table.logged(entry("j-m", "a", at=NOW + 20))
    assert (table.woken, table.noticer.recount(A)) == ([A], False)
    table.logged(entry("j-m", "a", at=NOW + 20), entry("j-n", "a", at=NOW + 31))
    assert table.noticer.recount(A) is True


def test_an_operation_that_was_seen_to_run_is_no_change_of_a_name() -> None:
    table = Table((line("a"),), (entry("j-m", "a", at=NOW, status=JobStatus.PENDING),), described_at=NOW)
    table.logged(entry("j-m", "a", at=NOW))
    assert table.noticer.recount(A) is True


def test_nodes_that_were_counted_after_it_are_known_and_those_counted_before_are_not() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a"))
    table.noticer.counted(A, NOW)
    assert table.noticer.recount(A) is True
    table.noticer.counted(A, NOW + 1000)
    assert table.noticer.recount(A) is False


def test_nodes_that_were_counted_before_its_end_was_seen_are_not_counted_again() -> None:
    """They were read after it had ended: the log was looked at earlier than the nodes."""
    table = Table((line("a"),))
    table.noticer.counted(A, NOW + 1000)
    table.logged(entry("j-1", "a"))
    assert (table.woken, table.noticer.recount(A)) == ([A], False)


def test_what_an_operation_did_may_show_late_so_the_nodes_are_counted_once_more() -> None:
    """A resize at the console: its end stands in the log, and the list of nodes still tells the old size."""
    table = Table((line("a"),))
    table.logged(entry("j-1", "a"))
    table.noticer.counted(A, table.at + 2)
    assert table.noticer.recount(A) is False
    table.at += LAG - 10
    table.logged(entry("j-1", "a"))
    assert table.noticer.recount(A) is False, "not before it must show"
    table.woken.clear()
    table.at += 20
    table.logged(entry("j-1", "a"))
    assert (table.woken, table.noticer.recount(A)) == ([A], True)
    table.noticer.counted(A, table.at + 2)
    table.at += 10 * LAG
    table.logged(entry("j-1", "a"))
    assert (table.woken, table.noticer.recount(A)) == ([A], False), "once"


def test_nodes_that_were_counted_late_enough_are_not_counted_once_more() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a"))
    table.noticer.counted(A, table.at + LAG + 2)
    table.woken.clear()
    table.at += LAG + 10
    table.logged(entry("j-1", "a"))
    assert (table.woken, table.noticer.recount(A)) == ([], False)


def test_a_deeper_look_at_the_log_makes_no_news_of_what_is_old() -> None:
    table = Table((line("a"),), (entry("j-2", "a"),))
    table.logged(entry("j-2", "a"), entry("j-1", "a", at=NOW - 3 * LAG))
    assert table.woken == []


def test_an_entry_that_shows_late_is_news_all_the_same() -> None:
    table = Table((line("a"),), (entry("j-2", "a"),))
    table.logged(entry("j-2", "a"), entry("j-1", "a", at=NOW - LAG))
    assert table.woken == [A]


def test_an_entry_without_a_readable_time_is_news_once() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a", at=None))
    table.logged(entry("j-1", "a", at=None))
    assert table.woken == [A]


def test_what_ended_while_no_process_watched_is_noticed_by_the_next() -> None:
    table = Table((line("a"),), (entry("j-1", "a", at=NOW - 100),), idle_since=NOW - 200)
    assert (table.woken, table.noticer.recount(A)) == ([A], True)


def test_a_partial_log_is_not_compared() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a"), complete=False)
    assert table.woken == []


def test_how_far_back_the_log_is_read() -> None:
    table = Table()
    seen = table.noticer.seen(ACCOUNT)
    assert seen.log_since(10_000) == seen.logged, "nothing is in it: from the last look on"
    table.logged(entry("j-2", at=NOW), entry("j-1", at=NOW - 500))
    assert seen.log_since(10_000) == NOW
    seen.logged = NOW + 20_000
    assert seen.log_since(10_000) == NOW + 10_000, "a burst long ago is not read again"
    table.logged(entry("j-3", at=NOW + 5), entry("j-1", at=NOW - 500, status=JobStatus.PENDING))
    assert seen.log_since(10_000) == NOW - 500, "down to the oldest that runs"
    table.logged(entry("j-4", at=NOW + 6), entry("j-0", at=NOW - 90_000, status=JobStatus.PENDING))
    assert seen.log_since(10_000) == NOW - 500, "one that runs for more than a day does not deepen it"


def test_who_is_gone_is_forgotten() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a"))
    table.noticer.forget(A)
    assert table.noticer.recount(A) is False
    table.woken.clear()
    table.at += 2 * LAG
    table.logged()
    assert table.woken == []


def test_when_the_clock_went_back_nodes_are_not_counted_again_and_again() -> None:
    table = Table((line("a"),))
    table.logged(entry("j-1", "a"))
    assert table.noticer.recount(A)
    (at,) = table.noticer._recounts.values()
    table.noticer.shown(ACCOUNT, LogLook(at - 3000, True, "key", 0.0), at - 2999, 1)
    table.noticer.counted(A, at - 2990)
    assert not table.noticer.recount(A)


def closed(action: OperationAction) -> Closed:
    return Closed(action, 1, Outcome.ACCEPTED, NOW, 1)


def test_nodes_are_counted_again_when_the_end_of_an_operation_must_show() -> None:
    """What was counted just after it may have been the nodes as they were: nobody else would ever ask again."""
    table = Table()
    table.logged(entry("j-1", "b", at=NOW + 40))
    assert table.noticer.recount(B)
    table.noticer.counted(B, table.at + 2)
    assert not table.noticer.recount(B)
    ended, table.woken[:] = table.at + 1, []
    while table.at + 1 < ended + LAG:
        assert (table.woken, table.noticer.recount(B)) == ([], False)
        table.listed()
        table.logged(entry("j-1", "b", at=NOW + 40))
    assert (table.woken, table.noticer.recount(B)) == ([B], True)
    table.noticer.counted(B, table.at + 2)
    table.listed()
    table.logged()
    assert (table.woken, table.noticer.recount(B)) == ([B], False), "once"


@pytest.mark.parametrize(("action", "again"), [("Start", True), ("Stop", True), ("Resize", True), ("Create", False)])
def test_after_its_own_change_too(action: str, *, again: bool) -> None:
    """It is closed as soon as the end state shows. A create is not: a call for each cluster would be a tenth more."""
    table = Table(last=closed(OperationAction(action)))
    table.logged(entry("j-a", "a", at=NOW + 40))
    assert not table.noticer.recount(A), "it counts by itself"
    table.at += LAG
    table.logged()
    assert table.noticer.recount(A) is again


def test_a_count_that_is_late_enough_is_the_last() -> None:
    table = Table(last=closed(OperationAction.ADD_NODES))
    table.logged(entry("j-a", "a", at=NOW + 40))
    table.noticer.counted(A, table.at + 1 + LAG)
    table.at += LAG
    table.logged()
    assert not table.noticer.recount(A)


def test_who_is_gone_is_not_counted_again() -> None:
    table = Table()
    table.logged(entry("j-1", "b", at=NOW + 40))
    table.noticer.forget(B)
    table.woken.clear()
    table.at += LAG
    table.logged()
    assert (table.woken, table.noticer.recount(B)) == ([], False)
