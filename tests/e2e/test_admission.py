"""What the genuine API server lets in: the CRD itself, one accepted and one refused manifest for each rule with the
exact message, and a walk over every field of the spec once a create has begun.
"""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from stage import until_served
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from hpc_operator.domain.record import (
    Account,
    Closed,
    Condition,
    Intent,
    Memory,
    NodeCount,
    OperationAction,
    Origin,
    Outcome,
    Plan,
    PlannedChange,
    RefusedWish,
    Report,
)
from hpc_operator.kube import crd
from hpc_operator.kube.codec import encode_status, parse_resource, status_patch
from hpc_operator.kube.fields import leaves
from hpc_operator.kube.rules import SPEC_RULES
from hpc_operator.kube.transitions import CHANGEABLE, CLAIM, FIXED, FROZEN, REFUSED, ROOT_RULES
from local_control_plane import ControlPlane, KubectlError

ROOT = Path(__file__).parents[2]
PROPERTIES = crd.object_schema()["properties"]["spec"]
ROLE = {"cpu": 2, "memory": 4096}
MARKED = "must not contain a word that looks like an operator's mark (a, 14 letters or digits 2-7, -, a number)"
NO_PASSWORD = "a password must not stand in a manifest: put it into a Secret and name that in"
NEEDED = "only managementPolicy Observe or Plan does without"


@pytest.fixture(scope="module", autouse=True)
def installed(control_plane: ControlPlane) -> None:
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds" / "hpcclusters.yaml"))
    until_served(control_plane)


def at(path, value, into=None):
    """`into`, or an empty manifest's spec, with the value at the dotted path (a role's name is its cluster's)."""
    spec = copy.deepcopy(into or {})
    inner = spec
    for step in path[:-1]:
        inner = inner.setdefault(step, {})
    inner[path[-1]] = value
    return spec


def ehpc(*changes):
    cluster = {"vxnet": "vxnet-1", "login": dict(ROLE), "controller": dict(ROLE), "compute": dict(ROLE)}
    spec = {"cluster_type": "ehpc", "version_id": "appv-1", "cluster_conf": {"cluster": cluster}}
    for path, value in changes:
        spec = at(path, value, spec)
    return spec


def hpc(*changes):
    cluster = {"vxnet": "vxnet-1", "login": {"cpu": 1, "memory": 2048}}
    spec = {"cluster_type": "hpc", "version_id": "appv-1", "cluster_conf": {"cluster": cluster}}
    for path, value in changes:
        spec = at(path, value, spec)
    return spec


def without(spec, *path):
    spec = copy.deepcopy(spec)
    inner = spec
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return spec


def manifest(spec, name="one"):
    meta = {"name": name}
    return json.dumps(
        {"apiVersion": "hpc.qingcloud.com/v1alpha1", "kind": "HpcCluster", "metadata": meta, "spec": spec}
    )


def refusal(server, *arguments, **rest):
    """The lines that kubectl says why; the test fails if there is nothing to say."""
    with pytest.raises(KubectlError) as refused:
        server.kubectl(*arguments, **rest)
    # Kubernetes 1.30 says of every rule of an object that it is about an object.
    text = refused.value.stderr.strip().replace('Invalid value: "object": ', "Invalid value: ")
    return [line.removeprefix("* ") for line in text.splitlines() if line.startswith("* ")] or [
        text.rpartition(" is invalid: ")[2]
    ]


