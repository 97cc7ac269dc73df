"""Deletions cut short, and people at the console: clusters destroyed or renamed behind the operator's back."""

from stage import Stage, until

from chaos.acts import annotate, apply, cut, first, held, ready
from chaos.arena import Arena
from chaos.scenarios import scenario


@scenario(
    "killed-deleting",
    "SIGKILL at deleteCluster: before its effect, after it without an answer, and when it was answered",
    creates=4,
    deletes=3,
    ends={"Ready": 1},
)
def killed_deleting(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator()
    names = ("before", "after", "answered")
    first(stage)
    apply(stage, *names)
    ids = ready(stage, *names)
    _killed_before_its_effect(stage, "before")
    stage.cloud.fault("hold", "deleteCluster")
    _delete(stage, "after")
    held(stage)
    _killed(stage)
    cut(stage)
    stage.after_kill()
    stage.wait_gone("after")
    answered = stage.to_kube.hold(lambda seen: "jobId" in str(seen.body) and "/answered" in seen.path, "after")
    _delete(stage, "answered")
    answered.wait()
    _killed(stage)
    answered.drop()
    stage.after_kill()
    stage.wait_gone("answered")
    assert sorted(stage.cloud.gone()) == sorted(ids.values())


def _killed_before_its_effect(stage: Stage, name: str) -> None:
    lost = stage.to_cloud.hold(lambda seen: seen.path.endswith("/deleteCluster"), "before")
    _delete(stage, name)
    lost.wait()
    _killed(stage)
    lost.drop()
    assert stage.cloud.count("deleteCluster") == (0, 0)
    stage.after_kill()
    stage.wait_gone(name)


def _delete(stage: Stage, name: str) -> None:
    stage.kube.kubectl("delete", "hpc", name, "--wait=false")


def _killed(stage: Stage) -> None:
    leading = stage.leading()
    assert leading is not None
    leading.kill()


@scenario(
    "destroyed-outside",
    "a cluster destroyed at the console: `ClusterVanished`, nothing is created in its place",
    creates=2,
    ends={"Ready": 1, "ClusterVanished": 1},
)
def destroyed_outside(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator()
    first(stage)
    apply(stage, "doomed")
    cluster = ready(stage, "doomed")["doomed"]
    stage.cloud.ask("POST", f"/clusters/{cluster}", {"delete": "at-once"})
    stage.wait_reason("doomed", "ClusterVanished")


@scenario(
    "renamed-in-doubt",
    "answer lost, and a person renames the new cluster before it is listed: never a second create; `adopt` ends it",
    creates=2,
    ends={"Ready": 2},
)
def renamed_in_doubt(arena: Arena) -> None:
    stage = arena.stage(list_lag=1.8)
    stage.operator()
    first(stage)
    stage.cloud.fault("lost-after", "createCluster")
    apply(stage, "doubt")
    (made,) = until("its cluster exists", lambda: stage.cloud.clusters("doubt-"), pause=0.02)
    stage.cloud.ask("POST", f"/clusters/{made['cluster_id']}", {"name": "production", "description": "ours"})
    told = stage.wait_reason("doubt", "UnresolvedCreate")
    assert made["cluster_id"] in str(told["conditions"])
    assert stage.cloud.count("createCluster") == (2, 2)
    annotate(stage, "doubt", adopt=made["cluster_id"])
    assert ready(stage, "doubt") == {"doubt": made["cluster_id"]}
