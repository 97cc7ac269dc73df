"""The store on the genuine API server: the same promises as in tests/unit/kube, where pruning and 409 are real."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from hpc_operator.domain.record import Account, Intent, OperationAction, Origin, Record, Resource
from hpc_operator.kube import names
from hpc_operator.kube.api import NotServed
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.events import Announcer
from hpc_operator.kube.lease import LeaseLoop
from hpc_operator.kube.passwords import Secrets
from hpc_operator.kube.resources import KubeStore, Told
from hpc_operator.kube.startup import Startup
from hpc_operator.kube.store import Server
from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable
from local_control_plane import ControlPlane, KubectlError

ROOT = Path(__file__).parents[2]
CRD = ROOT / "crds" / "hpcclusters.yaml"
MANIFEST = ROOT / "examples" / "ehpc-minimal.yaml"
ACCOUNT = Account("https://api.example/api", "jn1a", "usr-1")
RECORD = Record("aabcd", ACCOUNT, Origin.CREATED)
INTENT = Intent(OperationAction.CREATE, "aabcd", 1, 1000.0, "n1", ACCOUNT, "key", 1)


@retry(retry=retry_if_exception_type(KubectlError), wait=wait_fixed(0.2), stop=stop_after_delay(60), reraise=True)
def install(server: ControlPlane, crd: str) -> None:
    server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=crd)
    server.kubectl("get", "hpcclusters")


def make_store(server: Server, cache: Cache) -> KubeStore:
    turns = itertools.count()
    secrets = Secrets(server, choose=lambda of: of[next(turns) * 7 % len(of)], learn=lambda value: None)
    announcer = Announcer(server, me="e2e", now=time.time, scrub=lambda text: text)
    return KubeStore(server, told=Told(cache.read, cache.wrote, cache.missing), secrets=secrets, announcer=announcer)


async def open_server(kubeconfig: Path) -> Server:
    return await Server.connect(kubeconfig, None, ticks=time.monotonic)


class Scene:
    def __init__(self, plane: ControlPlane, namespace: str, server: Server) -> None:
        self.plane, self.namespace, self.server = plane, namespace, server
        self.cache = Cache(parse_resource, lambda ref, resource: None)
        self.store = make_store(server, self.cache)

    def kubectl(self, *arguments: str, **more: Any) -> str:
        return self.plane.kubectl("--namespace", self.namespace, *arguments, **more)

    async def apply(self, name: str = "first") -> Resource:
        manifest = yaml.safe_load(MANIFEST.read_text())
        manifest["metadata"]["name"] = name
        self.kubectl("apply", "-f", "-", input=json.dumps(manifest))
        _, raws = await self.store.list_pages(self.namespace)
        return next(parse_resource(raw) for raw in raws if raw["metadata"]["name"] == name)


@pytest.fixture
async def scene(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Scene]:
    install(control_plane, CRD.read_text())
    server = await open_server(control_plane.kubeconfig)
    yield Scene(control_plane, namespace, server)
    await server.close()


async def test_the_life_of_a_resource(scene: Scene) -> None:
    resource = await scene.apply()
    resource = await scene.store.remember(resource, RECORD)
    resource = await scene.store.write_intent(resource, replace(INTENT, job_id="j-1"))
    resource = await scene.store.write_intent(resource, replace(INTENT, nonce="n2"))
    assert resource.memory.operation == replace(INTENT, nonce="n2")
    memory = replace(resource.memory, operation=None, hpc_cluster_id="ehpc-1", job_id="j-1")
    resource = await scene.store.write_status(resource, memory)
    assert await scene.store.write_status(resource, memory) is resource
    password = await scene.store.admin_password(resource)
    assert await scene.store.admin_password(resource) == password
    await scene.store.announce(resource, "Created", "the cluster ehpc-1 was created", warning=False)
    assert "the cluster ehpc-1 was created" in scene.kubectl("events", "--for", "hpccluster/first")

    scene.kubectl("delete", "hpccluster/first", "--wait=false")
    resource = await scene.store.read(resource.ref)
    assert resource.deleting
    await scene.store.keep_secrets(resource, "ehpc-1")
    kept = json.loads(scene.kubectl("get", "secret/first-admin", "--output=json"))["metadata"]
    assert (kept.get("ownerReferences"), kept["labels"]["hpc.qingcloud.com/retained"]) == (None, "ehpc-1")
    await scene.store.release(resource)
    await scene.store.release(resource)
    with pytest.raises(Gone):
        await scene.store.read(resource.ref)
    assert scene.cache.get(resource.ref) is None


async def test_of_many_writers_from_one_version_exactly_one_writes(scene: Scene) -> None:
    resource = await scene.apply()
    written = await asyncio.gather(
        *(scene.store.write_intent(resource, replace(INTENT, nonce=f"n{number}")) for number in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Resource) for each in written) == 1
    assert sum(isinstance(each, Conflict) for each in written) == 19


async def test_a_finalizer_of_somebody_else_stays(scene: Scene) -> None:
    resource = await scene.apply()
    patch = json.dumps({"metadata": {"finalizers": ["example.com/other"]}})
    scene.kubectl("patch", "hpccluster/first", "--type=merge", "--patch", patch)
    with pytest.raises(Conflict):
        await scene.store.remember(resource, RECORD)
    resource = await scene.store.remember(await scene.store.read(resource.ref), RECORD)
    await scene.store.release(resource)
    left = json.loads(scene.kubectl("get", "hpccluster/first", "--output=json"))["metadata"]["finalizers"]
    scene.kubectl("patch", "hpccluster/first", "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    assert left == ["example.com/other"]


async def test_a_list_longer_than_a_page_is_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpc_operator.kube.resources._PAGE", "2")
    for number in range(5):
        await scene.apply(f"number-{number}")
    version, raws = await scene.store.list_pages(scene.namespace)
    assert sorted(raw["metadata"]["name"] for raw in raws) == [f"number-{number}" for number in range(5)]
    assert version >= max(int(raw["metadata"]["resourceVersion"]) for raw in raws)


async def test_a_missing_permission_is_named(scene: Scene, tmp_path: Path) -> None:
    scene.kubectl("create", "serviceaccount", "weak")
    token = scene.plane.token_for(scene.namespace, "weak")
    server = await open_server(scene.plane.kubeconfig_for(tmp_path / "weak", token, scene.namespace))
    store = make_store(server, scene.cache)
    problem = await Startup(store, [scene.namespace]).look()
    await server.close()
    assert problem is not None
    assert "cannot list resource" in problem
    assert "hpcclusters" in problem


async def test_a_wrong_token_and_an_unreachable_server_are_told_apart(scene: Scene, tmp_path: Path) -> None:
    server = await open_server(scene.plane.kubeconfig_for(tmp_path / "wrong", "no-such-token"))
    with pytest.raises(Unavailable) as refused:
        await make_store(server, scene.cache).list_pages(None)
    await server.close()
    assert refused.value.permanent
    assert "token" in str(refused.value)
    config = yaml.safe_load(scene.plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "nowhere").write_text(yaml.safe_dump(config))
    server = await open_server(tmp_path / "nowhere")
    with pytest.raises(Unavailable) as unreachable:
        await make_store(server, scene.cache).list_pages(None)
    await server.close()
    assert not unreachable.value.permanent


def _without_nonce(crd: dict[str, Any]) -> None:
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    del schema["properties"]["status"]["properties"]["operation"]["properties"]["nonce"]
    required = schema["properties"]["status"]["properties"]["operation"].get("required", [])
    if "nonce" in required:
        required.remove("nonce")


@retry(retry=retry_if_exception_type(AssertionError), wait=wait_fixed(0.2), stop=stop_after_delay(60), reraise=True)
async def until(condition: Callable[[str | None], bool], startup: Startup) -> None:
    assert condition(await startup.look())


async def test_no_crd_and_an_old_crd_are_noticed_before_money_is_spent() -> None:
    with ControlPlane() as plane:
        server = await open_server(plane.kubeconfig)
        cache = Cache(parse_resource, lambda ref, resource: None)
        store = make_store(server, cache)
        startup = Startup(store, [])
        assert "not installed" in str(await startup.look())
        with pytest.raises(NotServed):
            await store.list_pages(None)

        crd = yaml.safe_load(CRD.read_text())
        _without_nonce(crd)
        install(plane, json.dumps(crd))
        await until(lambda problem: "status.operation.nonce" in str(problem), startup)
        scene = Scene(plane, "default", server)
        resource = await scene.store.remember(await scene.apply(), RECORD)
        with pytest.raises(CrdTooOld):
            await scene.store.write_intent(resource, INTENT)

        install(plane, CRD.read_text())
        await until(lambda problem: problem is None, startup)
        await server.close()
    assert names.KIND in CRD.read_text()


async def test_the_lease_is_created_held_and_given_back(scene: Scene) -> None:
    def lease(me: str) -> LeaseLoop:
        def lost(why: str) -> None:
            raise AssertionError(why)

        ticks = asyncio.get_running_loop().time
        arguments = {"duration": 15.0, "ticks": ticks, "now": time.time, "on_lost": lost}
        return LeaseLoop(scene.server, scene.namespace, "op", me, **arguments)  # type: ignore[arg-type]

    first, second = lease("a"), lease("b")
    await asyncio.wait_for(first.acquire(), 30)
    waiting = asyncio.create_task(second.acquire())
    while second.holder is None:  # noqa: ASYNC110 - waits for the condition
        await asyncio.sleep(0.02)
    assert (second.holder, second.left() < 0, first.left() > 0) == ("a", True, True)
    await first.release()
    await asyncio.wait_for(waiting, 30)
    spec = json.loads(scene.kubectl("get", "lease/op", "--output=json"))["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("b", 1)
    await second.release()