CONF = ("cluster_conf", "cluster")
RESERVED = (("paid_type",), "Reserved")
TERM = (("duration",), 12)
RENEWAL = (("is_auto_renewal",), 0)
RULES = [
    (
        hpc(),
        hpc(((*CONF, "controller"), ROLE)),
        "spec.cluster_conf.cluster.controller: Forbidden: "
        "an hpc cluster has only login nodes: remove controller, or set cluster_type to ehpc",
    ),
    (
        hpc(),
        hpc(((*CONF, "compute"), ROLE)),
        "spec.cluster_conf.cluster.compute: Forbidden: "
        "an hpc cluster has only login nodes: remove compute, or set cluster_type to ehpc",
    ),
    (
        hpc((("deploy_mode",), "1")),
        hpc((("deploy_mode",), "2")),
        'spec.deploy_mode: Invalid value: deploy_mode of an hpc cluster must be "1"',
    ),
    (
        ehpc(((*CONF, "controller", "count"), 1)),
        ehpc(((*CONF, "controller", "count"), 2)),
        "spec.cluster_conf.cluster.controller.count: Invalid value: count of controller nodes must be 1",
    ),
    (
        ehpc(),
        ehpc(((*CONF, "compute", "cpu"), 1)),
        "spec.cluster_conf.cluster.compute.cpu: Invalid value: cpu of compute nodes must be at least 2",
    ),
    (
        ehpc(),
        ehpc(((*CONF, "compute", "memory"), 4095)),
        "spec.cluster_conf.cluster.compute.memory: Invalid value: memory of compute nodes must be at least 4096 (MiB)",
    ),
    (
        ehpc(RESERVED, TERM, RENEWAL),
        ehpc(RESERVED, RENEWAL, (("duration",), 2)),
        "spec.duration: Invalid value: paid_type Reserved needs duration, in months: 1, 3, 6, 12, 36 or 70",
    ),
    (
        ehpc((("paid_type",), "PayForUsed"), (("duration",), 0)),
        ehpc((("paid_type",), "PayForUsed"), TERM),
        "spec.duration: Invalid value: duration needs paid_type Reserved: leave it out, or 0",
    ),
    (
        ehpc(RESERVED, TERM, (("is_auto_renewal",), 1)),
        ehpc(RESERVED, TERM),
        "spec.is_auto_renewal: Required value: "
        "paid_type Reserved needs is_auto_renewal: 1, or 0 to let the cluster end with its term",
    ),
    (
        ehpc((("paid_type",), "PayForUsed"), RENEWAL),
        ehpc((("is_auto_renewal",), 1)),
        "spec.is_auto_renewal: Invalid value: is_auto_renewal needs paid_type Reserved: leave it out, or 0",
    ),
    (
        ehpc((("cluster_name",), "a"), ((*CONF, "name"), "a")),
        ehpc((("cluster_name",), "a"), ((*CONF, "name"), "b")),
        "spec.cluster_conf.cluster.name: Invalid value: "
        "cluster_conf.cluster.name must equal cluster_name: give one of them, or both alike",
    ),
    (
        ehpc((("adminPasswordSecretRef",), {"name": "s", "key": "k"})),
        ehpc((("cluster_conf", "env", "admin.password"), "Secret-word-1")),
        f"spec.cluster_conf.env.admin.password: Forbidden: {NO_PASSWORD} adminPasswordSecretRef",
    ),
    (
        ehpc((("passwordSecretRef",), {"name": "s", "key": "k"})),
        ehpc((("password",), "Secret-word-1")),
        f"spec.password: Forbidden: {NO_PASSWORD} passwordSecretRef",
    ),
    (
        ehpc((("cluster_name",), "流体-1")),
        ehpc((("cluster_name",), "x-abcdefghijklmno-1")),
        f"spec.cluster_name: Invalid value: cluster_name {MARKED}",
    ),
    (
        ehpc(((*CONF, "name"), "abcdefghijklmno")),
        ehpc(((*CONF, "name"), "abcdefghijklmno-1")),
        f"spec.cluster_conf.cluster.name: Invalid value: name {MARKED}",
    ),
    (
        ehpc((("description",), "for abcdefghijklmno")),
        ehpc((("description",), "for abcdefghijklmno-1")),
        f"spec.description: Invalid value: description {MARKED}",
    ),
    (
        ehpc((("createTimeout",), "1h30m")),
        ehpc((("createTimeout",), "59s")),
        "spec.createTimeout: Invalid value: createTimeout must be between 1m and 168h",
    ),
    (
        ehpc((("disruptionDeadline",), "8h")),
        ehpc((("disruptionDeadline",), "721h")),
        "spec.disruptionDeadline: Invalid value: disruptionDeadline must be between 1s and 720h",
    ),
    (
        ehpc(),
        without(ehpc(), "version_id"),
        f"spec.version_id: Required value: version_id is needed to create a cluster: {NEEDED}",
    ),
    (
        {"cluster_type": "ehpc", "managementPolicy": "Plan"},
        without(ehpc(), "cluster_conf"),
        f"spec.cluster_conf: Required value: cluster_conf is needed to create a cluster: {NEEDED}",
    ),
    (
        without(ehpc((("managementPolicy",), "Observe")), *CONF, "vxnet"),
        without(ehpc(), *CONF, "vxnet"),
        "spec.cluster_conf.cluster.vxnet: Required value: "
        f"cluster_conf.cluster.vxnet is needed to create a cluster: {NEEDED}",
    ),
    (
        without(ehpc((("managementPolicy",), "Observe")), *CONF, "controller"),
        without(ehpc(), *CONF, "controller"),
        "spec.cluster_conf.cluster.controller: Required value: "
        f"cluster_conf.cluster.controller is needed to create an ehpc cluster: {NEEDED}",
    ),
    (
        without(ehpc((("managementPolicy",), "Observe")), *CONF, "compute"),
        without(ehpc(), *CONF, "compute"),
        "spec.cluster_conf.cluster.compute: Required value: "
        f"cluster_conf.cluster.compute is needed to create an ehpc cluster: {NEEDED}",
    ),
]


