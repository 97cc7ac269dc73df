"""A CRD that is being deleted, on a genuine API server of its own: discovery tells it before any resource is stamped."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from stage import until_served
from stage.manifests import CRD, ehpc

from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.doom import Doom
from hpc_operator.kube.store import Server
from local_control_plane import ControlPlane

NAME = "hpcclusters.hpc.qingcloud.com"
FLEET = 20


@pytest.fixture
def doomed_plane() -> Iterator[ControlPlane]:
    with ControlPlane() as server:
        server.kubectl("apply", "--server-side", "-f", str(CRD))
        until_served(server)
        yield server


@pytest.fixture
async def api(doomed_plane: ControlPlane) -> AsyncIterator[Server]:
    server = await Server.connect(doomed_plane.kubeconfig, None, ticks=time.monotonic)
    yield server
    await server.close()


async def stamped(api: Server) -> bool:
    """Whether some resource is Terminating."""
    found = await api.request("GET", "/apis/hpc.qingcloud.com/v1alpha1/hpcclusters")
    return any(parse_resource(each).deleting for each in found["items"])


async def test_whoever_sees_a_stamped_resource_is_told_of_the_doom(doomed_plane: ControlPlane, api: Server) -> None:
    made = [ehpc(f"c{number}") for number in range(FLEET)]
    for each in made:
        each["metadata"]["finalizers"] = ["hpc.qingcloud.com/cluster"]
    doomed_plane.kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    doom = Doom(api)
    assert await doom.near() is False
    deletion = asyncio.create_task(asyncio.to_thread(doomed_plane.kubectl, "delete", "crd", NAME, "--wait=false"))
    while not await stamped(api):  # as fast as can be: between stamp and look there is nothing else
        pass
    assert await doom.near() is True, "the first look that shows one is late enough"
    await deletion
    assert [await doom.near() for _ in range(3)] == [True] * 3


async def test_a_crd_that_is_gone_says_nothing(doomed_plane: ControlPlane, api: Server) -> None:
    doomed_plane.kubectl("delete", "crd", NAME, "--timeout=300s")
    doom = Doom(api)
    assert await doom.near() in (True, None), "discovery may still name it for a moment"
    while await doom.near() is not None:
        pass
