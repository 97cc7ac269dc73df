"""The API server fails: killed, restored to an older state, swallowed by the network, with an older CRD."""

import copy
import threading
import time
from typing import Any

import yaml
from stage import Operator, Stage, until
from stage.manifests import CRD

from chaos.acts import apply, create_call, creates_sent, ends, first, held, install, ready, standby, unchanged
from chaos.arena import Arena
from chaos.scenarios import scenario

EIGHT = tuple(f"eight-{number}" for number in range(8))


@scenario(
    "apiserver-killed",
    "kube-apiserver killed and started again during 8 creations, three times",
    creates=9,
    ends={"Ready": 9},
)
def apiserver_killed(arena: Arena) -> None:
    server = arena.own_server()
    stage = arena.stage(server)
    stage.operator(LEASE_DURATION="60")
    first(stage)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=0.3)
    apply(stage, *EIGHT)
    for sent in (2, 4, 6):
        until(f"{sent} creates", lambda sent=sent: creates_sent(stage) > sent or _all_ready(stage), pause=0.02)
        server.kill_apiserver()
        server.restart_apiserver()
    ready(stage, *EIGHT)


def _all_ready(stage: Stage) -> bool:
    return all(stage.kube.is_ready(each) for each in stage.kube.clusters())


@scenario(
    "apiserver-away",
    "kube-apiserver away for longer than the Lease: exit 3, next process goes on",
    creates=7,
    ends={"Ready": 7},
)
def apiserver_away(arena: Arena) -> None:
    server = arena.own_server()
    stage = arena.stage(server)
    operator = stage.operator(LEASE_DURATION="4")
    first(stage)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=0.5)
    apply(stage, *EIGHT[:6])
    until("2 creates", lambda: creates_sent(stage) > 2, pause=0.02)
    server.kill_apiserver()
    ends(operator, 3)
    server.restart_apiserver()
    stage.operator()
    ready(stage, *EIGHT[:6])


@scenario(
    "etcd-restored",
    "etcd restored to an older state: exit 4; of what came later nothing is created twice",
    creates=5,
    deletes=1,
    ends={"Ready": 3, "OwnedElsewhere": 1, "ClusterVanished": 1},
)
def etcd_restored(arena: Arena) -> None:
    """At the snapshot `old` and `doomed` are Ready, `open` has an open create, `bare` no record and no finalizer yet."""
    server = arena.own_server()
    stage = arena.stage(server)
    operator = stage.operator(LEASE_DURATION="60")
    apply(stage, "old", "doomed")
    ids = ready(stage, "old", "doomed")
    stage.cloud.fault("hold", "createCluster", contains="open-")
    apply(stage, "open")
    held(stage)
    operator.freeze()
    apply(stage, "bare")
    snapshot = server.snapshot(arena.folder / "etcd")
    operator.thaw()
    stage.cloud.ask("POST", "/release", {})
    apply(stage, "new")
    ids |= ready(stage, "open", "bare", "new")
    stage.kube.kubectl("delete", "hpc", "doomed", "--timeout=120s")
    server.restore(snapshot)
    ends(operator, 4)
    _without_memory(stage, "bare")
    stage.after_kill()  # the restored Lease may be one that could not be given back
    apply(stage, "new")
    unchanged(
        "their clusters", lambda: ready(stage, "old", "open", "bare"), {n: ids[n] for n in ("old", "open", "bare")}
    )
    stage.wait_reason("new", "OwnedElsewhere")
    stage.wait_reason("doomed", "ClusterVanished")


def _without_memory(stage: Stage, name: str) -> None:
    """The scene is the one meant: the restored object knows of nothing."""
    found = stage.kube.cluster(name)
    assert found is not None
    assert "finalizers" not in found["metadata"]
    assert "operation" not in found["status"]
    assert "hpc_cluster_id" not in found["status"]


@scenario(
    "black-hole",
    "the way to the API server swallows everything for longer than the Lease: exit 3 before another leads",
    creates=7,
    ends={"Ready": 7},
)
def black_hole(arena: Arena) -> None:
    stage = arena.stage()
    dark, through_dark = arena.own_way(stage)
    lease = {"LEASE_DURATION": "8"}
    leader = stage.operator(**through_dark, **lease)
    first(stage)
    second = standby(stage, **lease)
    stage.cloud.fault("delay", "createCluster", count=None, seconds=0.5)
    apply(stage, *EIGHT[:6])
    until("2 creates", lambda: creates_sent(stage) > 2, pause=0.02)
    ended = _watch_end(leader)
    dark.swallow()
    began = time.monotonic()
    until("another leads", second.leads)
    ends(leader, 3)
    led = next(seen.at for seen in stage.to_kube.writes(but=()) if seen.path.endswith("/leases/hpc-operator"))
    assert ended, "the first process had not ended when another led"
    assert ended[0] < led, f"the first process ended {ended[0] - led:.2f} s after another asked for the Lease"
    arena.note(f"ended {ended[0] - began:.1f} s after the way went dark, {led - ended[0]:.1f} s before another led")
    dark.heal()
    ready(stage, *EIGHT[:6])


def _watch_end(operator: Operator) -> list[float]:
    """When it ended, as soon as it has."""
    ended: list[float] = []

    def wait() -> None:
        if operator.program.wait(120) is not None:
            ended.append(time.monotonic())

    threading.Thread(target=wait, daemon=True).start()
    return ended


@scenario(
    "crd-too-old",
    "a CRD without fields of `status.operation`, before and while the operator runs: nothing is sent; heals with the CRD",
    creates=2,
    ends={"Ready": 2},
)
def crd_too_old(arena: Arena) -> None:
    server = arena.own_server()
    stage = arena.stage(server, crd=False)
    install(server, _older("nonce", "startedAt", "key"))
    apply(stage, "before")
    operator = stage.launch()
    until("it waits and says so", lambda: "CrdTooOld" in operator.probe("/readyz")[1])
    assert stage.to_cloud.log == []
    install(server)
    ready(stage, "before")
    install(server, _older("nonce"))
    apply(stage, "meanwhile")
    stage.wait_reason("meanwhile", "CrdTooOld")
    assert len([seen for seen in stage.to_cloud.log if create_call(seen)]) == 1
    install(server)
    ready(stage, "meanwhile")


def _older(*dropped: str) -> dict[str, Any]:
    """Our CRD as an earlier version may have been: without these fields of status.operation, and without rules."""
    crd = copy.deepcopy(yaml.safe_load(CRD.read_text()))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema.pop("x-kubernetes-validations", None)
    operation = schema["properties"]["status"]["properties"]["operation"]
    for name in dropped:
        del operation["properties"][name]
    operation["required"] = [name for name in operation.get("required", []) if name not in dropped]
    return crd
