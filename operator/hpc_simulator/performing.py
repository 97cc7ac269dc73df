"""Carrying out one call: admission, quota, the call itself, its answer and its record.

Lives here: the path from a request to an `Outcome`. Only `cloud` imports it.
Never comes in: faults of the transport, the clock.
"""

from dataclasses import dataclass, replace
from email.utils import formatdate
from urllib.parse import unquote

from hpc_simulator import faults as f
from hpc_simulator.accounts import Account
from hpc_simulator.admission import admit
from hpc_simulator.calls import CALLS, Call
from hpc_simulator.calls.context import Context, Twist
from hpc_simulator.envelope import Fields, Refused, body, message, refusal
from hpc_simulator.jobs import CREATE, Job
from hpc_simulator.log import EFFECTS, CallRecord
from hpc_simulator.replies import Answer
from hpc_simulator.request import MISPRINTED_START, Request
from hpc_simulator.settings import Settings
from hpc_simulator.world import World

STRANGER = "usr-another"
"""The owner that a key has under the fault `other-account`."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request, the account behind its key if there is one, and the time (injected clock) of its taking effect."""

    request: Request
    account: Account | None
    now: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call."""

    answer: Answer
    ret_code: int | None
    ids: tuple[str, ...]
    job_id: str
    logged: bool = False
    """Whether a refusal left an entry in the operation log."""


def twist(fault: f.InTheCall | None) -> Twist:
    """How this fault bends a call."""
    match fault:
        case None:
            return Twist()
        case f.Lag(seconds=seconds):
            return Twist(lag=seconds)
        case f.Skip():
            return Twist(skip=fault)
        case f.JobFails(error_code=code):
            return Twist(job_fails=code)
        case f.OtherAccount():
            return Twist(other_account=True)
        case f.Clock(seconds=seconds):
            return Twist(clock=seconds)


def perform(world: World, settings: Settings, arrival: Arrival, bent: Twist, *, over_quota: bool, turn: int) -> Outcome:
    """Carry out one request; refusals are outcomes too. `turn` picks the wording of a refusal."""
    request, account, now = arrival.request, arrival.account, arrival.now
    stamp = now + settings.clock_offset + bent.clock
    try:
        known = admit(request, account, stamp, settings)
        call = _offered(request, settings, over_quota=over_quota)
        known = replace(known, owner=STRANGER) if bent.other_account else known
        ctx = Context(world, settings, request, known, now, stamp, bent, turn=turn)
        fields: Fields = call.perform(ctx)
    except Refused as no:
        text = refusal(action_of(request), no.code, message(no.code, no.detail, turn, settings), settings)
        logged = request.call == "createCluster" and settings.log_refused_creates and account is not None
        if logged and account is not None:
            _log_refusal(world, account, no.code, now, stamp)
        return Outcome(answer(text, stamp, settings, settings.refusal_status), no.code, (), "", logged)
    return Outcome(answer(body(call.action, fields, settings), stamp, settings), 0, tuple(ctx.changed), ctx.job_id)


def answer(
    text: bytes, stamp: float, settings: Settings, status: int = 200, content_type: str = "application/json"
) -> Answer:
    """An HTTP answer with the headers that the settings ask for."""
    headers = {"Content-Type": content_type}
    if settings.date_header:
        headers["Date"] = formatdate(stamp, usegmt=True)
    return Answer(status, headers, text)


def instead(fault: f.Http | f.Code, arrival: Arrival, settings: Settings, *, turn: int) -> Answer:
    """What is answered in place of the call's own answer."""
    stamp = arrival.now + settings.clock_offset
    if isinstance(fault, f.Http):
        return answer(fault.body.encode(), stamp, settings, fault.status, fault.content_type)
    text = message(fault.ret_code, "", turn, settings) if fault.message is None else fault.message
    return answer(refusal(action_of(arrival.request), fault.ret_code, text, settings), stamp, settings)


def action_of(request: Request) -> str:
    """The `action` word of an answer to this request."""
    return CALLS[request.call].action if request.call in CALLS else "HpcResponse"


def record(arrival: Arrival, done: Outcome, kind: str, *, seq: int, late: bool = False) -> CallRecord:
    """The log's record of one call; `kind` names the fault that struck it."""
    request, account = arrival.request, arrival.account
    return CallRecord(
        seq=seq,
        time=arrival.now,
        call=request.call[:60],
        key=account.key if account else "",
        owner=account.owner if account else "",
        ret_code=done.ret_code,
        effect=EFFECTS.get(request.call, "") if done.ids else "",
        ids=done.ids,
        job_id=done.job_id,
        fault=kind,
        late=late,
        detail=_detail(request),
        via=request.via[:200],
    )


def _offered(request: Request, settings: Settings, *, over_quota: bool) -> Call:
    if over_quota:
        raise Refused(2500, "API calls")
    call = CALLS.get(request.call)
    if call is None:
        raise Refused(1101, "not offered yet")
    if request.call == "startCluster" and settings.start_path == "misprinted-too":
        request = replace(request, path=request.path.replace(MISPRINTED_START, "startCluster"))
    user = request.path.removeprefix(call.path) if request.call == "permission" else ""
    if request.path != call.path + user or "/" in user or (request.call == "permission" and not user):
        raise Refused(1101, "no such call")
    if request.method != call.method:
        raise Refused(1101, f"the method is {call.method}")
    return call


def _log_refusal(world: World, account: Account, code: int, now: float, stamp: float) -> None:
    job_id = world.new_id("j")
    world.start(Job(job_id, CREATE, [], account.owner, now, now, stamp, fails=True, error_code=code, ended=True))


def _detail(request: Request) -> str:
    if request.method == "GET":
        wanted = [pair for pair in request.query.split("&") if pair.partition("=")[0] not in _DULL]
        return unquote("&".join(wanted))[:300]
    try:
        fields = request.fields()
    except Refused:
        return "malformed"
    shown = {name: fields[name] for name in _TOLD if name in fields}
    return ", ".join(f"{name}={value}" for name, value in shown.items())[:300]


_DULL = frozenset(("access_key_id", "signature_method", "signature_version", "version", "zone", "signature", "owner"))
_TOLD = (
    *("cluster_name", "cluster_type", "cluster_id", "cluster_ids", "description"),
    *("node_role", "node_count", "cpu", "memory", "node_ids", "node_list"),
)
