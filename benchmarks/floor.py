"""The bare floor: what the same writes cost when nothing is decided. A process: `python -m benchmarks.floor`.

For each new HpcCluster: finalizer and record, intent, createCluster, answer, first report; each under the
resourceVersion of the one before, with the operator's concurrency and numbers of connections. No looks, no Secret, no
Lease, no events, no retry, no safety: whoever is as quick as this has nothing left to save. The texts are written with
the operator's own encoders, so that the bytes are alike.
"""

import argparse
import asyncio
import base64
import json
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from stage.kube import GROUP
from stage.operators import KEY
from yarl import URL

from hpc_operator.cloud.signing import Signer
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, marked, stem
from hpc_operator.domain.record import Account, Closed, Intent, Memory, OperationAction, Origin, Outcome, Record
from hpc_operator.kube import names
from hpc_operator.kube.instants import write_time
from hpc_operator.kube.memory_written import encode_intent, encode_memory, encode_record

AGENT = "bare-floor"
READY = "the floor watches"
_CONCURRENCY = 16  # settings.concurrency
_CONNECTIONS = 20  # kube.store and cloud.transport, each
_MERGE = "application/merge-patch+json"
_PASSWORD = "Aa1!Aa1!Aa1!Aa1!Aa1!"  # noqa: S105 - the simulator's, for a cluster that does not exist


@dataclass(frozen=True, slots=True)
class Places:
    """Where to write: the collection's URL, the HPC API."""

    path: str
    endpoint: str