@pytest.mark.parametrize(("accepted", "refused", "message"), RULES, ids=[row[2].split(": ")[-1][:50] for row in RULES])
def test_each_rule_lets_the_right_manifest_in_and_says_what_is_wrong_with_the_other(
    control_plane, namespace, accepted, refused, message
):
    apply = ("apply", "-n", namespace, "--dry-run=server", "-f", "-")
    control_plane.kubectl(*apply, input=manifest(accepted))
    assert refusal(control_plane, *apply, input=manifest(refused)) == [message]


def test_no_rule_is_left_untried():
    tried = [message for _, _, message in RULES]
    standing = [rule.message for rule in (*SPEC_RULES, *ROOT_RULES) if "oldSelf.?status" not in rule.cel]
    assert [said for said in standing if not any(m.endswith(said) for m in tried)] == [f"metadata.name {MARKED}"]


def test_a_name_that_looks_like_a_mark_is_refused(control_plane, namespace):
    text = manifest(ehpc(), "abcdefghijklmno-1")
    said = refusal(control_plane, "apply", "-n", namespace, "--dry-run=server", "-f", "-", input=text)
    assert said == [f"metadata.name: Invalid value: metadata.name {MARKED}"]


BOUNDS = [
    (((*CONF, "login", "count"), 0), "should be greater than or equal to 1", "no cluster without a login node"),
    (((*CONF, "login", "count"), 100), "should be less than or equal to 99", "documented upper bound"),
    (((*CONF, "login", "cpu"), "2"), 'must be of type integer: "string"', "nothing is converted"),
    ((("zone",), "jn1a&owner=usr-2"), "should match", "it enters a URL"),
    ((("owner",), "usr-1/../usr-2"), "should match", "it enters a path"),
    ((("cluster_conf", "env", "admin.user"), "Admin"), "should match", "documented shape"),
    ((("power",), "Off"), 'supported values: "Running", "Stopped"', "no third state"),
    ((("managementPolicy",), "Dry"), 'supported values: "Full", "Observe", "Plan"', "unknown"),
    ((("disruptionPolicy",), "Never"), 'supported values: "WhenIdle", "Immediate"', "unknown"),
    ((("colour",), "red"), 'unknown field "spec.colour"', "nothing is dropped silently under strict validation"),
    ((("cluster_conf", "env", "LD_PRELOAD"), "x"), 'unknown field "spec.cluster_conf.env.LD_PRELOAD"', "the same"),
]


@pytest.mark.parametrize(("change", "sentence", "reason"), BOUNDS, ids=[".".join(row[0][0]) for row in BOUNDS])
def test_bounds_are_the_schemas(control_plane, namespace, change, sentence, reason):
    apply = ("apply", "-n", namespace, "--dry-run=server", "-f", "-")
    said = " ".join(refusal(control_plane, *apply, input=manifest(ehpc(change))))
    assert sentence in said, reason
    assert change[0][-1] in said, "the field is named"


ACCOUNT = Account("https://hpc-api.qingcloud.com/api", "jn1a", "usr-1a2b3c4d")
INTENT = Intent(OperationAction.CREATE, "aabcdefghijklmn", 1, 1_700_000_000.25, "n-1", ACCOUNT, "k-1", 1)
OPEN = Memory(mark="aabcdefghijklmn", account=ACCOUNT, origin=Origin.CREATED, operation=INTENT)
KNOWN = replace(OPEN, operation=None, hpc_cluster_id="ehpc-1", job_id="j-1")


def create(server, namespace, spec, memory=None, name="one"):
    """A resource on the server that remembers this."""
    server.kubectl("create", "-n", namespace, "-f", "-", input=manifest(spec, name))
    if memory is not None:
        say(server, namespace, {"status": encode_status(memory, None)}, name)


