"""Pages of docs/, command by command, their output compared with what the page says: see tests/documented.py.

One server with the chart, one operator and one namespace for all of them; each story has resources of its own.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Stage, until, until_served
from stage.manifests import ehpc, example
from stage.operators import KEY
from stage.pages import LOOKS, Page
from stage.site import Site

from documented import every_block
from local_control_plane import ControlPlane, KubectlError, versions

pytestmark = pytest.mark.skipif(bool(versions.named()), reason="the pages show the words of today's Kubernetes")
LAB = "lab"


def wider(made: dict[str, Any]) -> dict[str, Any]:
    """With three compute nodes."""
    made["spec"]["cluster_conf"]["cluster"]["compute"]["count"] = 3
    return made


RESOURCES = {
    "demo": ehpc("demo", credentialsSecretRef={"name": "lab-key"}),
    "precious": ehpc("precious", deletionProtection=True),
    "night": ehpc("night"),
    "fluid": wider(ehpc("fluid")),
    "spare": ehpc("spare"),
    "kept": ehpc("kept"),
    "ehpc-autoscaled": example("ehpc-autoscaled.yaml"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The chart as the pages have it: release and namespace `hpc-operator`; people who have Kubernetes' own roles."""
    folder = tmp_path_factory.mktemp("reader")
    controllers = ("garbage-collector-controller", "namespace-controller", "clusterrole-aggregation-controller")
    with ControlPlane(controllers=controllers, tools=("helm",)) as server:
        for namespace in ("hpc-operator", LAB):
            server.kubectl("create", "namespace", namespace)
        with Stage(server, LAB, folder, crd=False) as stage:
            made = Site(stage, folder, release="hpc-operator")
            made.key()
            made.open("install.md", "").shell(
                "helm install hpc-operator deploy/charts/hpc-operator --namespace hpc-operator --values values.yaml"
            )
            until_served(server)
            made.pod()
            furnish(made, folder)
            yield made


def furnish(site: Site, folder: Path) -> None:
    """What the pages take for granted: people, a key of the namespace, clusters that are Ready, and their manifests."""
    kube = site.stage.kube
    for person, role in (("erin", "edit"), ("ada", "admin")):
        kube.kubectl("create", "rolebinding", person, f"--clusterrole={role}", f"--user={person}")
    literals = [f"--from-literal={name.lower()}={value}" for name, value in KEY.items()]
    kube.kubectl("create", "secret", "generic", "lab-key", *literals)
    for name, made in RESOURCES.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(made))
        kube.kubectl("apply", "-f", str(folder / f"{name}.yaml"))
    for name in RESOURCES:
        site.stage.wait_ready(name)


