"""`hpc-operator doctor` as a process, against the simulator as a process and the genuine API server.

Each illness is made for real, and the line that names it, with what to do, is what the test looks for. Whatever is
ill, nothing that changes anything may be called.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from stage import Simulator, Stage, rights, until
from stage.doctor import Examined, doctor
from stage.manifests import CRD
from stage.operators import KEY, environment
from stage.programs import script

from hpc_operator.kube import names
from hpc_operator.kube.rights import RIGHTS
from local_control_plane import ControlPlane

READS = {"list", "operation", "permission"}
MOST_READS = 10
HARMLESS = ("/selfsubjectaccessreviews",)


@pytest.fixture
def clinic(stage: Stage) -> Iterator[Stage]:
    """The stage; afterwards, whatever was tried, nothing has been changed and no secret was told."""
    yield stage
    called = {call["call"] for call in stage.cloud.calls()}
    assert called <= READS, "a read is all that doctor may call"
    assert {
        name: stage.cloud.count(name) for name in ("createCluster", "deleteCluster", "modifyCluster")
    } == dict.fromkeys(("createCluster", "deleteCluster", "modifyCluster"), (0, 0))
    assert stage.to_kube.writes(but=HARMLESS) == []


def cloud(stage: Stage, **changed: str | None) -> Examined:
    return doctor(stage.settings(**changed), "--no-kubernetes")


def test_all_is_well(clinic: Stage) -> None:
    found = doctor(clinic.settings())
    assert (found.code, found.levels("error"), found.levels("not tried")) == (0, [], [])
    assert found.levels("warning") == ["endpoint"], "no TLS between processes of one machine"
    assert "ok: the key is taken, signature encoded twice (as set); encoded once it is refused" in found.line(
        "signature"
    )
    assert found.line("account") == "ok: owner usr-simulator in zone jn1a answers, with 0 cluster(s): "
    assert "uid_number 11017754" in found.line("ids")
    assert "Kubernetes v1." in found.line("API server")
    assert len(clinic.cloud.calls()) <= MOST_READS, "it costs little of the quota"
    assert any("selfsubjectaccessreviews" in seen.path for seen in clinic.to_kube.log), "the proxy saw what was asked"


def test_the_text_has_one_line_for_each_check(clinic: Stage) -> None:
    command = [script("hpc-operator"), "doctor"]
    done = subprocess.run(command, env=environment(clinic.settings()), capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(doctor(clinic.settings()).findings) + 1
    assert lines[-1] == "well: 16 ok, 1 warning"
    assert done.stderr == ""


def test_the_fleet_and_the_marks_of_others_are_counted(clinic: Stage) -> None:
    from hpc_operator.domain.mark import fleet_of  # noqa: PLC0415 - as an operator of that fleet would write it

    for name in (f"a-{fleet_of('stage')}bbbbbccccc-1", f"b-{fleet_of('other')}bbbbbccccc-1", "by-hand"):
        clinic.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": name})
    found = cloud(clinic)
    assert "3 cluster(s): 1 with a mark of fleet stage, 1 of other fleets, 1 without a mark" in found.line("list")
    assert "marks are seen in names" in found.line("list")
    assert "by-hand" not in found.output, "names of clusters are nobody's business in a ticket"


def test_a_wrong_secret(clinic: Stage) -> None:
    found = cloud(clinic, SECRET_ACCESS_KEY="some-other-secret")
    assert (found.code, found.levels("error")) == (1, ["signature"])
    assert "is refused, signed either way: check access_key_id and" in found.line("signature")
    assert found.findings["list"]["said"] == "it needs account, see above"
    assert "some-other-secret" not in found.output


@pytest.mark.parametrize(("taken", "set_to"), [("once", "twice"), ("twice", "once")])
def test_the_wrong_encoding_is_told_from_a_wrong_key(clinic: Stage, taken: str, set_to: str) -> None:
    clinic.cloud.set(signature_encoding=taken)
    found = cloud(clinic, SIGNATURE_ENCODING=set_to)
    assert (found.code, found.levels("error")) == (1, ["signature"])
    assert found.findings["signature"]["advice"] == f"set HPC_OPERATOR_SIGNATURE_ENCODING={taken}"
    mended = cloud(clinic, SIGNATURE_ENCODING=taken)
    assert (mended.code, mended.levels("error")) == (0, [])


def test_a_service_that_takes_both_encodings(clinic: Stage) -> None:
    clinic.cloud.set(signature_encoding="either")
    assert cloud(clinic).findings["signature"]["said"] == "the key is taken, signature encoded twice (as set) or once"


@pytest.mark.parametrize(("offset", "word"), [(300, "ahead of"), (-300, "behind")])
def test_a_clock_that_is_off_hides_nothing_else(clinic: Stage, offset: int, word: str) -> None:
    clinic.cloud.set(clock_offset=offset)
    found = cloud(clinic, SIGNATURE_ENCODING="once")
    assert found.levels("error") == ["clock", "signature"]
    assert f" s {word} ours" in found.line("clock")
    assert "HPC_OPERATOR_CLOCK_SKEW" in found.line("clock")
    assert found.findings["signature"]["advice"] == "set HPC_OPERATOR_SIGNATURE_ENCODING=twice"


def test_without_a_date_header_the_clock_is_not_judged(clinic: Stage) -> None:
    clinic.cloud.set(date_header=False)
    direct = clinic.cloud.endpoint  # the proxy would write a header of its own
    found = cloud(clinic, ENDPOINT=direct)
    assert (found.code, found.findings["clock"]["level"]) == (0, "warning")
    clinic.cloud.set(clock_offset=300)
    worse = cloud(clinic, ENDPOINT=direct)
    assert (worse.code, worse.levels("error")) == (1, ["clock"])
    assert worse.line("signature") == "not tried: not decided: no request is taken before the clocks agree (1300): "


@pytest.mark.parametrize("dialect", ["empty", "denied"])
def test_a_foreign_owner(clinic: Stage, dialect: str) -> None:
    clinic.cloud.set(foreign_owner=dialect)
    found = cloud(clinic, OWNER="usr-someone")
    assert (found.code, found.levels("error")) == (1, ["account"])
    assert "set HPC_OPERATOR_OWNER" in found.findings["account"]["advice"]
    assert "HPC_OPERATOR_ZONE" not in found.findings["account"]["advice"]
    said = "an empty list" if dialect == "empty" else "ret_code 1400"
    assert f"usr-00000000 (made up): {said}" in found.line("refusals"), "the service's dialect is told"


@pytest.mark.parametrize("code", [1101, 2100])
def test_a_wrong_zone(clinic: Stage, code: int) -> None:
    clinic.cloud.set(wrong_zone_code=code)
    found = cloud(clinic, ZONE="pek3a")
    assert (found.code, found.levels("error")) == (1, ["account"])
    assert f"owner usr-simulator in zone pek3a: refused (ret_code {code}: " in found.line("account")
    assert found.findings["account"]["advice"].startswith("set HPC_OPERATOR_ZONE to a zone of this account")


def test_other_zones_and_owners_of_the_settings_are_asked_too(clinic: Stage) -> None:
    found = cloud(clinic, ZONES="jn1a,pek3a")
    assert (found.code, found.findings["others"]["level"]) == (0, "warning")
    assert "owner usr-simulator in zone pek3a: ret_code 1101" in found.line("others")


def test_ids_that_cannot_be_read(clinic: Stage) -> None:
    clinic.cloud.ask("POST", "/clusters", {"cluster_type": "ehpc", "name": "one"})
    clinic.cloud.fault("code", "permission", ret_code=2100, count=None)
    found = cloud(clinic)
    assert (found.code, found.levels("error")) == (1, ["ids"])
    assert "HPC_OPERATOR_ACCEPT_OTHER_IDS=true and give uid_number and gid_number" in found.line("ids")
    assert cloud(clinic, ACCEPT_OTHER_IDS="true").code == 0


def test_a_used_up_quota_is_one_error_and_no_further_call(clinic: Stage) -> None:
    clinic.cloud.fault("code", "list", ret_code=2500, count=None)
    found = cloud(clinic)
    assert (found.code, found.levels("error")) == (1, ["quota"])
    assert "HPC_OPERATOR_QUOTA_SHARE" in found.findings["quota"]["advice"]
    assert len(clinic.cloud.calls()) == 1


def test_a_quota_that_ends_on_the_way_is_one_error_too(clinic: Stage) -> None:
    clinic.cloud.fault("code", "operation", ret_code=2500, count=None)
    found = cloud(clinic)
    assert (found.code, found.levels("error")) == (1, ["log"])
    assert found.findings["refusals"]["said"] == "the account's calls of this hour are used up (2500)"


PAGES = [
    (302, "", "HTTP 302: a redirect to nowhere; redirects are never followed"),
    (200, "<html>log in</html>", "HTTP 200 with a web page instead of JSON"),
    (403, "<html>blocked</html>", "HTTP 403 with a web page instead of JSON"),
    (503, "busy", "HTTP 503: the service is disturbed"),
    (404, "{}", "HTTP 404 without a ret_code: this is not the HPC API"),
]


@pytest.mark.parametrize(("status", "body", "said"), PAGES, ids=[str(row[0]) + row[1][:1] for row in PAGES])
def test_somebody_else_answers(clinic: Stage, status: int, body: str, said: str) -> None:
    clinic.cloud.fault("http", "list", status=status, body=body, count=None)
    found = cloud(clinic)
    assert (found.code, found.levels("error")) == (1, ["API"])
    assert said in found.line("API")


UNREACHED = [
    ("http://127.0.0.1:9/api", "no connection can be made"),
    ("https://nowhere.invalid/api", "its name cannot be resolved"),
]


@pytest.mark.parametrize(("endpoint", "said"), UNREACHED)
def test_an_endpoint_that_is_not_there_is_one_error(clinic: Stage, endpoint: str, said: str) -> None:
    found = cloud(clinic, ENDPOINT=endpoint)
    assert (found.code, found.levels("error"), found.levels("ok")) == (1, ["endpoint"], ["key"])
    assert said in found.line("endpoint")
    assert "HPC_OPERATOR_ENDPOINT" in found.line("endpoint")


def test_tls_wants_a_trusted_certificate(control_plane: ControlPlane, tmp_path: Path) -> None:
    pki = control_plane.folder / "pki"
    flags = ("--certificate", str(pki / "server.crt"), "--certificate-key", str(pki / "server.key"))
    simulator = Simulator(tmp_path, flags=flags)
    try:
        settings: dict[str, str | None] = {"FLEET": "stage", "ENDPOINT": simulator.endpoint, **KEY}
        found = doctor(settings, "--no-kubernetes")
        assert (found.code, found.levels("error")) == (1, ["endpoint"])
        assert "its certificate is not trusted" in found.line("endpoint")
        assert "SSL_CERT_FILE" in found.line("endpoint")
        assert simulator.calls() == [], "nothing is sent to somebody who cannot prove who it is"
        trusted = doctor(settings, "--no-kubernetes", SSL_CERT_FILE=str(pki / "ca.crt"))
        assert (trusted.code, trusted.levels("warning"), trusted.levels("error")) == (0, [], [])
        unchecked = doctor({**settings, "VERIFY_TLS": "false"}, "--no-kubernetes")
        assert unchecked.findings["endpoint"]["advice"] == "remove HPC_OPERATOR_VERIFY_TLS=false"
        plain = {**settings, "ENDPOINT": simulator.endpoint.replace("https", "http")}
        assert doctor(plain, "--no-kubernetes").code == 1
    finally:
        simulator.stop()


def test_tls_where_none_is_spoken(clinic: Stage) -> None:
    found = cloud(clinic, ENDPOINT=clinic.endpoint.replace("http:", "https:"))
    assert found.levels("error") == ["endpoint"]
    assert "it does not speak TLS here" in found.line("endpoint")


def test_no_secret_is_told_even_if_the_service_repeats_it(clinic: Stage) -> None:
    secret, key = KEY["SECRET_ACCESS_KEY"], KEY["ACCESS_KEY_ID"]
    message = f"bad request access_key_id={key}&x=1&signature=abcdefgh {secret}"
    clinic.cloud.fault("code", "list", ret_code=1101, message=message, count=None)
    found = doctor(clinic.settings(LOG_LEVEL="DEBUG"))
    assert "bad request" in found.output
    token = yaml.safe_load(clinic.server.kubeconfig.read_text())["users"][0]["user"]["token"]
    for told in (secret, key, "abcdefgh", "signature=", token):
        assert told not in found.output


def test_a_key_that_is_missing_ends_the_cloud_part_only(clinic: Stage) -> None:
    found = doctor(clinic.settings(ACCESS_KEY_ID=None, SECRET_ACCESS_KEY=None))
    assert (found.code, found.levels("error")) == (1, ["key"])
    assert "HPC_OPERATOR_CREDENTIALS_DIR" in found.line("key")
    assert "API server" in found.levels("ok")


def test_parts_are_left_out_as_asked_or_where_there_is_no_kubeconfig(clinic: Stage, tmp_path: Path) -> None:
    alone = doctor(clinic.settings(), "--no-cloud")
    assert alone.line("all") == "skipped: left out (--no-cloud): "
    assert clinic.cloud.calls() == []
    nowhere = doctor(clinic.settings(KUBECONFIG=None), HOME=str(tmp_path), KUBECONFIG="")
    assert (nowhere.code, nowhere.findings["all"]["level"]) == (0, "skipped")
    assert "HPC_OPERATOR_KUBECONFIG" in nowhere.line("all")
    none = str(tmp_path / "none")
    by_kubectl = doctor(clinic.settings(KUBECONFIG=None), "--no-cloud", HOME=str(tmp_path), KUBECONFIG=none)
    for named in (doctor(clinic.settings(KUBECONFIG=none), "--no-cloud"), by_kubectl):
        assert named.code == 1
        assert named.findings["all"]["level"] == "error"
        assert f"there is no file {none}" in named.line("all")


def test_wrong_usage_and_wrong_settings_are_2(clinic: Stage) -> None:
    command = [script("hpc-operator"), "doctor"]
    for flags in (("--no-cloud", "--no-kubernetes"), ("--poll", "0"), ("-o", "yaml"), ("--colour",)):
        done = subprocess.run([*command, *flags], env=environment(clinic.settings()), capture_output=True, check=False)
        assert done.returncode == 2, flags
    unset = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=False)
    assert (unset.returncode, "HPC_OPERATOR_FLEET" in unset.stderr) == (2, True)


def test_a_server_that_does_not_answer_is_one_error(clinic: Stage, tmp_path: Path) -> None:
    path = clinic.kube.kubeconfig_through("http://127.0.0.1:9", tmp_path / "closed")
    found = doctor(clinic.settings(KUBECONFIG=str(path)), "--no-cloud")
    assert (found.code, found.levels("error")) == (1, ["API server"])
    assert "HPC_OPERATOR_KUBECONFIG" in found.line("API server")


def test_a_token_that_is_not_taken(clinic: Stage, tmp_path: Path) -> None:
    path = clinic.server.kubeconfig_for(tmp_path / "old", "not-a-token-of-this-server")
    found = doctor(clinic.settings(KUBECONFIG=str(path)), "--no-cloud")
    assert found.levels("error") == ["API server"]
    assert "not-a-token" not in found.output


def test_a_missing_and_an_old_crd(tmp_path: Path) -> None:
    old = yaml.safe_load(CRD.read_text())
    served = old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    del served["operation"]["properties"]["nonce"]
    with ControlPlane() as plane, Stage(plane, "default", tmp_path, crd=False) as stage:
        found = doctor(stage.settings(), "--no-cloud")
        assert (found.code, found.levels("error")) == (1, ["CRD"])
        assert found.findings["CRD"]["advice"] == "kubectl apply --server-side -f crds/hpcclusters.yaml"
        plane.kubectl("apply", "--server-side", "-f", "-", input=json.dumps(old))
        until("the old CRD is found", lambda: "status.operation.nonce" in doctor(stage.settings(), "--no-cloud").output)
        plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRD))
        until("the new CRD is found", lambda: doctor(stage.settings(), "--no-cloud").code == 0)
        assert stage.to_kube.writes(but=HARMLESS) == []


def test_the_namespace_of_the_lease_and_who_holds_it(clinic: Stage) -> None:
    found = doctor(clinic.settings(LEASE_NAMESPACE="nowhere"), "--no-cloud")
    assert found.levels("error") == ["Lease"]
    assert "kubectl create namespace nowhere" in found.line("Lease")
    held = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "hpc-operator"},
        "spec": {"holderIdentity": "somebody_1_ab", "leaseDurationSeconds": 15},
    }
    clinic.kube.apply(held)
    assert "is held by somebody_1_ab" in doctor(clinic.settings(), "--no-cloud").line("Lease")


def test_as_the_charts_service_account_all_is_well(clinic: Stage) -> None:
    clinic.kube.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "hpc-operator"}})
    found = doctor(clinic.settings(KUBECONFIG=str(clinic.kubeconfig_of(clinic.scope()))), "--no-cloud")
    assert (found.code, found.levels("error"), found.levels("warning")) == (0, [], [])
    assert found.findings["rights"]["said"] == f"all {len(RIGHTS)} that are needed are granted"


@pytest.mark.slow
def test_exactly_the_missing_right_is_named(clinic: Stage) -> None:
    clinic.refusals_meant = True  # whether the Lease's namespace is there
    scope = clinic.scope()
    settings = clinic.settings(KUBECONFIG=str(clinic.kubeconfig_of(scope)))
    for missing in rights.of(scope):
        rights.give(clinic.kube, scope, but=[missing])
        found = doctor(settings, "--no-cloud")
        wanted = f"missing: {missing.verb} {missing.kind} in namespace {clinic.namespace}"
        assert (found.code, found.findings["rights"]["said"]) == (1, wanted)


def test_rights_are_asked_for_in_every_served_namespace(clinic: Stage) -> None:
    clinic.refusals_meant = True  # whether the Lease's namespace is there
    settings = clinic.settings(KUBECONFIG=str(clinic.kubeconfig_of(clinic.scope())))
    two = doctor({**settings, "NAMESPACES": f"{clinic.namespace},default"}, "--no-cloud")
    assert f"list {names.PLURAL}.{names.GROUP} in namespace default" in two.line("rights")
    everywhere = doctor({**settings, "NAMESPACES": None}, "--no-cloud")
    assert "create secrets in all namespaces" in everywhere.line("rights")
    assert f"leases.coordination.k8s.io in namespace {clinic.namespace}" not in everywhere.line("rights")
    some = doctor({**settings, "NAMESPACES": None, "SECRET_NAMESPACES": clinic.namespace}, "--no-cloud")
    assert "list hpcclusters.hpc.qingcloud.com in all namespaces" in some.line("rights")
    assert "secrets" not in some.line("rights")
