"""The core: a whole cloud that is asked with `handle` and never does anything by itself.

Lives here: `Cloud`, pure of I/O, deterministic, with an injected clock; what is due is caught up with at each call.
Tests, the fault suite and the server import it. Never comes in: sockets, files, threads, timers, a clock of its own.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from hpc_simulator import copying, outside, performing
from hpc_simulator import faults as f
from hpc_simulator.accounts import Account, Quota
from hpc_simulator.calls.context import Context, Twist
from hpc_simulator.clusters import Cluster
from hpc_simulator.jobs import Job
from hpc_simulator.log import CallLog, CallRecord, Count
from hpc_simulator.patching import patched
from hpc_simulator.performing import Arrival, Outcome
from hpc_simulator.replies import Answer, Delayed, Held, Lost, Reply, Torn, Unreachable
from hpc_simulator.request import Request, parse
from hpc_simulator.rules import Rule, RuleBook
from hpc_simulator.settings import Settings
from hpc_simulator.tickets import HeldAnswer, Tickets
from hpc_simulator.world import LateRequest, World


class Cloud:
    """The simulated cloud. `clock` yields epoch seconds; `seed` decides the ids; `world` continues an earlier one."""

    def __init__(
        self,
        clock: Callable[[], float],
        settings: Settings | None = None,
        *,
        accounts: Iterable[Account] = (),
        seed: str = "",
        world: World | None = None,
        records: Iterable[CallRecord] = (),
    ) -> None:
        self._clock = clock
        self.settings = settings or Settings()
        self.world = world or World(seed=seed)
        self.log = CallLog()
        self.faults = RuleBook()
        self.tickets = Tickets()
        self.revision = 0
        """Grows with every change of the world, so that a keeper knows when to write it down."""
        self._quotas: dict[str, Quota] = {}
        for account in tuple(accounts) or (() if self.world.accounts else (Account(),)):
            self.add_account(account)
        for record in records:
            self._enter(record)

    # Asking

    def handle(self, method: str, path: str, query: str, body: bytes, via: str = "") -> Reply:
        """What becomes of one request: `path` as `/api/cluster/list`, `query` the raw text after the question mark.

        `via` is its header of that name; it is only noted.

        Never raises, whatever the arguments hold.
        """
        now = self.catch_up()
        if self.settings.tap_closed:
            return Unreachable()
        request = parse(method, path, query, body, via)
        account = self._account(request)
        fault = self.faults.take(request, account.owner if account else "")
        arrival = Arrival(request, account, now)
        if isinstance(fault, f.OnTheWay):
            return self._on_the_way(fault, arrival)
        if isinstance(fault, f.OnTheAnswer):
            return self._on_the_answer(fault, arrival)
        return self._perform(arrival, f.kind_of(fault), performing.twist(fault)).answer

    def collect(self, ticket: str) -> Answer | None:
        """The answer behind a `Held` or `Delayed` ticket, once; None while it is on its way, or unknown."""
        self.catch_up()
        return self.tickets.collect(ticket)

    def catch_up(self) -> float:
        """Let everything happen that is due: ends of jobs, late requests, in their order. The injected clock's time."""
        now = self._clock()
        while True:
            job = self.world.next_job_end()
            late = min(self.world.late, key=lambda request: request.due, default=None)
            if job is not None and job.ends <= now and (late is None or job.ends <= late.due):
                self.world.finish(job, self.settings)
                self.revision += 1
            elif late is not None and late.due <= now:
                self._arrive(late)
            else:
                self.world.show_steps(now)
                return now

    # The truth, for tests and for the control endpoint

    def clusters(self) -> list[Cluster]:
        """Every cluster that exists, hidden ones included, oldest first."""
        self.catch_up()
        return list(self.world.clusters.values())

    @property
    def held(self) -> dict[str, HeldAnswer]:
        """Answers that are held, by ticket."""
        return self.tickets.held

    @property
    def calls(self) -> list[CallRecord]:
        """Every call, oldest first."""
        return self.log.records

    def counts(self) -> dict[str, Count]:
        """Calls and effects by the call's name."""
        self.catch_up()
        return self.log.counts

    # Playing fate

    def add_fault(
        self,
        fault: f.Fault,
        call: str = "*",
        *,
        contains: str | None = None,
        owner: str | None = None,
        page: int | None = None,
        nth: int = 1,
        count: int | None = 1,
    ) -> str:
        """Let a fault strike matching calls number `nth` to `nth + count - 1` (None: for ever); the rule's id."""
        return self.faults.add(Rule(fault, call, contains, owner, page, nth, count))

    def change_settings(self, **changes: object) -> None:
        """Change settings by name, from now on. Values are not checked here."""
        self.catch_up()
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]  # names and values come by name

    def add_account(self, account: Account) -> None:
        """Enter an account, or replace the one of the same key (switching the key to another owner)."""
        self.world.accounts[account.key] = account
        self.revision += 1

    def change_cluster(self, cluster_id: str, change: outside.Change) -> None:
        """A person changes a cluster at the console. Raises KeyError when there is none, ValueError when refused."""
        now = self.catch_up()
        cluster = self.world.clusters[cluster_id]
        outside.change(self._context(None, now), cluster, change)
        self.revision += 1

    def create_outside(self, wish: outside.NewCluster | None = None, *, key: str | None = None) -> str:
        """A person makes a cluster in the account of `key` (default: the first); its id. Raises KeyError."""
        now = self.catch_up()
        self.revision += 1
        return outside.create(self._context(key, now), wish or outside.NewCluster())

    def copy_cluster(self, cluster_id: str, wish: copying.Copies) -> list[tuple[Cluster, Job]]:
        """Clusters like one that a call made, each with its ended create. Raises KeyError, or ValueError."""
        self.catch_up()
        made = copying.copy(self.world, self.world.clusters[cluster_id], wish)
        self.revision += 1
        return made

    # Inside

    def _account(self, request: Request) -> Account | None:
        return self.world.accounts.get(request.parameters.get("access_key_id", ""))

    def _context(self, key: str | None, now: float) -> Context:
        account = self.world.accounts[key] if key is not None else next(iter(self.world.accounts.values()))
        stamp = now + self.settings.clock_offset
        return Context(self.world, self.settings, parse("POST", "", "", b""), account, now, stamp, Twist())

    def _on_the_way(self, fault: f.OnTheWay, arrival: Arrival) -> Reply:
        match fault:
            case f.Unreachable():
                return Unreachable()
            case f.LostBefore():
                self._note(arrival, None, fault)
                return Lost(effect=False)
            case f.Late():
                return self._send_late(fault, arrival)
        assert_never(fault)

    def _send_late(self, fault: f.Late, arrival: Arrival) -> Reply:
        seq = self._note(arrival, None, fault)
        ticket = "" if fault.answer == "lost" else self.world.new_id("t")
        sent, due = arrival.request, arrival.now + fault.seconds
        body = sent.body.decode("latin-1")
        self.world.late.append(LateRequest(sent.method, sent.path, sent.query, body, due, ticket))
        self.revision += 1
        if fault.answer == "held":
            self.tickets.hold(ticket, HeldAnswer(sent.call, arrival.now, seq, None))
            return Held(ticket)
        if fault.answer == "delayed":
            self.tickets.delay(ticket, None)
            return Delayed(ticket, fault.seconds)
        return Lost(effect=False)

    def _arrive(self, late: LateRequest) -> None:
        self.world.late.remove(late)
        self.world.show_steps(late.due)
        request = parse(late.method, late.path, late.query, late.body.encode("latin-1"))
        answer = self._perform(Arrival(request, self._account(request), late.due), "late", late=True).answer
        self.revision += 1
        self.tickets.fill(late.ticket, answer)

    def _on_the_answer(self, fault: f.OnTheAnswer, arrival: Arrival) -> Reply:
        if isinstance(fault, (f.Http, f.Code)):
            if fault.effect:
                self._perform(arrival, f.kind_of(fault))
            else:
                self._note(arrival, fault.ret_code if isinstance(fault, f.Code) else None, fault)
            return performing.instead(fault, arrival, self.settings, turn=len(self.log.records))
        done = self._perform(arrival, f.kind_of(fault))
        match fault:
            case f.LostAfter():
                return Lost(effect=done.ret_code == 0)
            case f.Hold() | f.Delay():
                return self._keep(fault, arrival, done)
            case f.Tear():
                half = len(done.answer.body) // 2
                return Torn(done.answer, half if fault.sent is None else max(0, fault.sent))
            case f.Twice():
                self._perform(arrival, "twice", late=True)
                return done.answer
            case f.Patch():
                return replace(done.answer, body=patched(done.answer.body, fault))
        assert_never(fault)

    def _keep(self, fault: f.Hold | f.Delay, arrival: Arrival, done: Outcome) -> Reply:
        ticket = self.world.new_id("t")
        if isinstance(fault, f.Hold):
            held = HeldAnswer(arrival.request.call, arrival.now, len(self.log.records), done.answer)
            self.tickets.hold(ticket, held)
            return Held(ticket)
        self.tickets.delay(ticket, done.answer)
        return Delayed(ticket, fault.seconds)

    def _perform(self, arrival: Arrival, kind: str, bent: Twist | None = None, *, late: bool = False) -> Outcome:
        key, turn = arrival.account.key if arrival.account else "", len(self.log.records)
        over = self._quotas.setdefault(key, Quota()).exceeded(arrival.now, self.settings)
        done = performing.perform(self.world, self.settings, arrival, bent or Twist(), over_quota=over, turn=turn)
        self.revision += bool(done.ids) or done.logged
        self._enter(performing.record(arrival, done, kind, seq=turn + 1, late=late))
        return done

    def _note(self, arrival: Arrival, ret_code: int | None, fault: f.Fault) -> int:
        seq = len(self.log.records) + 1
        nothing = Outcome(Answer(0, {}, b""), ret_code, (), "")
        self._enter(performing.record(arrival, nothing, f.kind_of(fault), seq=seq))
        return seq

    def _enter(self, record: CallRecord) -> None:
        self.log.add(record)
        known = record.key in self.world.accounts and record.ret_code is not None
        if known and (record.ret_code == 0 or self.settings.quota_counts_refused):
            self._quotas.setdefault(record.key, Quota()).count(record.time, self.settings)
