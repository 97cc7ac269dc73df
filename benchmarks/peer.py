"""A peer's way of doing it: the operator that Kopf's tutorial teaches, for the same resource and API. A process.

`kopf.on.create` calls createCluster and puts its answer into status, `kopf.timer` asks for each resource's cluster
every 30 s, `kopf.on.delete` deletes and waits. Written as well as that way allows: one async HTTP client for all,
errors by kind (Kopf tries a TemporaryError again, and never a PermanentError), progress in annotations as Kopf's pages
ask for CRDs with a schema, a status that changes only when the cluster's does. It borrows the project's signer, keys
and manifest; the rest of the operator is unknown to it. `python -m benchmarks.peer --namespace … --endpoint …`.
"""

import argparse
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import httpx
import kopf
from stage.operators import KEY

from hpc_operator.cloud.signing import Signer

AGENT = f"kopf/{version('kopf')}"
PLURAL, READY = "hpcclusters.hpc.qingcloud.com", "the peer watches"
INTERVAL = 30.0
"""Seconds between two looks at one cluster."""
_AGAIN = 5.0
_PERMANENT = frozenset((1100, 1101, 1200, 8000))
_PASSWORD = "Aa1!Aa1!Aa1!Aa1!Aa1!"  # noqa: S105 - the simulator's, for a cluster that does not exist


class Api:
    """The HPC API with one client for all handlers."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._signer = endpoint, Signer(KEY["ACCESS_KEY_ID"], KEY["SECRET_ACCESS_KEY"])
        self._client = httpx.AsyncClient(timeout=30)

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """One read."""
        signed = self._signer.get(self._endpoint, path, {"zone": KEY["ZONE"], **query}, time.time())
        return self._read(await self._client.get(signed.url))

    async def post(self, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """One change."""
        signed = self._signer.post(self._endpoint, path, {"zone": KEY["ZONE"]}, time.time(), json.dumps(fields))
        headers = {"content-type": "application/json"}
        return self._read(await self._client.post(signed.url, content=signed.body, headers=headers))

    @staticmethod
    def _read(answer: httpx.Response) -> dict[str, Any]:
        found: dict[str, Any] = answer.json()
        if found["ret_code"] in _PERMANENT:
            raise kopf.PermanentError(found.get("message", found["ret_code"]))
        if found["ret_code"]:
            raise kopf.TemporaryError(found.get("message", found["ret_code"]), delay=_AGAIN)
        return found


@kopf.on.startup()
async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """As Kopf's page on CRDs with a schema asks: what is unknown to it would be cut from status."""
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage()
    print(READY, flush=True)


@kopf.on.create(PLURAL)
async def create(spec: kopf.Spec, name: str | None, patch: kopf.Patch, memo: Any, **_: Any) -> None:
    """A resource is new: make its cluster."""
    answer = await memo.api.post("/cluster/createCluster", wished(spec, name or ""))
    patch.status["hpc_cluster_id"] = answer["hpc_cluster_id"]
    patch.status["job_id"] = answer["job_id"]


@kopf.timer(PLURAL, interval=INTERVAL)
async def poll(status: kopf.Status, meta: kopf.Meta, patch: kopf.Patch, memo: Any, **_: Any) -> None:
    """Bring the status up to what the cluster is."""
    cluster_id = status.get("hpc_cluster_id")
    if cluster_id is None:
        return
    answer = await memo.api.get("/cluster/list", owner=KEY["OWNER"], cluster_id=cluster_id)
    shown = answer["cluster_set"][0]["cluster_status"] if answer["cluster_set"] else "gone"
    if shown != status.get("cluster_status"):
        patch.status["cluster_status"] = shown
        patch.status["conditions"] = [ready(shown, meta.get("generation", 0))]


@kopf.on.delete(PLURAL)
async def delete(status: kopf.Status, memo: Any, **_: Any) -> None:
    """A resource goes: its cluster goes first."""
    cluster_id = status.get("hpc_cluster_id")
    if cluster_id is None:
        return
    answer = await memo.api.get("/cluster/list", owner=KEY["OWNER"], cluster_id=cluster_id)
    if not answer["cluster_set"]:
        return
    if answer["cluster_set"][0]["cluster_status"] != "deleting":
        await memo.api.post("/cluster/deleteCluster", {"cluster_ids": [cluster_id], "run_user": KEY["OWNER"]})
    raise kopf.TemporaryError(f"{cluster_id} is being deleted", delay=_AGAIN)


def wished(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The body of a createCluster."""
    conf = json.loads(json.dumps(dict(spec["cluster_conf"])))
    conf["cluster"]["name"] = name
    for role in ("login", "controller", "compute"):
        conf["cluster"][role].setdefault("count", 1)
    conf["env"] |= {"admin.password": _PASSWORD, "admin.user_id": 1000, "admin.group_id": 1000}
    who = {"owner": KEY["OWNER"], "user_id": KEY["OWNER"], "zone": KEY["ZONE"]}
    terms = {"paid_type": "PayForUsed", "duration": 0, "is_auto_renewal": 0, "uid_number": 1000, "gid_number": 1000}
    return {**terms, **spec, **who, "cluster_name": name, "cluster_conf": conf}


def ready(shown: str, generation: int) -> dict[str, Any]:
    """The Ready condition of a cluster with this status."""
    return {
        "type": "Ready",
        "status": "True" if shown == "active" else "False",
        "reason": shown.capitalize(),
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
    }


if __name__ == "__main__":
    flags = argparse.ArgumentParser()
    flags.add_argument("--namespace", required=True)
    flags.add_argument("--endpoint", required=True)
    given = flags.parse_args()
    kopf.run(namespaces=[given.namespace], standalone=True, memo=kopf.Memo(api=Api(given.endpoint)))
