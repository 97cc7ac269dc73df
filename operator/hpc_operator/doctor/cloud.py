"""The HPC API's side of doctor: its reads, and the table of its checks.

`examination` makes the reads. Never comes in: a call that changes anything (there is no path to `Caller.change` here),
a second signer, a judgement. Reads are signed by the service's clock where ours is too far off, so that a wrong clock
does not hide what else is wrong.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from hpc_operator.cloud import wire
from hpc_operator.cloud.calls import Call, Caller, CallSettings
from hpc_operator.cloud.client import HpcCalls
from hpc_operator.cloud.credentials import AccountKeys
from hpc_operator.cloud.envelope import CALLS_EXHAUSTED, Answered, Read, Spent
from hpc_operator.cloud.observer import Observer
from hpc_operator.cloud.quota import HourlyBudget
from hpc_operator.cloud.signing import Encoding
from hpc_operator.cloud.skew import WatchedClock
from hpc_operator.cloud.text import number
from hpc_operator.cloud.transport import Transport
from hpc_operator.cloud.unread import Unread, told
from hpc_operator.cloud.wire import PAGE, Page
from hpc_operator.doctor import reaching, seeing
from hpc_operator.doctor.checking import Check, check
from hpc_operator.doctor.contact import Contact, Witness
from hpc_operator.doctor.finding import Finding, error, well
from hpc_operator.domain.answers import Refused
from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import Entry
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.ports import Credentials, SecretProblem

STRANGER, NOWHERE = "usr-00000000", "nowhere0"
"""An owner and a zone that nobody has."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say, as far as the checks depend on it."""

    fleet: str
    calls: CallSettings
    clock_skew: float
    quota: int
    quota_share: float
    verify_tls: bool
    accept_other_ids: bool
    owners: tuple[str, ...]
    zones: tuple[str, ...]