def reading(site: Site, name: str, story: str) -> Page:
    """A page, read by somebody whose kubectl is in the namespace."""
    config = yaml.safe_load(site.stage.server.kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = LAB
    path = site.stage.folder / "lab-kubeconfig"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return site.open(name, story, KUBECONFIG=str(path), HPC_OPERATOR_KUBECONFIG=str(path))


def end(page: Page, folder: Path, story: str) -> None:
    """Keep what a terminal would have shown; nothing of the story is left."""
    (folder / f"{story}.transcript").write_text(page.transcript)
    assert page.left() == []


def cluster(site: Site, name: str) -> str:
    return str(site.stage.kube.status(name)["hpc_cluster_id"])


def settings(site: Site, name: str, **changed: Any) -> None:
    """Something that happens to a cluster outside."""
    site.stage.cloud.ask("POST", f"/clusters/{cluster(site, name)}", changed)


def test_changing(site: Site) -> None:
    """scaling.md: what is refused at once, and a change that waits for jobs; autoscaling.md below zero."""
    page = reading(site, "scaling.md", "changing")
    settings(site, "fluid", job_counts={"running": 3, "pending": 0})
    page.follow(2)
    end(page, site.stage.folder, "scaling")
    page = reading(site, "autoscaling.md", "changing")
    page.follow(1)
    end(page, site.stage.folder, "autoscaling")


def test_gitops(site: Site) -> None:
    """gitops.md: what a second writer, a replace, a prune and a move between namespaces do."""
    page = reading(site, "gitops.md", "gitops")
    folder = site.stage.folder
    counted = example("ehpc-autoscaled.yaml")
    counted["spec"]["cluster_conf"]["cluster"]["compute"]["count"] = 1
    (folder / "counted.yaml").write_text(yaml.safe_dump(counted))
    before = site.stage.cloud.count("createCluster")
    moved = ehpc("kept")
    moved["metadata"]["annotations"] = {"hpc.qingcloud.com/take-over": cluster(site, "kept")}
    (folder / "moved.yaml").write_text(yaml.safe_dump(moved))
    page.follow(100)
    assert site.stage.cloud.count("createCluster") == before, "a move with take-over buys nothing"
    site.stage.server.kubectl("-n", "team", "apply", "-f", str(folder / "night.yaml"))
    bought = (before[0] + 1, before[1] + 1)
    until("without it another is bought", lambda: site.stage.cloud.count("createCluster") == bought)
    end(page, folder, "gitops")


def test_versions(site: Site) -> None:
    """upgrading.md: which versions of the CRD there are."""
    page = reading(site, "upgrading.md", "versions")
    page.follow(1)
    end(page, site.stage.folder, "versions")


def test_looking(site: Site) -> None:
    """troubleshooting.md: where to look first."""
    page = reading(site, "troubleshooting.md", "looking")
    page.follow(100)
    end(page, site.stage.folder, "looking")


NEEDS_MORE = ("servicemonitors", "hpa", "-n argocd", "…", "<", "NAME", "| kubectl")
"""Commands with these are left out: kinds of others, words to be filled in, and what writes in the end."""
MISUNDERSTOOD = re.compile(
    r"unknown (shorthand )?flag|unknown command|error parsing|resource type|No such (option|command)|jq: error|syntax error"
)


def test_every_command_that_only_reads_is_understood(site: Site) -> None:
    """Also those that no story runs: what they ask for may not be there, but it is asked for in words that exist."""
    page = reading(site, "troubleshooting.md", "")
    texts = {command.text for block in every_block() if block.story is None for command in block.commands}
    tried = [
        text
        for text in sorted(texts)
        if text.startswith("kubectl") and LOOKS.match(text) and not any(each in text for each in NEEDS_MORE)
    ]
    assert len(tried) > 30
    with ThreadPoolExecutor(4) as pool:
        said = dict(zip(tried, pool.map(page.attempt, tried), strict=True))
    assert {text: words for text, words in said.items() if MISUNDERSTOOD.search(words)} == {}


def test_keeping(site: Site) -> None:
    """deletion.md: a cluster that is kept."""
    page = reading(site, "deletion.md", "keeping")
    page.meant["demo"] = "spare"
    page.follow(1)
    end(page, site.stage.folder, "keeping")


def test_policies(site: Site) -> None:
    """policies.md: what is refused, and the way out of a stripped finalizer, which needs the operator to be away."""
    page = reading(site, "policies.md", "policies")
    for what in ("secret/lab-key", "hpc/precious", "crd/hpcclusters.hpc.qingcloud.com"):
        until("it is held", lambda what=what: "denied request" in attempt(site, what))
    page.meant["ehpc-5y6shun9gt"] = cluster(site, "demo")
    page.follow(5)
    site.end(site.stage.operators[-1])
    page.follow(1)
    end(page, site.stage.folder, "policies")


def attempt(site: Site, what: str) -> str:
    """What a deletion would say."""
    try:
        return site.stage.server.kubectl("delete", what, "-n", LAB, "--dry-run=server")
    except KubectlError as refused:
        return str(refused)
