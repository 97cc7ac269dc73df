"""The ConfigMap that carries the scripts into Argo CD holds them as they are tried here."""

import yaml

from argo.files import SCRIPTS, SNIPPET, snippet

KEY = "hpc.qingcloud.com_HpcCluster"


def test_the_snippet_is_made_of_the_scripts() -> None:
    assert SNIPPET.read_text() == snippet(), "run `make argocd`"
    data = yaml.safe_load(SNIPPET.read_text())["data"]
    assert set(data) == {f"resource.customizations.health.{KEY}", f"resource.customizations.actions.{KEY}"}
    assert data[f"resource.customizations.health.{KEY}"] == (SCRIPTS / "health.lua").read_text()
    actions = yaml.safe_load(data[f"resource.customizations.actions.{KEY}"])
    assert actions["discovery.lua"] == (SCRIPTS / "actions" / "discovery.lua").read_text()
    there = {path.parent.name: path.read_text() for path in (SCRIPTS / "actions").glob("*/action.lua")}
    assert {each["name"]: each["action.lua"] for each in actions["definitions"]} == there
