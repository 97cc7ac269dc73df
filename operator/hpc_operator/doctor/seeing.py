"""What the key sees of the account: owner, ids, clusters, log, and how foreign things are refused. Pure judgements.

`cloud` puts these into its table. Never comes in: I/O. Counts are told, names and ids of clusters are not: the
output of doctor is pasted into tickets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hpc_operator.cloud.envelope import Answered, Read
from hpc_operator.cloud.unread import Unread, told
from hpc_operator.cloud.wire import Page
from hpc_operator.doctor.finding import Finding, error, warning, well
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.mark import fleet_of, marks_in
from hpc_operator.domain.observed import Cluster, Entry, ListLook
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Person

DENIED = 1400
_OWNER = "set HPC_OPERATOR_OWNER to the user id (usr-…) of the account that the key belongs to"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """`read`: cluster/list for this owner and zone; `total`: its total_count; `person` a sentence where unreadable."""

    account: Account
    read: Read
    total: int | None
    person: Person | str
    other_ids_accepted: bool


def account(facts: AccountFacts) -> Finding:
    """Whether the owner and the zone of the settings are this key's."""
    where = f"owner {facts.account.owner} in zone {facts.account.zone}"
    problem = told(facts.read)
    if isinstance(problem, Unread) or facts.total is None:
        said = problem.problem if isinstance(problem, Unread) else "no total_count"
        denied = isinstance(facts.read, Answered) and facts.read.code == DENIED
        zone = "set HPC_OPERATOR_ZONE to a zone of this account, as the console spells it (for example jn1a)"
        return error(f"{where}: refused ({said})", _OWNER if denied else f"{zone}; {_OWNER}")
    if facts.total or isinstance(facts.person, Person):
        return well(f"{where} answers, with {facts.total} cluster(s)")
    said = f"{where} answers with an empty list, and its uid and gid are not told: another account's looks like that"
    return warning(said, _OWNER) if facts.other_ids_accepted else error(said, _OWNER)


def ids(facts: AccountFacts) -> Finding:
    """uid and gid, without which nothing is created unless the settings allow it."""
    if isinstance(facts.person, Person):
        return well(f"uid_number {facts.person.uid_number}, gid_number {facts.person.gid_number}")
    give = "give uid_number and gid_number in each manifest"
    if facts.other_ids_accepted:
        return warning(facts.person, give)
    return error(f"{facts.person}: nothing would be created", f"set HPC_OPERATOR_ACCEPT_OTHER_IDS=true and {give}")


def others(facts: Sequence[tuple[Account, Read]]) -> Finding:
    """The further owners and zones that resources may name."""
    refused = [(view, found) for view, read in facts if isinstance(found := told(read), Unread)]
    if not facts:
        return well("no other owners or zones are set")
    if not refused:
        return well(f"{len(facts)} other combination(s) of the set owners and zones answer")
    said = "; ".join(f"owner {view.owner} in zone {view.zone}: {found.problem}" for view, found in refused)
    return warning(said, "mend HPC_OPERATOR_OWNERS and HPC_OPERATOR_ZONES, or give such resources a key of their own")


@dataclass(frozen=True, slots=True)
class ListFacts:
    """The newest look at the whole list; `fleet`: the setting."""

    look: ListLook
    fleet: str


def listed(facts: ListFacts) -> Finding:
    """How many clusters there are, whose marks they carry, and where marks are shown."""
    look = facts.look
    if not look.complete:
        return error(
            f"the list cannot be read to its end: {look.problem}",
            "without it nothing is created; try again, and tell QingCloud if it stays",
        )
    ours, foreign = _fleets(look.clusters, facts.fleet)
    rest = len(look.clusters) - ours - foreign
    said = (
        f"{len(look.clusters)} cluster(s): {ours} with a mark of fleet {facts.fleet}, {foreign} of other fleets, "
        f"{rest} without a mark; {_echo(look.clusters)}"
    )
    return well(said)


def _fleets(clusters: Sequence[Cluster], fleet: str) -> tuple[int, int]:
    found = [{mark.fleet for mark in marks_in(*cluster.texts)} for cluster in clusters]
    ours = sum(fleet_of(fleet) in fleets for fleets in found)
    return ours, sum(bool(fleets) for fleets in found) - ours


def _echo(clusters: Sequence[Cluster]) -> str:
    shown = [
        where
        for where, texts in (("names", [c.name for c in clusters]), ("descriptions", [c.description for c in clusters]))
        if any(marks_in(*filter(None, texts)))
    ]
    return (
        f"marks are seen in {' and '.join(shown)}" if shown else "whether marks are shown is not seen before the first"
    )


def log(page: Page[Entry] | Unread) -> Finding:
    """The operation log, which resolves doubt."""
    problem = page.problem
    if problem or isinstance(page, Unread):
        return error(
            f"the operation log cannot be read: {problem}",
            "it is what resolves an unanswered create; ask QingCloud for the right to read it",
        )
    pending = sum(entry.pending for entry in page.items)
    return well(f"readable: {page.total} entries, {pending} of the newest {len(page.items)} pending")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Creation times in the order of the answers: the list asked oldest first, the log newest first and unasked."""

    oldest_first: tuple[Instant, ...]
    newest_first: tuple[Instant, ...]
    unasked: tuple[Instant, ...]


def order(facts: OrderFacts) -> Finding:
    """Whether lists come in the order that was asked for, and in which order they come unasked."""
    wrong = [
        what
        for what, times in (("cluster/list", facts.oldest_first), ("operation", facts.newest_first[::-1]))
        if not _rising(times)
    ]
    if wrong:
        return warning(
            f"{' and '.join(wrong)} do not come in the order that is asked for by reverse",
            "nothing is lost, but every look reads all pages: watch the quota, and tell QingCloud",
        )
    if len(facts.unasked) < 2 or facts.unasked[0] == facts.unasked[-1]:
        return well("too few entries to tell; an order is asked for always")
    return well(f"as asked for; unasked it is {'oldest' if _rising(facts.unasked) else 'newest'} first")


def _rising(times: Sequence[Instant]) -> bool:
    return all(earlier <= later for earlier, later in pairwise(times))


@dataclass(frozen=True, slots=True)
class RefusalFacts:
    """What was answered for an owner and for a zone that are not this key's."""

    owner: str
    owner_read: Read
    zone: str
    zone_read: Read


def refusals(facts: RefusalFacts) -> Finding:
    """How the service treats what is not ours: said, since no page documents it."""
    foreign, total = facts.owner_read, None
    if isinstance(foreign, Answered) and foreign.code == 0:
        items = foreign.fields.get("cluster_set")
        total = len(items) if isinstance(items, list) else 0
    if total:
        return warning(
            f"owner {facts.owner}, which is made up, is answered with {total} cluster(s): owner is not looked at",
            "use a key that sees one account only",
        )
    return well(
        f"owner {facts.owner} (made up): {_answer(foreign)}; zone {facts.zone} (made up): {_answer(facts.zone_read)}"
    )


def _answer(read: Read) -> str:
    found = told(read)
    return (
        found.problem
        if isinstance(found, Unread)
        else "an empty list"
        if not found.fields.get("cluster_set")
        else "a list"
    )
