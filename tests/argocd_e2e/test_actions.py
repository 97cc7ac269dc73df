"""The three actions, run by the API server for whoever may, and by the command line alone."""

import re

import pytest
import yaml
from gitops import Refused, Site
from gitops.applications import EXAMPLES
from stage import until

pytestmark = pytest.mark.usefixtures("operator")
PAUSED, LOOK = "hpc.qingcloud.com/paused", "hpc.qingcloud.com/reconcile-at"
CM = ("--argocd-cm-path", str(EXAMPLES / "argocd-cm.yaml"))


def run(site: Site, action: str, application: str, token: str | None = None) -> str:
    return site.argocd.cli("app", "actions", "run", application, action, "--kind", "HpcCluster", token=token)


def annotations(site: Site, name: str) -> dict[str, str]:
    return dict((site.kube.cluster(name) or {"metadata": {}})["metadata"].get("annotations", {}))


def offered(site: Site, name: str) -> dict[str, str]:
    """Whether each action is disabled, as the command line lists them."""
    listed = site.argocd.cli("app", "actions", "list", name, "--kind", "HpcCluster")
    return {row.split()[-2]: row.split()[-1] for row in listed.splitlines()[1:] if row.strip()}


def test_pause_resume_and_look_now(site: Site) -> None:
    application = site.born("acted")
    assert offered(site, "acted") == {"look-now": "false", "pause": "false", "resume": "true"}
    run(site, "pause", "acted")
    assert annotations(site, "acted")[PAUSED] == "true"
    application.says("Suspended", "acted")
    assert application.sync == "Synced", "what an action writes is no difference"
    assert offered(site, "acted") == {"look-now": "false", "pause": "true", "resume": "false"}
    run(site, "resume", "acted")
    assert annotations(site, "acted")[PAUSED] == "false"
    application.says("Healthy", "acted")
    run(site, "look-now", "acted")
    asked = annotations(site, "acted")[LOOK]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", asked)
    until("the operator says that it looked", lambda: site.kube.status("acted").get("lastHandledReconcileAt") == asked)
    assert len(site.bought("acted")) == 1


def test_the_roles_of_the_project_may_what_they_say(site: Site) -> None:
    site.born("roles")
    look, runs = (
        site.argocd.cli("proj", "role", "create-token", "hpc-clusters", role, "--token-only").strip()
        for role in ("look", "run")
    )
    run(site, "look-now", "roles", look)
    for what in ("pause", "resume"):
        with pytest.raises(Refused, match="PermissionDenied"):
            run(site, what, "roles", look)
    assert PAUSED not in annotations(site, "roles")
    run(site, "pause", "roles", runs)
    run(site, "resume", "roles", runs)
    for token in (look, runs):
        with pytest.raises(Refused, match="PermissionDenied"):
            site.argocd.cli("app", "delete", "roles", "--yes", "--wait=false", token=token)
    assert site.kube.cluster("roles") is not None


def test_the_scripts_answer_the_same_without_a_server(site: Site) -> None:
    application = site.born("alone")
    path = site.clusters.folder.parent / "alone.yaml"
    path.write_text(yaml.safe_dump(site.kube.cluster("alone")))
    overrides = ("settings", "resource-overrides")
    told = site.argocd.offline(*overrides, "health", str(path), *CM)
    assert told.splitlines() == ["STATUS: Healthy", f"MESSAGE: {application.health_of('alone')['message']}"]
    assert "look-now" in site.argocd.offline(*overrides, "list-actions", str(path), *CM)
    changed = site.argocd.offline(*overrides, "run-action", str(path), "pause", *CM)
    assert f'{PAUSED}: "true"' in changed
