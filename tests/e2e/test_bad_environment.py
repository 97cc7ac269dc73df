"""What the process says and does when something around it is missing or wrong, and how it goes on when mended."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage import Operator, Stage, rights, until, until_served
from stage.kube import condition
from stage.manifests import CRD, ehpc
from stage.operators import KEY
from stage.operators import Operator as Process

from local_control_plane import ControlPlane

NO_KEY = {"ACCESS_KEY_ID": None, "SECRET_ACCESS_KEY": None}


def never_created(stage: Stage) -> None:
    assert stage.cloud.count("createCluster") == (0, 0)
    assert stage.cloud.clusters() == []


def no_createcluster_sent(stage: Stage) -> None:
    assert [seen for seen in stage.to_cloud.log if seen.path.endswith("/createCluster")] == []


def told(status: dict[str, Any], kind: str = "Ready") -> str:
    return str(condition(status, kind).get("message", ""))


# --- settings: the process ends at once and names what is wrong

WRONG_SETTINGS = [
    ({"FLEET": None}, (), ["fleet: is not set", "HPC_OPERATOR_FLEET", "--fleet"], "the fleet has no default"),
    ({"FLEET": "Not A Name"}, (), ["fleet:", "HPC_OPERATOR_FLEET"], "it becomes part of every mark"),
    ({}, ("--poll=-1",), ["poll:", "HPC_OPERATOR_POLL"], "a pause cannot be negative"),
    ({}, ("--poll=often",), ["poll:", "number"], "not a number"),
    ({}, ("--endpoint=ftp://example.org",), ["endpoint:"], "only http and https are spoken"),
    ({}, ("--lease-duration=1",), ["lease_duration:"], "too short to be renewed in time"),
    ({}, ("--signature-encoding=thrice",), ["signature_encoding:", "twice", "once"], "not one of the two encodings"),
    ({"SECRET_ACCESS_KEY": None}, (), ["belong together"], "half a key"),
    ({"CREDENTIALS_DIR": "/nowhere"}, (), ["exclude each other"], "two sources of the key"),
    ({"RETRY_BASE": "600", "RETRY_CAP": "1"}, (), ["RETRY_CAP"], "the cap is below the base"),
    ({}, ("--no-such-flag=1",), ["--no-such-flag"], "an unknown flag"),
]


@pytest.mark.parametrize(
    ("changed", "flags", "sentences", "why"), WRONG_SETTINGS, ids=[row[3].replace(" ", "-") for row in WRONG_SETTINGS]
)
def test_a_wrong_setting_ends_the_process_with_a_line_that_names_it(
    tmp_path: Path, changed: dict[str, str | None], flags: tuple[str, ...], sentences: list[str], why: str
) -> None:
    process = Process(tmp_path / "operator.log", {"FLEET": "stage", **KEY, **changed}, *flags)
    assert process.wait() == 2, why
    output = process.program.output()
    for sentence in sentences:
        assert sentence in output, output
    assert "Traceback" not in output
    for secret in (KEY["ACCESS_KEY_ID"], KEY["SECRET_ACCESS_KEY"]):
        assert secret not in output


def test_a_kubeconfig_that_is_not_there_ends_the_process_with_what_to_set(tmp_path: Path) -> None:
    settings = {"FLEET": "stage", **KEY, "KUBECONFIG": str(tmp_path / "none"), "LISTEN_PORT": "0"}
    process = Process(tmp_path / "operator.log", settings)
    assert process.wait() == 1
    assert "HPC_OPERATOR_KUBECONFIG" in process.log()[-1]["message"]
    assert not process.says("Traceback")


def test_a_taken_port_ends_the_process_with_the_address(stage: Stage) -> None:
    first = stage.operator()
    second = stage.launch(LISTEN_PORT=str(first.port()))
    assert second.wait() == 1
    assert str(first.port()) in second.log()[-1]["message"]
    assert not second.says("Traceback")


# --- credentials and the way to the HPC API: the condition says it, and ends by itself


def test_no_key_at_all_is_told(stage: Stage) -> None:
    stage.operator(**NO_KEY)
    stage.kube.apply(ehpc("keyless"))
    status = stage.wait_reason("keyless", "CredentialsMissing")
    assert "credentials.existingSecret" in told(status)
    assert "credentialsSecretRef" in told(status)
    stage.kube.kubectl("delete", "hpc", "keyless", "--timeout=300s")
    assert stage.to_cloud.log == []


def test_a_missing_credentials_secret_is_told_and_its_coming_ends_it(stage: Stage) -> None:
    stage.operator()
    stage.kube.apply(ehpc("own-key", credentialsSecretRef={"name": "api-key"}, owner=KEY["OWNER"], zone=KEY["ZONE"]))
    status = stage.wait_reason("own-key", "CredentialsMissing")
    assert f"{stage.namespace}/api-key" in told(status)
    never_created(stage)
    values = [f"--from-literal={name.lower()}={KEY[name]}" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
    stage.kube.kubectl("create", "secret", "generic", "api-key", *values)
    stage.wait_ready("own-key")
    assert stage.cloud.count("createCluster") == (1, 1)


def test_an_unreachable_endpoint_is_told_and_its_return_ends_it(stage: Stage) -> None:
    stage.cloud.set(tap_closed=True)
    operator = stage.operator(ENDPOINT=stage.cloud.endpoint)
    stage.kube.apply(ehpc("far"))
    until("it is told", lambda: "ConnectError" in told(stage.kube.status("far")))
    status = stage.kube.status("far")
    assert condition(status)["status"] == "False"
    assert condition(status, "Stalled")["status"] == "False", "it can heal by itself"
    assert operator.probe("/readyz")[0] == 200, "restarting the process would not help"
    stage.cloud.set(tap_closed=False)
    stage.wait_ready("far")
    assert stage.cloud.count("createCluster") == (1, 1)


def test_an_endpoint_lost_between_look_and_create_costs_nothing(stage: Stage) -> None:
    """The connection breaks under the request: nobody can know that it never arrived, so it is doubt."""
    stage.operator(ENDPOINT=stage.cloud.endpoint)
    hold = stage.to_kube.hold(lambda seen: bool(_operation(seen.body)), "after")
    stage.kube.apply(ehpc("lost"))
    hold.wait()
    stage.cloud.set(tap_closed=True)
    hold.release()
    status = stage.wait_reason("lost", "CreateUnanswered")
    assert status["operation"]["attempt"] == 1
    never_created(stage)
    stage.cloud.set(tap_closed=False)
    stage.wait_ready("lost")
    assert stage.cloud.count("createCluster") == (1, 1)


def _operation(body: Any) -> dict[str, Any]:
    found = (body.get("status") or {}).get("operation") if isinstance(body, dict) else None
    return found or {}


@pytest.mark.parametrize("offset", [300, -300])
def test_a_wrong_clock_is_told_nothing_is_sent_and_the_right_time_ends_it(stage: Stage, offset: int) -> None:
    stage.cloud.set(clock_offset=offset)
    stage.operator()
    stage.kube.apply(ehpc("early"))
    status = stage.wait_reason("early", "ClockSkewed")
    assert "clock" in told(status)
    assert condition(status, "Stalled")["status"] == "False", "it can heal by itself"
    no_createcluster_sent(stage)
    stage.cloud.set(clock_offset=0)
    stage.wait_ready("early")
    assert stage.cloud.count("createCluster") == (1, 1)


def test_a_clock_that_goes_wrong_holds_the_deletion(stage: Stage) -> None:
    stage.operator()
    stage.kube.apply(ehpc("held"))
    stage.wait_ready("held")
    stage.cloud.set(clock_offset=300)
    stage.kube.kubectl("delete", "hpc", "held", "--wait=false")
    stage.wait_reason("held", "ClockSkewed")
    assert len(stage.cloud.clusters()) == 1
    stage.cloud.set(clock_offset=0)
    stage.wait_gone("held")
    assert stage.cloud.clusters() == []


# --- Kubernetes: a server of their own, since they break what others share


@pytest.fixture(scope="module")
def bare() -> Iterator[ControlPlane]:
    """A server without our CRD."""
    with ControlPlane() as server:
        server.kubectl("create", "namespace", "bare")
        yield server


@pytest.fixture
def bare_stage(bare: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    bare.kubectl("delete", "crd", "--all", "--timeout=300s")
    bare.kubectl("delete", "secrets", "--all", "--namespace=bare")
    with Stage(bare, "bare", tmp_path, crd=False) as stage:
        yield stage
    bare.kubectl("delete", "lease", "--all", "--namespace=bare")


def older_crd(*dropped: str) -> str:
    """Our CRD without some properties of status, each a path such as `operation.nonce`."""
    crd = copy.deepcopy(yaml.safe_load(CRD.read_text()))
    for path in dropped:
        node = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
        *parents, last = path.split(".")
        for name in parents:
            node = node["properties"][name]
        del node["properties"][last]
        node["required"] = [name for name in node.get("required", []) if name != last]
        if not node["required"]:
            del node["required"]
    return json.dumps(crd)


def readyz(operator: Operator) -> str:
    """What /readyz says, `ready` once it answers 200."""
    code, text = operator.probe("/readyz")
    return "ready" if code == 200 else text


def test_without_the_crd_the_process_waits_says_so_and_goes_on(bare_stage: Stage) -> None:
    operator = bare_stage.launch()
    until("it is told", lambda: "kubectl apply --server-side -f crds/hpcclusters.yaml" in readyz(operator))
    assert operator.probe("/readyz")[0] == 503
    assert operator.probe("/healthz")[0] == 200, "a restart would not help"
    waiting = [line for line in operator.log() if "CRD is not installed" in line["message"]]
    assert [line["level"] for line in waiting] == ["ERROR"], "said once, not at each look"
    apply_crd(bare_stage)
    until("it leads", lambda: readyz(operator) == "ready")
    bare_stage.kube.apply(ehpc("after-crd"))
    bare_stage.wait_ready("after-crd")
    bare_stage.kube.kubectl("delete", "hpc", "after-crd", "--timeout=300s")


def apply_crd(stage: Stage, text: str | None = None) -> None:
    """Install a CRD (ours by default) and wait until it is served."""
    stage.server.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text or CRD.read_text())
    until_served(stage.server)


@pytest.mark.slow
@pytest.mark.parametrize("dropped", ["operation.nonce", "operation", "hpc_cluster_id"])
def test_with_an_older_crd_nothing_is_created_until_it_is_replaced(bare_stage: Stage, dropped: str) -> None:
    rules_removed = yaml.safe_load(older_crd(dropped))
    rules_removed["spec"]["versions"][0]["schema"]["openAPIV3Schema"].pop("x-kubernetes-validations", None)
    version = rules_removed["spec"]["versions"][0]
    for key in ("selectableFields", "additionalPrinterColumns"):
        version.pop(key, None)
    apply_crd(bare_stage, json.dumps(rules_removed))
    bare_stage.kube.apply(ehpc("early"))
    operator = bare_stage.launch()
    until("it is told", lambda: "CrdTooOld" in readyz(operator))
    assert dropped in readyz(operator)
    assert "crds/hpcclusters.yaml" in readyz(operator)
    assert bare_stage.to_cloud.log == []
    apply_crd(bare_stage)
    bare_stage.wait_ready("early")
    assert bare_stage.cloud.count("createCluster") == (1, 1)
    bare_stage.kube.kubectl("delete", "hpc", "early", "--timeout=300s")


def test_a_crd_that_becomes_older_while_the_operator_runs_stops_every_create(bare_stage: Stage) -> None:
    apply_crd(bare_stage)
    bare_stage.operator()
    bare_stage.kube.apply(ehpc("before"))
    bare_stage.wait_ready("before")
    old = yaml.safe_load(older_crd("operation.nonce"))
    apply_crd(bare_stage, json.dumps(old))
    hold = len(bare_stage.to_cloud.log)
    bare_stage.kube.apply(ehpc("meanwhile"))
    status = bare_stage.wait_reason("meanwhile", "CrdTooOld")
    assert "CRD" in told(status)
    sent = [seen for seen in bare_stage.to_cloud.log[hold:] if seen.path.endswith("/createCluster")]
    assert sent == []
    apply_crd(bare_stage)
    bare_stage.wait_ready("meanwhile")
    assert bare_stage.cloud.count("createCluster") == (2, 2)
    bare_stage.kube.kubectl("delete", "hpc", "--all", "--timeout=300s")


@pytest.fixture
def limited(stage: Stage) -> Stage:
    """A stage whose operators will be refused something."""
    stage.refusals_meant = True
    stage.token(stage.scope())
    return stage


def allow(stage: Stage, *but: str) -> None:
    """The operator has all its rights, but for those on the named resources."""
    scope = stage.scope()
    rights.give(stage.kube, scope, but=[right for right in rights.of(scope) if right.resource in but])


def test_without_the_right_to_list_the_process_waits_and_names_it(limited: Stage) -> None:
    stage = limited
    allow(stage, "hpcclusters")
    operator = stage.launch()
    until("it is told", lambda: "permission" in readyz(operator))
    told = readyz(operator)
    assert "hpcclusters" in told
    assert f"{stage.namespace}:hpc-operator" in told, "whose right is missing"
    assert "cannot list" in told
    allow(stage)
    stage.kube.apply(ehpc("allowed"))
    stage.wait_ready("allowed")
    assert readyz(operator) == "ready"


def test_without_the_right_to_take_the_lease_the_process_waits_and_names_it(limited: Stage) -> None:
    stage = limited
    allow(stage, "leases")
    operator = stage.launch()
    until("it is told", lambda: operator.says("leases"))
    line = next(line for line in operator.log() if "leases" in line["message"])
    assert line["level"] in ("WARNING", "ERROR")
    assert "forbidden" in line["message"]
    assert "leases" in operator.probe("/readyz")[1], "the probe says what is missing too"
    allow(stage)
    until("it leads", operator.leads)


def test_without_the_right_on_secrets_nothing_is_created_and_it_is_told(limited: Stage) -> None:
    stage = limited
    allow(stage, "secrets")
    operator = stage.launch()
    stage.kube.apply(ehpc("secretless"))
    until("it is told", lambda: operator.says("secrets is forbidden") or operator.says("cannot get resource"))
    never_created(stage)
    status = until("the resource says it", lambda: "secrets" in told(s := stage.kube.status("secretless")) and s)
    assert (condition(status)["status"], condition(status)["reason"]) == ("False", "KubernetesRefused")
    assert "a permission is missing" in told(status)
    allow(stage)
    stage.wait_ready("secretless")
    assert stage.cloud.count("createCluster") == (1, 1)
