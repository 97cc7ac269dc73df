"""The Applications and projects fit each other, the chart and the CRD."""

import re
from fnmatch import fnmatch
from typing import Any

import yaml

from argo.files import FOLDER
from hpc_operator.settings import Settings

ROOT = FOLDER.parents[1]
CHART = ROOT / "deploy" / "charts" / "hpc-operator"
CLUSTER_WIDE = {
    "Namespace",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}
RENDERED = re.compile(r"^apiVersion: (\S+)\nkind: (\w+)$", re.MULTILINE)


def application(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / f"application-{name}.yaml").read_text())["spec"]


OPERATOR, CLUSTERS = application("operator"), application("clusters")
PROJECTS = {
    each["metadata"]["name"]: each["spec"] for each in yaml.safe_load_all((FOLDER / "appproject.yaml").read_text())
}


def test_each_application_is_let_by_its_project() -> None:
    for spec in (OPERATOR, CLUSTERS):
        project = PROJECTS[spec["project"]]
        assert spec["source"]["repoURL"] in project["sourceRepos"]
        assert spec["destination"] in project["destinations"]
    assert OPERATOR["project"] != CLUSTERS["project"]
    assert OPERATOR["source"]["repoURL"] != CLUSTERS["source"]["repoURL"]


def test_the_operators_project_lets_all_that_the_chart_makes_cluster_wide() -> None:
    texts = [*(CHART / "templates").iterdir(), *(CHART / "files").iterdir()]
    made = {pair for path in texts for pair in RENDERED.findall(path.read_text())}
    assert len(made) > 10, "the chart's templates are read"
    wide = {(version.rpartition("/")[0], kind) for version, kind in made if kind in CLUSTER_WIDE}
    let = {(each["group"], each["kind"]) for each in PROJECTS["hpc-operator"]["clusterResourceWhitelist"]}
    assert let == wide | {("", "Namespace")}


def test_the_clusters_project_makes_nothing_else() -> None:
    project = PROJECTS["hpc-clusters"]
    assert project["clusterResourceWhitelist"] == []
    assert project["namespaceResourceWhitelist"] == [{"group": "hpc.qingcloud.com", "kind": "HpcCluster"}]


def test_no_role_may_delete() -> None:
    for role in PROJECTS["hpc-clusters"]["roles"]:
        for line in role["policies"]:
            who, action, which = (part.strip() for part in line.split(",")[1:5] if part.strip() != "applications")
            assert (who, which) == (f"proj:hpc-clusters:{role['name']}", "hpc-clusters/*")
            assert not fnmatch("delete", action)
            assert action in {"get", "sync"} or action.startswith("action/hpc.qingcloud.com/HpcCluster/")


def test_nothing_goes_without_a_persons_word() -> None:
    for spec in (OPERATOR, CLUSTERS):
        policy = spec["syncPolicy"]
        assert {"ServerSideApply=true", "Prune=confirm", "Delete=confirm"} <= set(policy["syncOptions"])
        assert "Replace=true" not in policy["syncOptions"], "it would strip the record"
        assert policy["automated"]["prune"] is False


def test_each_cluster_in_git_asks_before_it_goes() -> None:
    """On the resource itself: Argo CD before 3.4 does not heed the options of the Application."""
    manifests = [yaml.safe_load(path.read_text()) for path in (FOLDER / CLUSTERS["source"]["path"]).iterdir()]
    assert manifests
    for manifest in manifests:
        options = manifest["metadata"]["annotations"].pop("argocd.argoproj.io/sync-options").split(",")
        assert {"Prune=confirm", "Delete=confirm"} <= set(options)
        assert manifest["metadata"].pop("annotations") == {}
        example = ROOT / "examples" / f"{manifest['metadata']['name']}.yaml"
        assert manifest == yaml.safe_load(example.read_text()), "otherwise it is one of our examples"


def test_only_the_autoscalers_count_is_overlooked() -> None:
    """At the very path that /scale writes; and a sync leaves alone what is overlooked."""
    assert "ignoreDifferences" not in OPERATOR
    [overlooked] = CLUSTERS["ignoreDifferences"]
    crd = yaml.safe_load((ROOT / "crds" / "hpcclusters.yaml").read_text())
    scale = crd["spec"]["versions"][0]["subresources"]["scale"]["specReplicasPath"]
    assert overlooked["jsonPointers"] == [scale.replace(".", "/")]
    assert "RespectIgnoreDifferences=true" in CLUSTERS["syncPolicy"]["syncOptions"]
    example = yaml.safe_load((ROOT / "examples" / f"{overlooked['name']}.yaml").read_text())
    assert "count" not in example["spec"]["cluster_conf"]["cluster"]["compute"], "what the comment says"


def test_the_values_are_values_of_the_chart() -> None:
    given, known = OPERATOR["source"]["helm"]["valuesObject"], yaml.safe_load((CHART / "values.yaml").read_text())
    assert (ROOT / OPERATOR["source"]["path"] / "Chart.yaml").exists()
    assert set(given) <= set(known)
    assert set(given["credentials"]) <= set(known["credentials"])
    assert "fleet" in Settings.model_fields
