"""Every single fault at every point of a life: the table of what can strike where, and the runs, on all cores."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from faults.harness.cores import on_all_cores
from faults.harness.injection import Kind, Strike
from faults.harness.life import Course, Verdict, live
from hpc_simulator import faults as f
from hpc_simulator.faults import Fault as CloudFault

_READ = (Kind.CRASH_BEFORE, Kind.CRASH_AFTER, Kind.FREEZE_AFTER)
_ALWAYS = (*_READ, Kind.FREEZE_BEFORE)
_STORE = (*_ALWAYS, Kind.UNAVAILABLE, Kind.ANSWER_LOST, Kind.CONFLICT)
_REQUEST = (Kind.CRASH_AFTER, Kind.UNAVAILABLE, Kind.ANSWER_LOST)
_SAME = (
    "kube.PATCH status",
    "kube.PATCH object",
)  # the last request of a port call: the call's own faults are the same

PORTS: dict[str, tuple[Kind, ...]] = {
    "Store.announce": _ALWAYS,  # its failures never leave the store: they strike at the request inside
    "Store.password": (*_STORE, Kind.SECRET_PROBLEM),
    "Store.admin_password": (*_STORE, Kind.SECRET_PROBLEM),
    "Keys.credentials": (*_READ, Kind.UNAVAILABLE, Kind.SECRET_PROBLEM),
    "Budget.permit": (*_READ, Kind.EXHAUSTED),
    **{
        f"Store.{name}": _STORE
        for name in ("read", "remember", "write_intent", "write_status", "release", "keep_secrets", "drop_secrets")
    },
    **{f"Calls.{name}": _ALWAYS for name in ("create", "delete", "describe", "change", "person")},
    "Store.connect": (*_STORE, Kind.SECRET_PROBLEM),
    "Store.doomed": _READ,
    **{f"Looks.{name}": _READ for name in ("listing", "log", "by_id", "nodes")},
}
"""What can strike at each coroutine of the ports; a coroutine that is missing here turns the suite red."""

_HTML = f.Http(200, effect=True)
_NO_CODE = f.Http(200, body="{}", content_type="application/json", effect=True)
_LOST: tuple[CloudFault, ...] = (f.Unreachable(), f.LostBefore(), f.LostAfter(), f.Tear(), f.Delay(20), f.Delay(100))
_GATEWAY: tuple[CloudFault, ...] = (f.Http(502), f.Http(502, effect=True), _HTML, _NO_CODE)
_LATE: tuple[CloudFault, ...] = (
    f.Late(5), f.Late(45), f.Late(59), f.Late(75), f.Late(20, "delayed"), f.Late(59, "delayed"),
)  # fmt: skip
_CODES: tuple[CloudFault, ...] = (
    *(f.Code(code) for code in (1100, 1101, 1200, 1300, 1400, 2100, 2400, 2500, 4000, 5200, 8000)),
    *(f.Code(code) for code in (2110, 5000, 5100, 5300, 5400, 9999)),
    *(f.Code(code, effect=True) for code in (2110, 5000, 5100, 5300, 5400, 9999)),
)
_LOOK: tuple[CloudFault, ...] = (
    f.Unreachable(), f.LostBefore(), f.Tear(), f.Delay(10), f.Http(502), f.Http(200), f.Code(5000), f.Code(2500),
    f.Code(1200), f.Code(1300), f.Lag(60), f.Skip(), f.OtherAccount(), f.Clock(300),
)  # fmt: skip

_FEW_LOOKS: tuple[CloudFault, ...] = (f.LostBefore(), f.Http(502), f.Lag(60), f.Skip(), f.OtherAccount())

_CHANGE: tuple[CloudFault, ...] = (
    *_LOST, f.Http(502), f.Http(502, effect=True), f.Late(45), f.Code(1101), f.Code(1400), f.Code(2400), f.Code(2500),
    f.Code(5000), f.Code(5000, effect=True), f.JobFails(), f.OtherAccount(), f.Patch(remove=("job_id",)),
)  # fmt: skip

CLOUD: dict[str, tuple[CloudFault, ...]] = {
    "createCluster": (
        *_LOST, *_GATEWAY, *_LATE, *_CODES, f.JobFails(), f.OtherAccount(),
        f.Patch(remove=("hpc_cluster_id",)), f.Patch(remove=("job_id",)),
    ),
    "deleteCluster": (*_LOST, *_GATEWAY, *_LATE, *_CODES, f.JobFails(), f.OtherAccount(), f.Patch(remove=("job_id",))),
    "addNodes": (*_LOST, *_GATEWAY, *_LATE, *_CODES, f.JobFails(), f.OtherAccount(), f.Patch(remove=("job_id",))),
    "deleteNodes": (*_LOST, *_GATEWAY, *_LATE, *_CODES, f.JobFails(), f.OtherAccount(), f.Patch(remove=("job_id",))),
    **dict.fromkeys(("resizeCluster", "startCluster", "stopCluster"), _CHANGE),
    "modifyCluster": (*_LOST, f.Http(502), f.Late(30), f.Code(1400), f.Code(5000), f.Code(5000, effect=True)),
    "list": (*_LOOK, f.Patch(replace={"cluster_set.0.cluster_status": "strange"}), f.Patch(remove=("total_count",))),
    "operation": (*_LOOK, f.Patch(replace={"job_set.0.status": "strange"})),
    "listNodes": (f.LostBefore(), f.Http(502), f.Code(1400), f.Patch(remove=("hpc_app_nodes_set",))),
    "permission": (f.LostBefore(), f.Http(502), f.Code(1400), f.Code(2100), f.Patch(remove=("uid_number",))),
}  # fmt: skip
"""What can strike at each exchange with the cloud."""


@dataclass(frozen=True, slots=True)
class Single:
    """One run: a life with one fault at one point."""

    course: Course
    strike: Strike
    point: str

    def __str__(self) -> str:
        return f"{self.course.name} {self.point} {self.strike}"


def kinds(course: Course, point: str) -> tuple[Kind | CloudFault, ...]:
    """All that can strike at this point; a point without an entry is an error."""
    room, _, rest = point.partition(".")
    if room == "cloud":
        return _FEW_LOOKS if rest in ("list", "operation") and not course.thorough else CLOUD[rest]
    if room == "kube":
        return () if point in _SAME else _REQUEST
    return PORTS[point]


def singles(course: Course, alone: Verdict) -> Iterator[Single]:
    """Every single fault of this course. `alone`: how it went without one.

    A read that is repeated while nothing changed is struck once, at its first time; twice in a thorough course.
    """
    times: Counter[tuple[str, int]] = Counter()
    for index, (point, state) in enumerate(zip(alone.points, alone.states, strict=True)):
        times[point, state] += 1
        repeated = times[point, state] > (2 if course.thorough else 1)
        if not repeated and not alone.settled <= index < alone.asked:
            for fault in kinds(course, point):
                yield Single(course, Strike(index, fault), point)


def _play(single: Single) -> tuple[Single, Verdict]:
    return single, live(single.course, (single.strike,))


def play_all(plans: Iterable[Single]) -> Iterator[tuple[Single, Verdict]]:
    """Play the runs on all cores."""
    yield from on_all_cores(_play, plans, at_once=8)
