"""Deleting where the genuine controllers act too: a namespace ends, and no Secret of a cluster that stays is collected."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import Stage, until, until_served
from stage.manifests import CRD, ehpc

from local_control_plane import ControlPlane

ELSEWHERE = "elsewhere"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def collecting(managed_plane: ControlPlane) -> ControlPlane:
    """A server whose garbage collector knows HpcClusters: it learns of a new CRD half a minute later."""
    managed_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRD))
    until_served(managed_plane)
    managed_plane.kubectl("create", "namespace", ELSEWHERE)
    collector_has_worked(managed_plane)
    return managed_plane


def collector_has_worked(server: ControlPlane) -> None:
    """Return once the collector has done what began later than this: nobody else takes this deletion's finalizer off."""
    server.kubectl("-n", ELSEWHERE, "apply", "-f", "-", input=json.dumps(ehpc("probe")))
    server.kubectl("-n", ELSEWHERE, "delete", "hpc/probe", "--cascade=foreground", "--timeout=300s")


@pytest.fixture
def ending(collecting: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    """A namespace of one's own, that may be gone at the end. The Lease is elsewhere: it would go with it.

    The operator may serve all namespaces: a Role in this one would go with it too (test_rights).
    """
    namespace = f"ending-{next(_numbers)}"
    collecting.kubectl("create", "namespace", namespace)
    with Stage(collecting, namespace, tmp_path, wide=True) as stage:
        yield stage


def test_a_namespace_goes_with_its_clusters_also_one_that_is_being_created(ending: Stage) -> None:
    ending.operator(LEASE_NAMESPACE=ELSEWHERE)
    ending.kube.apply(ehpc("one"), ehpc("two"))
    for name in ("one", "two"):
        ending.wait_ready(name)
    hold = ending.to_cloud.hold(lambda seen: seen.path.endswith("/createCluster"), "after")
    ending.kube.apply(ehpc("three"))
    hold.wait()
    ending.server.kubectl("delete", "namespace", ending.namespace, "--wait=false")
    hold.release()
    until("the namespace is gone", lambda: ending.kube.get(f"/api/v1/namespaces/{ending.namespace}") is None)
    assert ending.cloud.clusters() == [], "nothing is left that costs money"
    assert ending.cloud.count("createCluster") == (3, 3)
    assert len(ending.cloud.gone()) == 3


def owners(stage: Stage, secret: str) -> tuple[list[str], dict[str, str]] | None:
    """The names of its owners, and our labels; None when there is no such Secret."""
    found = stage.kube.secret(secret)
    if found is None:
        return None
    meta = found["metadata"]
    ours = {k: v for k, v in (meta.get("labels") or {}).items() if k.startswith("hpc.qingcloud.com/")}
    return [each["name"] for each in meta.get("ownerReferences") or []], ours


@pytest.mark.parametrize("cascade", ["foreground", "background"])
def test_the_password_of_a_cluster_that_stays_is_not_collected(ending: Stage, cascade: str) -> None:
    ending.operator(LEASE_NAMESPACE=ELSEWHERE)
    ending.kube.apply(ehpc("kept", deletionPolicy="Retain"))
    cluster_id = ending.wait_ready("kept")["hpc_cluster_id"]
    before = ending.kube.secret("kept-admin")
    assert before is not None
    until("it is told how the cluster is reached", lambda: ending.kube.secret("kept-connection"))
    hold = ending.to_kube.hold(lambda seen: seen.method == "PATCH" and "/secrets/" in seen.path, "before")
    ending.kube.kubectl("delete", "hpc", "kept", f"--cascade={cascade}", "--wait=false")
    hold.wait()
    collector_has_worked(ending.server)
    assert ending.kube.secret("kept-admin") is not None
    hold.release()
    ending.wait_gone("kept")
    collector_has_worked(ending.server)
    after = ending.kube.secret("kept-admin")
    assert after is not None
    assert after["data"] == before["data"]
    for secret in ("kept-admin", "kept-connection"):
        assert owners(ending, secret) == ([], {"hpc.qingcloud.com/retained": cluster_id})
    assert len(ending.cloud.clusters()) == 1


@pytest.mark.parametrize("cascade", ["foreground", "background"])
def test_the_secrets_of_a_cluster_that_goes_are_collected(ending: Stage, cascade: str) -> None:
    ending.operator(LEASE_NAMESPACE=ELSEWHERE)
    ending.kube.apply(ehpc("gone"))
    ending.wait_ready("gone")
    until("it is told how the cluster is reached", lambda: ending.kube.secret("gone-connection"))
    for secret in ("gone-admin", "gone-connection"):
        resource = ending.kube.cluster("gone")
        assert resource is not None
        assert owners(ending, secret) == ([], {"hpc.qingcloud.com/of": resource["metadata"]["uid"]})
    ending.kube.kubectl("delete", "hpc", "gone", f"--cascade={cascade}", "--timeout=300s")
    for secret in ("gone-admin", "gone-connection"):
        until(f"{secret} is collected", lambda secret=secret: ending.kube.secret(secret) is None)
    assert ending.cloud.clusters() == []
