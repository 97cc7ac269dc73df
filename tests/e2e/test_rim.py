"""Kopf in its thread on the genuine API server: events arrive, a crash is reported, a bad token is no hot loop."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_store import CRD, MANIFEST, install

from hpc_operator.handlers import KopfThread, Login
from hpc_operator.kube.connection import Connection
from hpc_operator.kube.store import read_connection
from hpc_operator.reconcile.ports import Unavailable
from local_control_plane import ControlPlane

PATIENCE = 300.0


class Watched:
    """What Kopf has told so far, and waiting until it told something."""

    def __init__(self) -> None:
        self.events: list[tuple[str | None, str]] = []
        self._news = asyncio.Event()

    def seen(self, kind: str | None, raw: Mapping[str, Any]) -> None:
        self.events.append((kind, raw["metadata"]["name"]))
        self._news.set()

    async def until(self, condition: Callable[[list[tuple[str | None, str]]], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition(self.events):
                self._news.clear()
                await self._news.wait()


def apply(plane: ControlPlane, namespace: str, name: str) -> None:
    manifest = yaml.safe_load(MANIFEST.read_text())
    manifest["metadata"]["name"] = name
    plane.kubectl("--namespace", namespace, "apply", "-f", "-", input=json.dumps(manifest))


def watch(kubeconfig: Path, watched: Watched, *namespaces: str) -> KopfThread:
    login = Login(lambda: read_connection(kubeconfig))
    kopf = KopfThread(asyncio.get_running_loop(), login, watched.seen, namespaces)
    kopf.start()
    return kopf


async def test_events_arrive_and_a_stop_ends_it_without_a_crash(control_plane: ControlPlane, namespace: str) -> None:
    install(control_plane, CRD.read_text())
    apply(control_plane, namespace, "before")
    watched = Watched()
    kopf = watch(control_plane.kubeconfig, watched, namespace)
    await watched.until(lambda events: (None, "before") in events)
    apply(control_plane, namespace, "after")
    await watched.until(lambda events: ("ADDED", "after") in events)
    control_plane.kubectl("--namespace", namespace, "delete", "hpccluster/after")
    await watched.until(lambda events: ("DELETED", "after") in events)
    left = json.loads(
        control_plane.kubectl(
            "--namespace", namespace, "get", "hpccluster/before", "--output=json", "--show-managed-fields"
        )
    )["metadata"]
    assert "finalizers" not in left, "watching writes nothing"
    assert {each["manager"] for each in left["managedFields"]} == {"kubectl-client-side-apply"}
    kopf.stop()
    assert await asyncio.wait_for(kopf.done, PATIENCE) is None


async def test_a_stop_before_the_thread_has_begun_is_kept(control_plane: ControlPlane) -> None:
    login = Login(lambda: read_connection(control_plane.kubeconfig))
    kopf = KopfThread(asyncio.get_running_loop(), login, lambda kind, raw: None, [])
    kopf.stop()
    kopf.start()
    assert await asyncio.wait_for(kopf.done, PATIENCE) is None


async def test_a_deleted_crd_is_reported_and_cancels_nothing_of_ours() -> None:
    with ControlPlane() as plane:
        install(plane, CRD.read_text())
        apply(plane, "default", "first")
        watched = Watched()
        kopf = watch(plane.kubeconfig, watched)
        await watched.until(bool)
        finished = asyncio.Event()

        async def call_in_hand() -> str:
            await finished.wait()
            return "answer written"

        ours = asyncio.create_task(call_in_hand())
        plane.kubectl("delete", "crd/hpcclusters.hpc.qingcloud.com")
        crash = await asyncio.wait_for(kopf.done, PATIENCE)
        assert isinstance(crash, Exception)
        assert ("DELETED", "first") in watched.events
        finished.set()
        assert await ours == "answer written"


class Files:
    """A token that a test changes, and the waits that were asked for."""

    def __init__(self, *connections: Connection | None) -> None:
        self.connections, self.waits = list(connections), []

    async def read(self) -> Connection:
        found = self.connections.pop(0) if len(self.connections) > 1 else self.connections[0]
        if found is None:
            raise Unavailable("no such file")
        return found

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


OLD, NEW = Connection("https://api", token="old"), Connection("https://api", token="new")


async def test_the_first_login_does_not_wait() -> None:
    files = Files(OLD)
    assert await Login(files.read, files.sleep).connection() == OLD
    assert files.waits == []


async def test_a_refused_token_makes_every_further_login_wait_longer() -> None:
    files = Files(OLD)
    login = Login(files.read, files.sleep)
    for _ in range(8):
        await login.connection()
    assert files.waits == [1, 2, 4, 8, 15, 15, 15]


async def test_a_new_token_is_given_at_once_and_the_waits_begin_anew() -> None:
    files = Files(OLD, OLD, OLD, NEW, NEW, NEW)
    login = Login(files.read, files.sleep)
    assert [await login.connection() for _ in range(4)] == [OLD, OLD, NEW, NEW]
    assert files.waits == [1, 1]


async def test_an_unreadable_file_is_tried_again() -> None:
    files = Files(None, None, NEW)
    assert await Login(files.read, files.sleep).connection() == NEW
    assert files.waits == [1, 2]


@pytest.mark.parametrize("content", ["not: a kubeconfig", "", "{"])
async def test_a_broken_kubeconfig_says_which_file_and_what_to_set(tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)
    with pytest.raises(Unavailable, match="HPC_OPERATOR_KUBECONFIG") as raised:
        await read_connection(tmp_path / "config")
    assert str(tmp_path / "config") in str(raised.value)
