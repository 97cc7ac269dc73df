"""A genuine HorizontalPodAutoscaler counts the compute nodes of a cluster: through /scale to the simulator and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Stage, until
from stage.manifests import EXAMPLES, example
from stage.metrics import QueuedJobs

from local_control_plane import ControlPlane

pytestmark = pytest.mark.slow


def autoscaler() -> dict[str, Any]:
    """examples/autoscaler.yaml for `auto`, without its patience."""
    made: dict[str, Any] = yaml.safe_load((EXAMPLES / "autoscaler.yaml").read_text())
    made["metadata"]["name"] = made["spec"]["scaleTargetRef"]["name"] = "auto"
    made["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] = 0
    return made


@pytest.fixture
def scaled(managed_plane: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    managed_plane.kubectl("create", "namespace", "scaled")
    with Stage(managed_plane, "scaled", tmp_path) as stage:
        yield stage


def manifest(**spec: object) -> dict[str, Any]:
    return example("ehpc-autoscaled.yaml", "auto", **spec)


def compute_nodes(stage: Stage) -> int:
    """How many there are in the cloud."""
    (cluster,) = stage.cloud.clusters()
    nodes = cluster["nodes"]
    return sum(1 for each in nodes if each["role"] == "compute")


def count(stage: Stage) -> int | None:
    resource = stage.kube.cluster("auto")
    assert resource is not None
    found: int | None = resource["spec"]["cluster_conf"]["cluster"]["compute"].get("count")
    return found


def settled_at(stage: Stage, wanted: int) -> None:
    def there() -> bool:
        status = stage.kube.ready("auto")
        active = status["nodes"]["compute"]["active"] if status else None
        return active == wanted and compute_nodes(stage) == wanted

    try:
        until(f"{wanted} compute nodes", there, deadline=120)
    except AssertionError as error:
        raise AssertionError(f"{error}; count {count(stage)}, status {stage.kube.status('auto')}") from None


def test_an_autoscaler_adds_and_takes_nodes_and_no_apply_takes_the_count_from_it(scaled: Stage) -> None:
    scaled.operator()
    scaled.kube.apply(manifest())
    scaled.wait_ready("auto")
    assert count(scaled) is None
    with QueuedJobs(scaled.server, 2) as jobs:
        scaled.kube.apply(autoscaler())
        until("the autoscaler says that it cannot", lambda: "FailedGetScale" in told(scaled))
        scaled.kube.kubectl("scale", "hpc/auto", "--replicas=1")
        until("the autoscaler asks for the metric", lambda: jobs.asked or None)
        settled_at(scaled, 1)
        jobs.value = 8
        settled_at(scaled, 4)
        assert scaled.cloud.count("addNodes") == (1, 1)
        scaled.kube.apply(manifest(description="applied again"))
        assert count(scaled) == 4
        jobs.value = 3
        settled_at(scaled, 2)
        assert scaled.cloud.count("addNodes") == (1, 1)
        assert scaled.cloud.count("deleteNodes") == (1, 1)
        scaled.kube.kubectl("delete", "hpa", "auto")
    scaled.kube.kubectl("delete", "hpc", "auto", "--timeout=300s")


def told(stage: Stage) -> str:
    """What the autoscaler says of itself."""
    return json.dumps(json.loads(stage.kube.kubectl("get", "hpa", "auto", "-o", "json")).get("status", {}))