class Floor:
    """Writes for every resource that the watch adds."""

    def __init__(self, kube: aiohttp.ClientSession, cloud: aiohttp.ClientSession, places: Places) -> None:
        self._kube, self._cloud, self._places = kube, cloud, places
        self._account = Account(places.endpoint, KEY["ZONE"], KEY["OWNER"])
        self._signer = Signer(KEY["ACCESS_KEY_ID"], KEY["SECRET_ACCESS_KEY"])
        self._free = asyncio.Semaphore(_CONCURRENCY)

    async def run(self) -> None:
        """For ever."""
        async with self._kube.get(self._places.path, params={"limit": "1"}) as answer:
            version = (await answer.json())["metadata"]["resourceVersion"]
        query = {"watch": "1", "resourceVersion": version}
        async with asyncio.TaskGroup() as tasks, self._kube.get(self._places.path, params=query) as answer:
            print(READY, flush=True)
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ADDED":
                    tasks.create_task(self._serve(event["object"]))

    async def _serve(self, raw: dict[str, Any]) -> None:
        async with self._free:
            meta = raw["metadata"]
            mark = Mark(stem("bench", Ref(meta["namespace"], meta["name"], meta["uid"])), 1)
            intent = self._intent(mark)
            record = Record(mark.stem, self._account, Origin.CREATED, nonce=intent.nonce, key=intent.key)
            kept = {"finalizers": [names.FINALIZER], "annotations": {names.ANNOTATION_RECORD: encode_record(record)}}
            raw = await self._patch(raw, {"metadata": kept})
            raw = await self._patch(raw, {"status": {"operation": encode_intent(intent)}}, "/status")
            answer = await self._create(raw["spec"], marked(meta["name"], mark))
            raw = await self._patch(raw, {"status": {**_answered(intent, answer), "operation": None}}, "/status")
            await self._patch(raw, {"status": _report(meta["uid"])}, "/status")

    def _intent(self, mark: Mark) -> Intent:
        return Intent(
            OperationAction.CREATE, mark.stem, 1, time.time(), "0123456789abcdef", self._account, "fingerprint", 1
        )

    async def _patch(self, raw: Mapping[str, Any], patch: dict[str, Any], part: str = "") -> dict[str, Any]:
        meta = raw["metadata"]
        body = {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": meta["resourceVersion"]}}
        query = {"fieldManager": AGENT, **({"fieldValidation": "Strict"} if part else {})}
        url, headers = f"{self._places.path}/{meta['name']}{part}", {"Content-Type": _MERGE}
        async with self._kube.patch(url, data=json.dumps(body), params=query, headers=headers) as answer:
            found: dict[str, Any] = json.loads(await answer.read())
            return found

    async def _create(self, spec: Mapping[str, Any], name: str) -> dict[str, str]:
        ids = {"uid_number": 1000, "gid_number": 1000}
        conf = json.loads(json.dumps(spec["cluster_conf"]))
        conf["cluster"]["name"] = name
        for role in ("login", "controller", "compute"):
            conf["cluster"][role].setdefault("count", 1)
        conf["env"] |= {"admin.password": _PASSWORD, "admin.user_id": 1000, "admin.group_id": 1000}
        who = {"owner": KEY["OWNER"], "user_id": KEY["OWNER"], "zone": KEY["ZONE"]}
        terms = {"paid_type": "PayForUsed", "duration": 0, "is_auto_renewal": 0}
        body = json.dumps({**terms, **spec, **who, **ids, "cluster_name": name, "cluster_conf": conf})
        path, zone = "/cluster/createCluster", {"zone": KEY["ZONE"]}
        signed = self._signer.post(self._places.endpoint, path, zone, time.time(), body)
        headers = {"content-type": "application/json"}
        async with self._cloud.post(URL(signed.url, encoded=True), data=signed.body, headers=headers) as answer:
            found: dict[str, str] = json.loads(await answer.read())
        if "hpc_cluster_id" not in found:
            raise RuntimeError(f"createCluster was refused: {found}")
        return found


def _answered(intent: Intent, answer: Mapping[str, str]) -> dict[str, object]:
    closed = Closed(intent.action, 1, Outcome.ACCEPTED, time.time(), 1)
    return encode_memory(
        Memory(
            mark=intent.mark,
            account=intent.account,
            origin=Origin.CREATED,
            hpc_cluster_id=answer["hpc_cluster_id"],
            job_id=answer["job_id"],
            recorded_at=intent.started_at,
            last_operation=closed,
        )
    )


def _report(uid: str) -> dict[str, object]:
    said = {"observedGeneration": 1, "lastTransitionTime": write_time(time.time())}
    text = "The platform is creating the cluster."
    four = (("Ready", "False"), ("Reconciling", "True"), ("Stalled", "False"), ("Available", "False"))
    conditions = [
        {"type": kind, "status": is_so, "reason": "Creating", "message": text, **said} for kind, is_so in four
    ]
    return {"observedGeneration": 1, "conditions": conditions, "selector": f"hpc.qingcloud.com/cluster={uid}"}


async def _main(config: Mapping[str, Any], namespace: str, endpoint: str) -> None:
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    places = Places(f"{cluster['server']}{GROUP}/namespaces/{namespace}/{names.PLURAL}", endpoint)
    headers = {"Authorization": f"Bearer {user['token']}", "User-Agent": AGENT}
    endless = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(
            connector=_connector(cluster), headers=headers, timeout=endless, raise_for_status=True
        ) as kube,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_CONNECTIONS), raise_for_status=True) as cloud,
    ):
        await Floor(kube, cloud, places).run()


def _connector(cluster: Mapping[str, str]) -> aiohttp.TCPConnector:
    trusted = base64.b64decode(cluster["certificate-authority-data"]).decode()
    # One more for the watch, which the operator keeps in a client of its own.
    return aiohttp.TCPConnector(limit=_CONNECTIONS + 1, ssl=ssl.create_default_context(cadata=trusted))


if __name__ == "__main__":
    flags = argparse.ArgumentParser()
    flags.add_argument("--namespace", required=True)
    flags.add_argument("--endpoint", required=True)
    given = flags.parse_args()
    asyncio.run(_main(yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text()), given.namespace, given.endpoint))
