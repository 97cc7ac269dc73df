"""The genuine Kubernetes API server that every end-to-end test shares.

Each test works in a namespace of its own; a test that must stop or break a server starts one for itself.
"""

import itertools
import signal
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from stage import Stage
from stage.setting import SEARCHED
from xdist.scheduler import LoadScopeScheduling

from local_control_plane import ControlPlane

HERE = Path(__file__).parent
# A shell starts its background jobs deaf to Ctrl-C, and programs inherit that: tests that send SIGINT would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)
_numbers = itertools.count(1)


LONGEST = (
    "test_kills_changes.py", "test_random_kills_over_", "test_uninstall.py", "test_creations_while_the_leader_is_struck",
    "test_chart.py", "test_policies.py", "test_rights.py", "test_leaving.py", "test_bad_environment.py",
)  # fmt: skip
"""What takes a minute or more, the longest first: begun last, one of them would keep a single worker at the end."""


MANAGED = "managed"
TOGETHER = {
    **{name: name for name in (
        "test_admission.py", "test_bad_environment.py", "test_changes.py", "test_chart.py", "test_control_plane_build.py",
        "test_documented.py",
        "test_image.py", "test_leaving.py", "test_policies.py", "test_rights.py", "test_scale.py", "test_uninstall.py",
        "test_upgrading.py", "test_validate.py", "test_waiting.py", "test_kills.py",
    )},
    "test_letting_go.py": MANAGED, "test_autoscaling.py": MANAGED,
}  # fmt: skip
"""Files whose tests share what takes long to make (a server, a release), and so stay on one worker."""
ALONE = ("test_random_kills_over_",)
"""Tests in such files that share nothing."""


class Scheduler(LoadScopeScheduling):
    """Every test goes to whichever worker is free, but for those that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return Scheduler(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.e2e)
        assert _scope(item.nodeid) != item.nodeid or not _shares(item), f"{item.path.name} belongs into TOGETHER"
    rank = {id(item): _rank(item.nodeid) for item in ours}
    items.sort(key=lambda item: rank.get(id(item), len(LONGEST)))


def _scope(name: str) -> str:
    alone = any(part in name for part in ALONE)
    return name if alone else TOGETHER.get(name.partition("::")[0].rpartition("/")[2], name)


def _rank(name: str) -> int:
    return next((place for place, part in enumerate(LONGEST) if part in name), len(LONGEST))


def _shares(item: pytest.Item) -> bool:
    """Whether it uses a fixture that others of its module use too, or the managed server."""
    assert isinstance(item, pytest.Function)
    if any(part in item.name for part in ALONE):
        return False
    made = item._fixtureinfo.name2fixturedefs
    return "managed_plane" in made or any(each[-1].scope == "module" for each in made.values())


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