def say(server, namespace, patch, name="one"):
    arguments = ("patch", "hpc", name, "-n", namespace, "--subresource=status", "--type=merge", "-p", json.dumps(patch))
    return json.loads(server.kubectl(*arguments, "-o", "json"))


def edit(namespace, spec, name="one"):
    text = json.dumps({"spec": spec})
    return ("patch", "hpc", name, "-n", namespace, "--dry-run=server", "--type=merge", "-p", text)


EVERYTHING = yaml.safe_load((ROOT / "examples" / "ehpc-every-field.yaml").read_text(encoding="utf-8"))["spec"]
LEAVES = sorted(leaves())
WISHES = [path for path in LEAVES if ".".join(path) not in REFUSED | FIXED]


def value_at(spec, path):
    for step in path:
        spec = spec[step]
    return spec


def stands(spec, path):
    for step in path:
        spec = spec.get(step) if isinstance(spec, dict) else None
    return spec is not None


def schema_at(path):
    schema = PROPERTIES
    for step in path:
        schema = schema["properties"][step]
    return schema


def another(path, old):
    """A value that this field may have, other than the old one."""
    schema = schema_at(path)
    if "enum" in schema:
        return next((v for v in schema["enum"] if v != old), None)
    if schema["type"] == "boolean":
        return not old
    if path[-1] == "duration":
        return 3
    if schema["type"] == "integer":
        return (old or min(4096, schema["maximum"] - 1)) + 1
    if path[-1] in ("createTimeout", "disruptionDeadline"):
        return "2h"
    return f"{old}2" if old else FIRST.get(path[-1], "x-1")


FIRST = {
    "vxnet": "vxnet-1",
    "owner": "usr-1",
    "admin.user": "admin",
    "nfs_network": "10.0.0.0/8",
    "nfs_dns": "10.0.0.1",
}


def named(lines):
    """The fields that the refusal says must stay."""
    said = [line.removeprefix(f"spec: Forbidden: {CLAIM}:") for line in lines if CLAIM in line]
    assert len(said) == 1, lines
    return said[0].split()


def changed(path, value):
    """The edit; both names change together."""
    names = [("cluster_name",), (*CONF, "name")]
    spec = at(path, value)
    for name in names if path in names else []:
        spec = at(name, value, spec)
    return spec


@pytest.fixture(scope="module")
def begun(control_plane: ControlPlane, installed: None) -> str:
    """A namespace with three resources: all fields and an open intent; all fields and an id; few fields and an id."""
    control_plane.kubectl("create", "namespace", "begun")
    create(control_plane, "begun", EVERYTHING, OPEN, "open")
    create(control_plane, "begun", EVERYTHING, KNOWN, "known")
    create(control_plane, "begun", ehpc(), KNOWN, "few")
    return "begun"


@pytest.mark.parametrize("path", WISHES, ids=".".join)
def test_once_begun_a_field_is_changed_only_if_that_is_obeyed(control_plane, begun, path):
    value = another(path, value_at(EVERYTHING, path))
    if ".".join(path) in CHANGEABLE:
        control_plane.kubectl(*edit(begun, changed(path, value), "open"))
        return
    said = refusal(control_plane, *edit(begun, changed(path, value), "open"))
    assert named(said) == [".".join(path)]


@pytest.mark.parametrize("path", WISHES, ids=".".join)
def test_once_an_id_is_known_a_field_is_removed_only_if_that_is_obeyed(control_plane, begun, path):
    dotted, removal = ".".join(path), edit(begun, at(path, None), "known")
    if path[-1] in schema_at(path[:-1]).get("required", []):
        assert any(line.startswith(f"spec.{dotted}: Required value") for line in refusal(control_plane, *removal))
    elif dotted in CHANGEABLE:
        control_plane.kubectl(*removal)
    else:
        assert dotted in named(refusal(control_plane, *removal))


@pytest.mark.parametrize("path", [path for path in WISHES if not stands(ehpc(), path)], ids=".".join)
def test_once_an_id_is_known_a_field_is_added_only_if_that_is_obeyed(control_plane, begun, path):
    both_keys = (
        {path[0]: {"name": "s", "key": "k"}} if path[0] in ("adminPasswordSecretRef", "passwordSecretRef") else {}
    )
    addition = edit(begun, at(path, schema_at(path).get("enum", [another(path, None)])[0], both_keys), "few")
    if ".".join(path) in CHANGEABLE:
        control_plane.kubectl(*addition)
    else:
        assert ".".join(path) in named(refusal(control_plane, *addition))


