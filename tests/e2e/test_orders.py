"""What a person orders, and what the settings hold back, on real processes: recreate, create-beside, a burst, ceilings."""

from typing import Any

from stage import Stage, until
from stage.kube import condition
from stage.manifests import ehpc

PREFIX = "hpc.qingcloud.com"


def born(stage: Stage, name: str, **spec: Any) -> str:
    """Applied and Ready; the cluster's id."""
    stage.kube.apply(ehpc(name, **spec))
    return str(stage.wait_ready(name)["hpc_cluster_id"])


def order(stage: Stage, name: str, what: str, value: str) -> None:
    stage.kube.kubectl("annotate", "hpc", name, f"{PREFIX}/{what}={value}", "--overwrite")


def told(stage: Stage, name: str) -> str:
    return str(condition(stage.kube.status(name))["message"])


def test_a_vanished_cluster_is_created_anew_when_a_person_gives_it_up(stage: Stage) -> None:
    stage.operator()
    first = born(stage, "demo")
    stage.cloud.ask("POST", f"/clusters/{first}", {"delete": "at-once"})
    stage.wait_reason("demo", "ClusterVanished")
    assert f"{PREFIX}/recreate={first}" in told(stage, "demo")
    assert stage.cloud.count("createCluster") == (1, 1), "never by itself"
    order(stage, "demo", "recreate", first)
    until("another cluster is recorded", lambda: stage.kube.status("demo").get("hpc_cluster_id") not in (None, first))
    second = stage.wait_ready("demo")["hpc_cluster_id"]
    assert [each["cluster_id"] for each in stage.cloud.clusters()] == [second]
    assert (stage.cloud.count("createCluster"), stage.cloud.count("deleteCluster")) == ((2, 2), (0, 0))


def test_a_create_that_failed_is_deleted_first(stage: Stage) -> None:
    stage.operator()
    stage.cloud.set(create_jobs_fail=True)
    stage.kube.apply(ehpc("demo"))
    first = stage.wait_reason("demo", "CreateFailed")["hpc_cluster_id"]
    stage.cloud.set(create_jobs_fail=False)
    order(stage, "demo", "recreate", "ehpc-another1")
    order(stage, "demo", "recreate", first)
    second = stage.wait_ready("demo")["hpc_cluster_id"]
    assert second != first
    assert [each["cluster_id"] for each in stage.cloud.clusters()] == [second]
    assert stage.cloud.gone() == [first]
    assert stage.cloud.count("createCluster") == (2, 2)


def test_another_one_is_created_beside_the_one_that_stayed(stage: Stage) -> None:
    stage.operator()
    kept = born(stage, "demo", deletionPolicy="Retain")
    stage.kube.kubectl("delete", "hpc", "demo")
    stage.kube.apply(ehpc("demo"))
    stage.wait_reason("demo", "OwnedElsewhere")
    assert kept in told(stage, "demo")
    assert stage.cloud.count("createCluster") == (1, 1)
    order(stage, "demo", "create-beside", kept)
    stage.wait_reason("demo", "SecretNotOurs")  # the only password of the one that stayed is in the way
    assert kept in told(stage, "demo")
    assert stage.cloud.count("createCluster") == (1, 1)
    stage.kube.kubectl("delete", "secret", "demo-admin")  # as the message says, once it is stored elsewhere
    second = stage.wait_ready("demo")["hpc_cluster_id"]
    assert {each["cluster_id"] for each in stage.cloud.clusters()} == {kept, second}
    assert stage.cloud.count("createCluster") == (2, 2)


def test_a_burst_of_deletions_is_held_until_its_number_is_approved(stage: Stage) -> None:
    names = ("one", "two", "three")
    running = stage.operator(MAX_DELETIONS="2")
    for name in names:
        stage.kube.apply(ehpc(name))
    for name in names:
        stage.wait_ready(name)
    running.kill()
    stage.kube.kubectl("delete", "hpc", *names, "--wait=false")
    stage.after_kill(MAX_DELETIONS="2")
    for name in names:
        stage.wait_reason(name, "MassDeletion")
    assert stage.cloud.count("deleteCluster") == (0, 0)
    stage.kube.kubectl("annotate", "lease", "hpc-operator", f"{PREFIX}/approve-deletions=3")
    for name in names:
        stage.wait_gone(name)
    assert stage.cloud.clusters() == []
    assert stage.cloud.count("deleteCluster")[1] == 3


def test_ceilings_hold_what_would_grow_and_nothing_else(stage: Stage) -> None:
    stage.operator(MAX_CLUSTERS="1", MAX_NODES_PER_CLUSTER="4")
    first = born(stage, "first")
    stage.kube.apply(ehpc("second"))
    stage.wait_reason("second", "CeilingReached")
    assert "max_clusters" in told(stage, "second")
    stage.kube.merge("first", {"spec": {"cluster_conf": {"cluster": {"compute": {"count": 9}}}}})
    stage.wait_reason("first", "CeilingReached")
    assert "max_nodes_per_cluster" in told(stage, "first")
    assert (stage.cloud.count("createCluster"), stage.cloud.count("addNodes")) == ((1, 1), (0, 0))
    stage.kube.kubectl("delete", "hpc", "first")
    stage.wait_ready("second")
    assert first in stage.cloud.gone()
    assert stage.cloud.count("createCluster") == (2, 2)
