"""The genuine Kubernetes API server that every end-to-end test shares.

Each test works in a namespace of its own; a test that must stop or break a server starts one for itself.
"""

import itertools
import signal
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from stage import Stage
from stage.setting import SEARCHED

from local_control_plane import ControlPlane

HERE = Path(__file__).parent
# A shell starts its background jobs deaf to Ctrl-C, and programs inherit that: tests that send SIGINT would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """One running server for the whole session; built first where that has not been done."""
    with ControlPlane() as server:
        yield server


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """A fresh namespace on the shared server."""
    name = f"test-{next(_numbers)}"
    control_plane.kubectl("create", "namespace", name)
    return name


@pytest.fixture
def stage(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    """A simulator, and proxies through which operators reach it and the shared server; see `stage`.

    At its end all that came out of the operators is searched for the secrets in use, whether the test failed or not.
    """
    before = replace(SEARCHED)
    with Stage(control_plane, namespace, tmp_path) as made:
        yield made
    request.node.user_properties.append(("searched", list(astuple(SEARCHED - before))))


@pytest.fixture(scope="session")
def managed_plane() -> Iterator[ControlPlane]:
    """A server with the genuine controllers that collect garbage, empty namespaces and scale."""
    controllers = ("garbage-collector-controller", "namespace-controller", "horizontal-pod-autoscaler-controller")
    flags = ("--horizontal-pod-autoscaler-sync-period=2s",)
    with ControlPlane(controllers=controllers, controller_flags=flags) as server:
        yield server
