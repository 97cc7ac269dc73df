"""Many settled resources and their clusters, in seconds and without their creations: an account with a past.

One resource is really created and settled by an operator, which has ended when this begins. The simulator copies its
cluster; `likeness` says what the copies are; they are put into etcd as the API server stored the model, since three
writes each through the API server cost it 40 ms of CPU time. Secrets are not made: nothing reads one after its create.
Rows import it; that an operator finds nothing to do is theirs to count.
"""

import base64
import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any

from stage.operators import Operator
from stage.waiting import until

from benchmarks.likeness import Identity, Model, ref_of, shown
from benchmarks.load import apply, is_ready
from benchmarks.stage import FLEET, Scene, quiet

_APART = 60.0
"""Seconds between two copies' creates: the log of operations is a row and no heap."""
_PUTS = 100
"""In one transaction; etcd takes 128."""
_KEY = "/registry/hpc.qingcloud.com/hpcclusters"


def settle_one(scene: Scene, operator: Operator, name: str) -> Model:
    """Let an operator create a resource and settle it."""
    apply(scene.kube, [name], {"ready": is_ready}, operator.program)
    quiet(operator)
    return Model(FLEET, until(f"{name} is settled", lambda: _settled(scene.kube.cluster(name))))


def _settled(raw: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return raw if raw is not None and raw["status"].get("nodes") and raw["status"].get("described") else None


def seed(scene: Scene, model: Model, wanted: Sequence[str]) -> list[Identity]:
    """Make resources of these names as settled as the model. No operator may be running.

    Returned when the API server shows them all.
    """
    there = len(scene.kube.clusters())
    refs = [ref_of(scene.namespace, name) for name in wanted]
    copies = [{"name": each.name, "description": each.description} for each in (shown(FLEET, ref) for ref in refs)]
    path = f"/clusters/{model.identity.cluster_id}/copies"
    made = scene.cloud.ask("POST", path, {"copies": copies, "apart": _APART})
    fresh = [
        Identity(ref, each["cluster_id"], each["job_id"], each["create_time"])
        for ref, each in zip(refs, made, strict=True)
    ]
    _store(scene, [model.of(each) for each in fresh])
    until("the seeded are served", lambda: len(scene.kube.clusters()) == there + len(wanted), pause=0.5)
    return fresh


def _store(scene: Scene, objects: Sequence[Mapping[str, Any]]) -> None:
    """Put them where the API server would. Source: etcd, "gRPC gateway" (/v3/kv/txn)."""
    etcd = scene.kube.server.etcd()
    for first in range(0, len(objects), _PUTS):
        puts = [{"request_put": _put(each)} for each in objects[first : first + _PUTS]]
        etcd.request("POST", "/v3/kv/txn", json.dumps({"success": puts}))
        answer = etcd.getresponse()
        told = answer.read()
        if answer.status != http.HTTPStatus.OK or not json.loads(told).get("succeeded"):
            raise RuntimeError(f"etcd did not store what is to be measured: {answer.status} {told[:500]!r}")
    etcd.close()


def _put(made: Mapping[str, Any]) -> dict[str, str]:
    meta = made["metadata"]
    text = json.dumps(made, separators=(",", ":"))
    return {"key": _coded(f"{_KEY}/{meta['namespace']}/{meta['name']}"), "value": _coded(text)}


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
