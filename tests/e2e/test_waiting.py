"""Those who wait for a cluster: `kubectl wait` and `helm --wait` end when it is ready, not before, and fail when a person
must act. At each point the rules of kstatus say the same.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Stage
from stage.kube import condition
from stage.life import ONE, SMALL, Life, Lives, role
from stage.manifests import ehpc

from kstatus import CURRENT, FAILED, IN_PROGRESS, TERMINATING, kstatus
from local_control_plane import ControlPlane
from local_control_plane.binaries import ensure


class Waiter:
    """A program that waits, as a process."""

    def __init__(self, life: Life, *command: str | Path) -> None:
        pipe = subprocess.PIPE
        environment = life.stage.server.environment() | {
            f"HELM_{kind}_HOME": str(life.stage.folder / kind) for kind in ("CACHE", "CONFIG", "DATA")
        }
        self._process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)

    @property
    def waits(self) -> bool:
        return self._process.poll() is None

    def end(self) -> tuple[int, str]:
        """Its exit code and all that it said, once it has ended."""
        out, err = self._process.communicate(timeout=120)
        return self._process.returncode, out + err


def kubectl_wait(life: Life, what: str, timeout: str = "90s") -> Waiter:
    kubectl = life.stage.server.binary("kubectl")
    place = f"--namespace={life.stage.namespace}"
    return Waiter(life, kubectl, "wait", place, f"hpccluster/{life.name}", f"--for={what}", f"--timeout={timeout}")


def helm(life: Life, verb: str, *arguments: str | Path) -> Waiter:
    place = f"--namespace={life.stage.namespace}"
    return Waiter(life, ensure(["helm"])["helm"], verb, place, life.name, *arguments, "--timeout=300s")


def chart(life: Life, **spec: object) -> Path:
    """A chart of one HpcCluster; `compute` is a value."""
    folder = life.stage.folder / f"chart-{life.name}"
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    about = {"apiVersion": "v2", "name": life.name, "version": "0.1.0"}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(about))
    (folder / "values.yaml").write_text("compute: 1\n")
    made = ehpc(life.name, **spec)
    made["spec"]["cluster_conf"]["cluster"]["compute"]["count"] = "COMPUTE"
    text = yaml.safe_dump(made).replace("COMPUTE", "{{ .Values.compute }}")
    (folder / "templates" / "cluster.yaml").write_text(text)
    return folder


def read(life: Life) -> dict[str, Any]:
    found = life.stage.kube.cluster(life.name)
    assert found is not None
    return found


# --- kubectl wait


def kubectl_until_ready(life: Life) -> None:
    """From before anybody looked at it, over the create, to ready; then over a change, by what is counted."""
    life.apply(managementPolicy="Observe")
    life.says("NothingToObserve")
    assert kstatus(read(life)) == FAILED, "a person must act"
    held = life.holds("createCluster", life.name)
    life.patch({"managementPolicy": "Full"})
    waiter = kubectl_wait(life, "condition=Ready")
    held.wait()
    assert kstatus(read(life)) == IN_PROGRESS
    life.waits(2)
    assert waiter.waits, "it is not there yet"
    held.release()
    assert (ended := waiter.end())[0] == 0, ended
    assert kstatus(read(life)) == CURRENT
    assert life.truth()[0] == "active"
    held = life.holds("addNodes", life.id)
    life.patch(role("compute", count=3))
    waiter, counts = (
        kubectl_wait(life, "condition=Ready"),
        kubectl_wait(life, "jsonpath={.status.nodes.compute.active}=3"),
    )
    held.wait()
    assert kstatus(read(life)) == IN_PROGRESS
    life.waits(2)
    assert (waiter.waits, counts.waits) == (True, True), "the edit was not seen yet, or is under way"
    held.release()
    assert (ended := waiter.end())[0] == 0, ended
    assert len(life.nodes()) == 3
    assert (ended := counts.end())[0] == 0, ended
    life.settled({**ONE, "compute": [SMALL] * 3})
    assert kstatus(read(life)) == CURRENT
    life.patch({"power": "Stopped"})
    assert (ended := kubectl_wait(life, "jsonpath={.status.cluster_status}=stopped").end())[0] == 0, ended
    life.settled({**ONE, "compute": [SMALL] * 3}, "stopped", "Stopped")
    assert kstatus(read(life)) == CURRENT


def kubectl_told_to_fail(life: Life) -> None:
    """It knows of no failure and ends by its timeout; who waits for Stalled is told at once."""
    life.apply(version_id="appv-not-there", **_impossible())
    assert (ended := kubectl_wait(life, "condition=Stalled").end())[0] == 0, ended
    assert kstatus(read(life)) == FAILED
    code, said = kubectl_wait(life, "condition=Ready", "2s").end()
    assert (code, "timed out" in said) == (1, True), said
    life.kubectl("delete", "--timeout=300s")


def kubectl_until_gone(life: Life) -> None:
    """As long as it is held, and no longer."""
    life.born(deletionProtection=True)
    life.kubectl("delete", "--wait=false")
    waiter = kubectl_wait(life, "delete")
    life.says("DeletionProtected")
    assert kstatus(read(life)) == TERMINATING
    life.waits(2)
    assert waiter.waits
    life.patch({"deletionProtection": False})
    assert (ended := waiter.end())[0] == 0, ended
    assert [each for each in life.stage.cloud.clusters() if life.name in each["top_name"]] == []


def _impossible() -> dict[str, Any]:
    """A size that the service refuses."""
    conf = ehpc("any")["spec"]["cluster_conf"]
    conf["cluster"]["compute"] |= {"cpu": 5, "memory": 5000}
    return {"cluster_conf": conf}


# --- helm --wait


def helm_until_ready(life: Life) -> None:
    """Installed, upgraded and uninstalled, each until the cloud has done it."""
    held, folder = life.holds("createCluster", life.name), chart(life)
    waiter = helm(life, "install", folder, "--wait")
    held.wait()
    life.waits(2)
    assert waiter.waits
    held.release()
    assert (ended := waiter.end())[0] == 0, ended
    assert kstatus(read(life)) == CURRENT
    assert life.truth()[0] == "active"
    held = life.holds("addNodes", life.id)
    waiter = helm(life, "upgrade", folder, "--wait", "--set", "compute=2")
    held.wait()
    life.waits(2)
    assert waiter.waits
    held.release()
    assert (ended := waiter.end())[0] == 0, ended
    assert len(life.nodes()) == 2
    gone = life.id
    assert (ended := helm(life, "uninstall", "--wait").end())[0] == 0, ended
    assert life.stage.kube.cluster(life.name) is None
    assert gone in life.stage.cloud.gone()


def helm_told_to_fail(life: Life) -> None:
    """At once, with the reason: not at its timeout."""
    waiter = helm(life, "install", chart(life, **_impossible()), "--wait")
    code, said = waiter.end()
    status = life.says("SpecRefused")
    assert (code, kstatus(read(life))) == (1, FAILED)
    assert "Failed" in said
    assert condition(status, "Stalled")["message"][:40] in said
    life.kubectl("delete", "--timeout=300s")


LIVES: list[Callable[[Life], None]] = [
    kubectl_until_ready,
    helm_until_ready,
    helm_told_to_fail,
    kubectl_told_to_fail,
    kubectl_until_gone,
]


@pytest.fixture(scope="module")
def lives(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Lives]:
    """Those lives that the run asks for, under way."""
    control_plane.kubectl("create", "namespace", "waiting")
    with Stage(control_plane, "waiting", tmp_path_factory.mktemp("waiting"), strict_sizes=True, keep=False) as stage:
        stage.operator()
        with Lives.asked_for(stage, request) as made:
            yield made


@pytest.mark.parametrize("live", LIVES, ids=lambda live: live.__name__)
def test_waiting(lives: Lives, live: Callable[[Life], None]) -> None:
    lives.end(live)