def test_every_field_that_was_changed_is_named_at_once(control_plane, begun):
    change = {"version_id": "appv-other", "zone": "other", "description": "may change"}
    assert named(refusal(control_plane, *edit(begun, change, "few"))) == ["version_id", "zone"]


def test_a_spec_whose_create_was_refused_can_be_mended(control_plane, namespace):
    closed = Closed(OperationAction.CREATE, 1, Outcome.REFUSED, 1.0, 1, 8000, "no such version")
    create(control_plane, namespace, ehpc(), replace(OPEN, operation=None, last_operation=closed))
    control_plane.kubectl(*edit(namespace, {"version_id": "appv-2"}))


def test_an_adoption_begins_with_observe_and_is_not_asked_for_a_creates_fields(control_plane, namespace):
    create(control_plane, namespace, {"cluster_type": "ehpc", "managementPolicy": "Observe"})
    said = refusal(control_plane, *edit(namespace, {"managementPolicy": "Full"}))
    assert [line.split(": ")[0] for line in said] == ["spec.version_id", "spec.cluster_conf"]
    say(control_plane, namespace, {"status": encode_status(KNOWN, None)})
    control_plane.kubectl(
        "patch", "hpc", "one", "-n", namespace, "--type=merge", "-p", '{"spec":{"managementPolicy":"Full"}}'
    )
    lost = say(control_plane, namespace, {"status": {"hpc_cluster_id": None}})
    assert "hpc_cluster_id" not in lost["status"], "no rule may make a status write fail"


def test_a_fresh_resource_never_reads_as_current(control_plane, namespace):
    create(control_plane, namespace, ehpc())
    stored = json.loads(control_plane.kubectl("get", "hpc", "one", "-n", namespace, "-o", "json"))
    assert stored["status"] == {"observedGeneration": -1}
    resource = parse_resource(stored)
    assert resource.problem is None
    assert resource.memory.empty


def test_the_server_keeps_all_that_the_codec_writes(control_plane, namespace):
    roles = tuple(NodeCount(role, 1, 1, 2, 0, 4096) for role in ("login", "controller", "compute"))
    added = {"action": OperationAction.ADD_NODES, "role": "compute", "count": 99, "cpu": 2, "memory": 4096}
    before = tuple(f"cln-{n}" for n in range(99))
    closed = Closed(OperationAction.CREATE, 1, Outcome.REFUSED, 1.0, 1, 1400, "\ud800\x00\x1b" + "无" * 9999, 2)
    memory = replace(
        KNOWN,
        strays=("ehpc-2",),
        recorded_at=1.001,
        first_active_at=2.0,
        described="d",
        described_at=3.0,
        nodes=roles,
        endpoints=("10.0.0.1",),
        operation=replace(INTENT, **added, nodes=before, log_from=1.0, job_id="j-1", gone=True, ended_at=2.0),
        last_operation=closed,
        refused=(RefusedWish("power", "Stopped", 1.0, 1, 1400, "no", 2, "now"),),
        waiting_since=1.0,
        stopped=True,
        restarted="1 now",
        connection="d",
    )
    changes = (PlannedChange("description", "无" * 2000, "", "modifyCluster", False),)
    plan = Plan(changes, ("cluster_conf.cluster.vxnet",))
    ready = Condition("Ready", "True", "AsWished", "x" * 9999, 1, 1_700_000_000.001)
    report = Report(1, (ready,), "hpc.qingcloud.com/uid=u", "active" * 99, "one", "then", "now", plan)
    create(control_plane, namespace, ehpc())
    stored = say(control_plane, namespace, {"status": encode_status(memory, report)})
    resource = parse_resource(stored)
    assert stored["status"] == encode_status(memory, report)
    assert resource.problem is None
    assert status_patch(resource, memory, report) is None, "a settled resource is written no more"
    less = replace(memory, operation=INTENT, strays=(), nodes=roles[:1], refused=(), stopped=False)
    report = replace(report, plan=Plan())
    after = say(control_plane, namespace, status_patch(resource, less, report))
    assert after["status"] == encode_status(less, report)


def test_columns(control_plane, namespace):
    create(control_plane, namespace, ehpc(), KNOWN)
    shown = control_plane.kubectl("get", "hpc", "-n", namespace).splitlines()
    assert shown[0].split() == ["NAME", "READY", "REASON", "TYPE", "NODES", "CLUSTER-ID", "AGE"]


