"""What a cluster's life consists of, and the points at which a process can die in the middle: for test_kills_changes.

A point is a request on its way from the operator, told by what it carries. A course is one change, with the points
that it has, what it must have come to in the end, and how often each call may have taken effect for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from stage import Seen
from stage.life import BIG, ONE, SMALL, Life, role
from stage.manifests import ehpc

When = Literal["before", "after"]
Sizes = dict[str, list[tuple[int, int]]]


# --- points: requests on their way from the operator


def _status(seen: Seen) -> dict[str, Any]:
    patch = seen.method == "PATCH" and seen.path.endswith("/status") and isinstance(seen.body, dict)
    return (seen.body.get("status") or {}) if patch else {}


def _metadata(seen: Seen) -> dict[str, Any]:
    patch = seen.method == "PATCH" and "/hpcclusters/" in seen.path and not seen.path.endswith("/status")
    return (seen.body.get("metadata") or {}) if patch and isinstance(seen.body, dict) else {}


def intent(seen: Seen) -> bool:
    return bool((_status(seen).get("operation") or {}).get("nonce"))


def call(seen: Seen) -> bool:
    return seen.method == "POST" and "/cluster/" in seen.path


def job(seen: Seen) -> bool:
    """The answer, on its way into the intent."""
    return bool((_status(seen).get("operation") or {}).get("jobId"))


def end(seen: Seen) -> bool:
    """The end of the job, on its way into the intent."""
    return bool((_status(seen).get("operation") or {}).get("endedAt"))


def close(seen: Seen) -> bool:
    return _status(seen).get("operation", "") is None


def described(seen: Seen) -> bool:
    return bool(_status(seen).get("describedAt"))


def taken(seen: Seen) -> bool:
    return bool(_status(seen).get("hpc_cluster_id"))


def record(seen: Seen) -> bool:
    return "hpc.qingcloud.com/record" in (_metadata(seen).get("annotations") or {})


def secret(seen: Seen) -> bool:
    """The only password is taken out of the garbage collector's reach."""
    return seen.method == "PATCH" and "/secrets/" in seen.path


def let_go(seen: Seen) -> bool:
    return "finalizers" in _metadata(seen) and not _metadata(seen)["finalizers"]


Point = Callable[[Seen], bool]


# --- what is done to a cluster


@dataclass(frozen=True, eq=False)
class Course:
    """One change. `before`: the spec that a cluster has first; `fire` begins the change; in the end the cluster has
    `status`, nodes of `sizes` and exactly these effects. `made`: how it comes to be, if not by its manifest.
    """

    name: str
    fire: Callable[[Life], None]
    points: tuple[tuple[Point, When], ...]
    effects: dict[str, int]
    before: dict[str, Any] = field(default_factory=dict)
    status: str = "active"
    sizes: Sizes = field(default_factory=lambda: ONE)
    begins_with: Sizes = field(default_factory=lambda: ONE)
    made: Literal["created", "by hand", "earlier"] = "created"
    ends: Literal["settled", "deleted", "left"] = "settled"


def spec(life: Life, wish: dict[str, Any]) -> None:
    life.stage.kube.merge(life.name, {"spec": wish})


def annotate(life: Life, key: str) -> None:
    life.stage.kube.merge(life.name, {"metadata": {"annotations": {f"hpc.qingcloud.com/{key}": life.expected}}})


def adopt(life: Life) -> None:
    made = ehpc(life.name)
    made["metadata"]["annotations"] = {"hpc.qingcloud.com/adopt": life.expected}
    life.stage.kube.create(made)


def conf(**compute: int) -> dict[str, Any]:
    made = ehpc("any")["spec"]["cluster_conf"]
    made["cluster"]["compute"] |= compute
    return {"cluster_conf": made}


ANSWERED: tuple[tuple[Point, When], ...] = ((intent, "after"), (call, "before"), (call, "after"), (job, "before"))
THREE: Sizes = {**ONE, "compute": [SMALL] * 3}
OUT = Course(
    "out",
    lambda life: spec(life, role("compute", count=3)),
    tuple((point, when) for point in (intent, call, job, end, close) for when in ("before", "after")),
    {"addNodes": 1},
    sizes=THREE,
)
IN = Course(
    "in",
    lambda life: spec(life, role("compute", count=1)),
    (*ANSWERED, (end, "after"), (close, "before")),
    {"deleteNodes": 1},
    before=conf(count=3),
    begins_with=THREE,
)
RESIZE = Course(
    "resize",
    lambda life: spec(life, role("compute", cpu=8, memory=24576)),
    (*ANSWERED, (close, "after")),
    {"resizeCluster": 1},
    sizes={**ONE, "compute": [BIG]},
)
STOP = Course(
    "stop",
    lambda life: spec(life, {"power": "Stopped"}),
    ((intent, "after"), (call, "before"), (job, "before"), (close, "before")),
    {"stopCluster": 1},
    status="stopped",
)
START = Course(
    "start",
    lambda life: spec(life, {"power": "Running"}),
    ((intent, "after"), (call, "after"), (job, "before"), (close, "before")),
    {"stopCluster": 1, "startCluster": 1},
    before={"power": "Stopped"},
)
RENAME = Course(
    "rename",
    lambda life: spec(life, {"cluster_name": "other"}),
    tuple((point, when) for point in (call, described) for when in ("before", "after")),
    {},
)
ADOPT = Course(
    "adopt",
    adopt,
    ((taken, "before"), (taken, "after"), (record, "before"), (call, "after")),
    {},
    made="by hand",
)
TAKE_OVER = Course(
    "take-over",
    lambda life: annotate(life, "take-over"),
    ((taken, "before"), (taken, "after"), (call, "after")),
    {},
    made="earlier",
)
DELETE = Course(
    "delete",
    lambda life: life.stage.kube.delete(life.name),
    (*ANSWERED, (let_go, "before"), (let_go, "after")),
    {"deleteCluster": 1},
    ends="deleted",
)
RETAIN = Course(
    "retain",
    lambda life: life.stage.kube.delete(life.name),
    ((secret, "before"), (secret, "after"), (let_go, "before")),
    {},
    before={"deletionPolicy": "Retain"},
    ends="left",
)
COURSES = (OUT, IN, RESIZE, STOP, START, RENAME, ADOPT, TAKE_OVER, DELETE, RETAIN)
AT_RANDOM = (OUT, IN, RESIZE, STOP, START, DELETE)


@dataclass(frozen=True, eq=False)
class Shot:
    """One cluster whose change is hit at one point; `point` None: at random moments."""

    course: Course
    point: Point | None = None
    when: When = "before"

    @property
    def name(self) -> str:
        if self.point is None:
            return f"{self.course.name}-at-random"
        return f"{self.course.name}-{self.when}-{self.point.__name__.replace('_', '-')}"
