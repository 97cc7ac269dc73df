"""The operator's Application: the chart as the repo server renders it."""

from gitops import Application, Site


def test_the_chart_is_synced_and_healthy(site: Site, operator: Application) -> None:
    operator.until("Healthy", lambda: operator.health == "Healthy")
    operator.looked("hard")
    resources = operator.resources
    assert {name: each["status"] for name, each in resources.items() if each["status"] != "Synced"} == {}
    kinds = {each["kind"] for each in resources.values()}
    assert {"CustomResourceDefinition", "Deployment", "ClusterRole", "ValidatingAdmissionPolicy"} <= kinds
    assert (operator.sync, operator.health) == ("Synced", "Healthy")
    assert operator.status.get("conditions", []) == []
