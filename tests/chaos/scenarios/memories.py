"""What is remembered, and what is lost of it: unanswered creates, killed processes, stripped and wiped resources."""

from functools import partial

from stage import Stage, until

from chaos.acts import (
    annotate,
    apply,
    create_call,
    cut,
    ends,
    first,
    force_away,
    held,
    ready,
    replace_bare,
    unchanged,
    wipe_status,
)
from chaos.arena import Arena
from chaos.scenarios import scenario


def _unanswered_and_killed(arena: Arena, echo: str) -> None:
    """One answer is lost; then the process is killed while it waits for another."""
    stage = arena.stage(name_echo=echo, list_lag=1.0, log_lag=1.0)
    operator = stage.operator()
    first(stage)
    stage.cloud.fault("lost-after", "createCluster", contains="lost-")
    apply(stage, "lost")
    _resolved(stage, "lost", echo)
    stage.cloud.fault("hold", "createCluster", contains="killed-")
    apply(stage, "killed")
    held(stage)
    operator.kill()
    cut(stage)
    stage.after_kill()
    _resolved(stage, "killed", echo)


def _resolved(stage: Stage, name: str, echo: str) -> None:
    """By the mark; where the account shows none, by a person who names the candidate that the condition tells."""
    if echo == "none":
        told = stage.wait_reason(name, "UnresolvedCreate")
        (cluster,) = stage.cloud.clusters(f"{name}-")
        assert cluster["cluster_id"] in str(told["conditions"]), "the candidate is named"
        annotate(stage, name, adopt=cluster["cluster_id"])
    ready(stage, name)


for _echo, _what in (
    ("top", "answer lost, then SIGKILL before an answer; the account lists the top name"),
    ("conf", "the same; it lists the name in cluster_conf"),
    ("none", "the same; it lists neither: `UnresolvedCreate` names the candidate, a person answers `adopt`"),
):
    scenario(f"names-{_echo}", _what, creates=3, ends={"Ready": 3})(partial(_unanswered_and_killed, echo=_echo))


@scenario(
    "replaced-settled",
    "`kubectl replace` strips finalizer and annotations of a Ready resource",
    creates=1,
    ends={"Ready": 1},
)
def replaced_settled(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator()
    cluster = first(stage)
    replace_bare(stage, "first")
    until("both memories are back", lambda: _remembered(stage, "first"))
    unchanged("its cluster", lambda: ready(stage, "first"), {"first": cluster})


def _remembered(stage: Stage, name: str) -> bool:
    meta = (stage.kube.cluster(name) or {"metadata": {}})["metadata"]
    return "hpc.qingcloud.com/cluster" in meta.get("finalizers", []) and "hpc.qingcloud.com/record" in meta.get(
        "annotations", {}
    )


@scenario(
    "replaced-in-doubt",
    "the same while a create is open: answer still held; answer lost and process killed",
    creates=3,
    ends={"Ready": 3},
)
def replaced_in_doubt(arena: Arena) -> None:
    stage = arena.stage(list_lag=1.0)
    operator = stage.operator()
    first(stage)
    for name in ("held", "killed"):
        stage.cloud.fault("hold", "createCluster", contains=f"{name}-")
    apply(stage, "held")
    held(stage)
    replace_bare(stage, "held")
    stage.cloud.ask("POST", "/release", {})
    ready(stage, "held")
    apply(stage, "killed")
    held(stage)
    operator.kill()
    replace_bare(stage, "killed")
    cut(stage)
    stage.after_kill()
    ready(stage, "killed")
    until("both memories are back", lambda: _remembered(stage, "held") and _remembered(stage, "killed"))


@scenario("wiped-settled", "status of a Ready resource replaced by nothing", creates=1, ends={"Ready": 1})
def wiped_settled(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator()
    cluster = first(stage)
    wipe_status(stage, "first")
    unchanged("its cluster", lambda: ready(stage, "first"), {"first": cluster})


@scenario(
    "wiped-in-lag",
    "status wiped after a lost answer, before the account lists the cluster; also with the process killed",
    creates=3,
    ends={"Ready": 3},
)
def wiped_in_lag(arena: Arena) -> None:
    stage = arena.stage(list_lag=1.8, log_lag=1.8)
    operator = stage.operator()
    first(stage)
    stage.cloud.fault("lost-after", "createCluster", contains="living-")
    apply(stage, "living")
    until("its cluster exists", lambda: stage.cloud.clusters("living-"), pause=0.02)
    wipe_status(stage, "living")
    ready(stage, "living")
    stage.cloud.fault("hold", "createCluster", contains="killed-")
    apply(stage, "killed")
    held(stage)
    operator.kill()
    wipe_status(stage, "killed")
    cut(stage)
    stage.after_kill()
    ready(stage, "killed")


TEN = tuple(f"ten-{number}" for number in range(10))


@scenario(
    "applied-again",
    "10 resources forced away and applied again from the same manifests: nothing is created",
    creates=10,
    ends={"OwnedElsewhere": 10},
)
def applied_again(arena: Arena) -> None:
    _ten_again(arena)


@scenario("taken-over", "the same, then `take-over` on each: the same clusters", creates=10, ends={"Ready": 10})
def taken_over(arena: Arena) -> None:
    stage, before = _ten_again(arena)
    for name in TEN:
        stage.wait_reason(name, "OwnedElsewhere")
        annotate(stage, name, take_over=before[name])
    unchanged("the clusters by name", lambda: ready(stage, *TEN), before)


def _ten_again(arena: Arena) -> tuple[Stage, dict[str, str]]:
    stage = arena.stage()
    operator = stage.operator()
    apply(stage, *TEN)
    before = ready(stage, *TEN)
    operator.terminate()
    ends(operator, 0)
    force_away(stage, *TEN)
    apply(stage, *TEN)
    stage.operator()
    return stage, before


@scenario(
    "stopped-meanwhile",
    "SIGTERM; two are created, one is deleted, one comes and goes; started again",
    creates=4,
    deletes=1,
    ends={"Ready": 3},
)
def stopped_meanwhile(arena: Arena) -> None:
    stage = arena.stage()
    operator = stage.operator()
    apply(stage, "stays", "goes")
    ready(stage, "stays", "goes")
    operator.terminate()
    ends(operator, 0)
    apply(stage, "new-1", "new-2", "brief")
    stage.kube.kubectl("delete", "hpc", "goes", "--wait=false")
    stage.kube.kubectl("delete", "hpc", "brief", "--timeout=60s")
    stage.operator()
    ready(stage, "stays", "new-1", "new-2")
    stage.wait_gone("goes")
    assert [each["body"] for each in _sent_for(stage, "brief")] == []


def _sent_for(stage: Stage, name: str) -> list[dict]:
    return [{"body": seen.body} for seen in stage.to_cloud.log if create_call(seen) and f"{name}-" in str(seen.body)]