@pytest.mark.parametrize(
    ("selector", "found"), [("spec.cluster_type=hpc", "two"), ("status.hpc_cluster_id=ehpc-1", "one")]
)
def test_field_selectors_where_the_server_keeps_them(control_plane, namespace, selector, found):
    create(control_plane, namespace, ehpc(), KNOWN)
    create(control_plane, namespace, hpc(), None, "two")
    ask = ("get", "hpc", "-n", namespace, "--field-selector", selector, "-o", "name")
    if selects_fields(control_plane):
        assert control_plane.kubectl(*ask).split() == [f"hpccluster.hpc.qingcloud.com/{found}"]
    else:  # docs/compatibility.md: refused, not all of them as if nothing had been asked
        assert f"field label not supported: {selector.partition('=')[0]}" in " ".join(refusal(control_plane, *ask))


def selects_fields(server: ControlPlane) -> bool:
    """Kubernetes 1.30 drops `selectableFields` from a CRD without a word."""
    version = json.loads(server.kubectl("version", "--output=json"))["serverVersion"]
    return (int(version["major"]), int(version["minor"])) >= (1, 31)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_examples_are_accepted(control_plane, namespace, path):
    control_plane.kubectl("apply", "-n", namespace, "--dry-run=server", "-f", str(path))


@retry(retry=retry_if_result(bool), wait=wait_fixed(0.2), stop=stop_after_delay(60))
def served_misses(server: ControlPlane) -> list[str]:
    return crd.missing_fields(json.loads(server.kubectl("get", "--raw", "/openapi/v3/apis/hpc.qingcloud.com/v1alpha1")))


def test_what_the_server_publishes_is_found_new_enough(control_plane):
    assert served_misses(control_plane) == []


NEVER = [
    (("password",), "Secret-word-1"),
    (("cluster_conf", "env", "admin.password"), "Secret-word-1"),
    ((*CONF, "controller", "count"), 2),
]


@pytest.mark.parametrize(("path", "value"), NEVER, ids=[".".join(path) for path, _ in NEVER])
def test_some_edits_are_refused_at_any_time(control_plane, begun, namespace, path, value):
    create(control_plane, namespace, ehpc())
    for there, name in ((begun, "open"), (begun, "known"), (namespace, "one")):
        said = refusal(control_plane, *edit(there, at(path, value), name))
        assert any(line.startswith(f"spec.{'.'.join(path)}: ") for line in said)


def test_the_one_legal_count_of_controllers_may_be_said_or_left_out(control_plane, begun):
    path = (*CONF, "controller", "count")
    control_plane.kubectl(*edit(begun, at(path, None), "known"))
    control_plane.kubectl(*edit(begun, at(path, 1), "few"))


def test_every_leaf_is_changed_by_a_call_or_refused_on_edit():
    """With the walks above: each of these sets was tried leaf by leaf, and no leaf is in none of them or in two."""
    assert {".".join(path) for path, _ in NEVER} == REFUSED | FIXED
    frozen = [".".join(path) for path in FROZEN if path in LEAVES]
    assert sorted([*CHANGEABLE, *REFUSED, *FIXED, *frozen]) == [".".join(path) for path in LEAVES]


@pytest.mark.parametrize("role", ["controller", "compute"])
def test_once_begun_a_role_can_neither_come_nor_go(control_plane, begun, namespace, role):
    said = refusal(control_plane, *edit(begun, at((*CONF, role), None), "few"))
    assert f"cluster_conf.cluster.{role}" in named(said)
    create(control_plane, namespace, without(ehpc((("managementPolicy",), "Observe")), *CONF, role), KNOWN)
    said = refusal(control_plane, *edit(namespace, at((*CONF, role), dict(ROLE))))
    assert named(said) == [f"cluster_conf.cluster.{role}"]


def test_compute_nodes_are_not_added_to_an_hpc_cluster(control_plane, namespace):
    create(control_plane, namespace, hpc(), KNOWN)
    said = refusal(control_plane, *edit(namespace, at((*CONF, "compute"), dict(ROLE))))
    assert any("an hpc cluster has only login nodes" in line for line in said)
    said = refusal(control_plane, "scale", "hpc/one", "-n", namespace, "--replicas=3")
    assert "spec.cluster_conf.cluster.compute" in said[0]