class CloudReads:
    """Reads each thing once; what one check read serves the next ones."""

    def __init__(
        self,
        keys: AccountKeys,
        transport: Transport,
        terms: Terms,
        now: Callable[[], Instant],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._keys, self._terms, self._sleep = keys, terms, sleep
        self._witness = Witness(transport)
        self._now, self._shift = now, 0.0
        self._clock = WatchedClock(lambda: now() + self._shift)
        self._budget = HourlyBudget(now, limit=terms.quota, share=terms.quota_share)
        self._credentials: Credentials | None = None
        self._contact: Contact
        self._account: seeing.AccountFacts | None = None
        self._listing: seeing.ListFacts
        self._log: Page[Entry] | Unread

    @property
    def account(self) -> Account:
        """Where the key points; only after `key`."""
        return self._known.account

    @property
    def _known(self) -> Credentials:
        if self._credentials is None:
            raise LookupError("the key is read first")
        return self._credentials

    async def key(self) -> Credentials | SecretProblem:
        """The operator's own key."""
        try:
            self._credentials = self._keys.own()
        except SecretProblem as problem:
            return problem
        return self._credentials

    async def contact(self) -> Contact:
        """One read as the settings have it, sent once."""
        caller = self._caller(replace(self._terms.calls, read_attempts=1))
        read = await caller.read(self._ask(self.account), self._known, self.account)
        self._contact = self._witness.contact(self.account.endpoint, read, verify_tls=self._terms.verify_tls)
        return self._contact

    async def seen(self) -> Contact:
        """The contact, again."""
        return self._contact

    async def clock(self) -> reaching.ClockFacts:
        """How far the clocks are apart; from here on the service's is signed with where that is too far."""
        offset = self._clock.offset()
        if offset is not None and abs(offset) > self._terms.clock_skew:
            self._shift = offset
        return reaching.ClockFacts(offset, self._terms.clock_skew, reaching.code_of(self._contact.read))

    async def quota(self) -> reaching.QuotaFacts:
        """What is known of the budget."""
        read = self._contact.read
        closed = isinstance(read, Spent) or reaching.code_of(read) == CALLS_EXHAUSTED
        terms = self._terms
        return reaching.QuotaFacts(self._budget.used(self.account), terms.quota, terms.quota_share, closed)

    def halted(self) -> str | None:
        """Why nothing can be read any more: the service has closed the tap."""
        shut = self._credentials is not None and self._budget.closed_until(self.account) is not None
        return "the account's calls of this hour are used up (2500)" if shut else None

    async def signature(self) -> reaching.SignatureFacts:
        """The same read, signed both ways."""
        reads = {}
        for way in Encoding:
            caller = self._caller(replace(self._terms.calls, encoding=way))
            reads[way] = await caller.read(self._ask(self.account), self._known, self.account)
        return reaching.SignatureFacts(self._known.where, self._terms.calls.encoding, reads)

    async def own_account(self) -> seeing.AccountFacts:
        """The list and the ids of the settings' owner."""
        if self._account is None:
            read = await self._list(self.account)
            answer = told(read)
            total = number(answer.fields.get("total_count")) if isinstance(answer, Answered) else None
            person = await HpcCalls(self._caller()).person(self._known, self.account)
            ids = person.message if isinstance(person, Refused) else person
            self._account = seeing.AccountFacts(self.account, read, total, ids, self._terms.accept_other_ids)
        return self._account

    async def others(self) -> list[tuple[Account, Read]]:
        """One read for each other pair of the settings' owners and zones."""
        views = [replace(self.account, owner=o, zone=z) for o in self._terms.owners for z in self._terms.zones]
        return [(view, await self._list(view)) for view in views if view != self.account]

    async def listing(self) -> seeing.ListFacts:
        """The whole list, as the operator reads it."""
        clock = WatchedClock(self._now)
        looks = await Observer(HpcCalls(self._caller()), clock).listing(self._known, self.account, self._now())
        self._listing = seeing.ListFacts(looks[0], self._terms.fleet)
        return self._listing

    async def log(self) -> Page[Entry] | Unread:
        """The newest page of the operation log."""
        self._log = await HpcCalls(self._caller()).operation_page(self._known, self.account, 0)
        return self._log

    async def order(self) -> seeing.OrderFacts:
        """Times in the order of the answers; the log once more, without asking for an order."""
        call = Call("operation", "/operation", {"owner": self.account.owner, "limit": PAGE, "offset": 0})
        answer = told(await self._caller().read(call, self._known, self.account))
        unasked = wire.operation_page(answer).items if isinstance(answer, Answered) else ()
        newest = self._log.items if isinstance(self._log, Page) else ()
        clusters = (cluster.created_at for cluster in self._listing.look.clusters)
        return seeing.OrderFacts(
            _times(clusters), _times(e.created_at for e in newest), _times(e.created_at for e in unasked)
        )

    async def refusals(self) -> seeing.RefusalFacts:
        """What is answered for an owner and a zone that nobody has."""
        foreign = await self._list(replace(self.account, owner=STRANGER))
        nowhere = await self._list(replace(self.account, zone=NOWHERE))
        return seeing.RefusalFacts(STRANGER, foreign, NOWHERE, nowhere)

    def _caller(self, how: CallSettings | None = None) -> Caller:
        return Caller(self._witness, self._clock, self._budget, how or self._terms.calls, sleep=self._sleep)

    def _ask(self, account: Account) -> Call:
        return Call("list", "/cluster/list", {"owner": account.owner, "limit": 1, "offset": 0})

    async def _list(self, account: Account) -> Read:
        """One item of a view's list. The budget is the key's own account's, whatever owner is asked for."""
        call = self._ask(account)
        call = replace(call, params={**call.params, "zone": account.zone})
        return await self._caller().read(call, self._known, self.account)


def _times(found: Iterable[Instant | None]) -> tuple[Instant, ...]:
    return tuple(at for at in found if at is not None)


def key(found: Credentials | SecretProblem) -> Finding:
    """Whether there is a key, and where it points."""
    if isinstance(found, SecretProblem):
        return error(
            str(found),
            "HPC_OPERATOR_CREDENTIALS_DIR (or HPC_OPERATOR_ACCESS_KEY_ID and HPC_OPERATOR_SECRET_ACCESS_KEY), "
            "HPC_OPERATOR_OWNER and HPC_OPERATOR_ZONE must be set and hold; with --no-cloud this part is left out",
        )
    return well(f"found, for owner {found.account.owner} in zone {found.account.zone}")


CLOUD: tuple[Check[CloudReads], ...] = (
    check("key", CloudReads.key, key),
    check("endpoint", CloudReads.contact, reaching.endpoint, "key"),
    check("API", CloudReads.seen, reaching.speaks, "endpoint"),
    check("clock", CloudReads.clock, reaching.clock, "API"),
    check("quota", CloudReads.quota, reaching.quota, "API"),
    check("signature", CloudReads.signature, reaching.signature, "quota"),
    check("account", CloudReads.own_account, seeing.account, "signature"),
    check("ids", CloudReads.own_account, seeing.ids, "account"),
    check("others", CloudReads.others, seeing.others, "account"),
    check("list", CloudReads.listing, seeing.listed, "account"),
    check("log", CloudReads.log, seeing.log, "account"),
    check("order", CloudReads.order, seeing.order, "list", "log"),
    check("refusals", CloudReads.refusals, seeing.refusals, "signature"),
)
