"""The operator's clock is wrong by minutes, against Kubernetes and against the cloud."""

from functools import partial

from stage import until

from chaos.acts import apply, ends, ready, unchanged
from chaos.arena import Arena
from chaos.scenarios import scenario


def _wrong_clock(arena: Arena, seconds: float) -> None:
    stage = arena.stage()
    operator = stage.operator()
    apply(stage, "stays", "goes")
    ready(stage, "stays", "goes")
    operator.terminate()
    ends(operator, 0)
    wrong = stage.operator(clock=seconds)
    apply(stage, "new")
    stage.kube.kubectl("delete", "hpc", "goes", "--wait=false")
    for name in ("new", "goes"):
        stage.wait_reason(name, "ClockSkewed")
    last = stage.cloud.last_call()
    until("more looks", lambda: len(stage.cloud.calls(since=last)) > 4)
    unchanged("createCluster", lambda: stage.cloud.count("createCluster"), (2, 2))
    unchanged("deleteCluster", lambda: stage.cloud.count("deleteCluster"), (0, 0))
    wrong.terminate()
    ends(wrong, 0)
    stage.operator()
    ready(stage, "stays", "new")
    stage.wait_gone("goes")


for _seconds, _name in ((300, "ahead"), (-300, "behind")):
    scenario(
        f"clock-{_name}",
        f"the operator's clock 5 minutes {_name}: no create, no delete; right again after a restart",
        creates=3,
        deletes=1,
        ends={"Ready": 2},
    )(partial(_wrong_clock, seconds=_seconds))
