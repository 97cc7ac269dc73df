"""The HPC API fails: restarted, down, slow, out of calls."""

from stage import until

from chaos.acts import about, apply, create_call, creates_sent, first, held, ready, wait_reasons
from chaos.arena import Arena
from chaos.scenarios import scenario

FIVE = tuple(f"five-{number}" for number in range(5))


@scenario(
    "cloud-restarted",
    "the HPC API killed with one create answered to nobody and one on its way, then started again",
    creates=3,
    posts=4,
    ends={"Ready": 3},
)
def cloud_restarted(arena: Arena) -> None:
    stage = arena.stage(list_lag=1.0)
    stage.operator()
    first(stage)
    stage.cloud.fault("hold", "createCluster", contains="effect-")
    on_its_way = stage.to_cloud.hold(
        lambda seen: create_call(seen) and "nothing-" in seen.body["cluster_name"], "before"
    )
    apply(stage, "effect", "nothing")
    held(stage)
    on_its_way.wait()
    stage.cloud.kill()
    on_its_way.drop()
    stage.wait_reason("nothing", "CreateUnanswered")
    stage.cloud.restart()
    ready(stage, "effect", "nothing")


@scenario("cloud-down", "connections refused while 5 are applied; then open again", creates=6, ends={"Ready": 6})
def cloud_down(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator()
    first(stage)
    stage.cloud.set(tap_closed=True)
    apply(stage, *FIVE)
    wait_reasons(stage, "LookingFirst", FIVE)
    assert creates_sent(stage) == 1, "nothing is sent on a failed look"
    stage.cloud.set(tap_closed=False)
    ready(stage, *FIVE)


@scenario(
    "cloud-slow",
    "every answer takes 1 s, and a create's longer than the operator waits",
    creates=6,
    ends={"Ready": 6},
)
def cloud_slow(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator(READ_TIMEOUT="2")
    first(stage)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=4)
    stage.cloud.fault("delay", "*", count=None, seconds=1)
    apply(stage, *FIVE)
    ready(stage, *FIVE)


@scenario(
    "cloud-throttles",
    "2500 on every call, `QuotaExhausted`, then 2500 on a create alone, `ResourceQuotaExceeded`; both heal by themselves",
    creates=5,
    posts=6,
    ends={"Ready": 5},
)
def cloud_throttles(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator(QUOTA_PAUSE="6")
    first(stage)
    stage.cloud.set(call_quota=0)
    before = stage.cloud.last_call()
    apply(stage, *FIVE[:3])
    wait_reasons(stage, "QuotaExhausted", FIVE[:3])
    waiting = len(stage.to_kube.log)
    until("the tap was closed once and opened again", lambda: _refused(arena) >= 2)
    written = len(stage.to_kube.writes(since=waiting))
    assert written <= 9, f"waiting for the window was written down {written} times"
    spent = len(stage.cloud.calls(since=before))
    arena.note(
        f"{spent} calls were refused in two windows of 6 s: the tap stays closed for {len(FIVE[:3])} resources at once"
    )
    assert spent < 12, "2500 is never retried in a tight loop"
    assert creates_sent(stage) == 1
    stage.cloud.set(call_quota=10**6)
    ready(stage, *FIVE[:3])
    stage.cloud.fault("code", "createCluster", ret_code=2500)
    apply(stage, FIVE[4])
    stage.wait_reason(FIVE[4], "ResourceQuotaExceeded")
    ready(stage, FIVE[4])


@scenario(
    "cloud-refuses",
    "1200, then 5300 on every call, in varying words: told once, not written again and again; heals",
    creates=3,
    ends={"Ready": 3},
)
def cloud_refuses(arena: Arena) -> None:
    stage = arena.stage()
    stage.operator()
    first(stage)
    for code, name in ((1200, "refused"), (5300, "updating")):
        stage.cloud.fault("code", "*", count=None, ret_code=code)
        apply(stage, name)
        stage.wait_reason(name, "LookingFirst")
        told, last = len(stage.to_kube.log), stage.cloud.last_call()
        until("20 more calls are refused", lambda last=last: len(stage.cloud.calls(since=last)) >= 20)
        again = [seen for seen in stage.to_kube.writes(since=told) if about(seen, name)]
        assert len(again) <= 2, f"{code} was written to one resource {len(again)} times"
        stage.cloud.ask("DELETE", "/faults")
        ready(stage, name)


def _refused(arena: Arena) -> int:
    """How often calls began to be refused: bursts that lie more than 3 s apart."""
    times = [call["time"] for call in arena.stages[0].cloud.calls() if call["ret_code"] == 2500]
    return sum(1 for earlier, later in zip([0.0, *times], times, strict=False) if later - earlier > 3)
