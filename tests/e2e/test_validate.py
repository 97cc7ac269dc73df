"""`hpc-operator validate` and the genuine API server give the same verdict on the same manifests.

The tables of test_admission.py (each rule, each bound) are asked again here, and a table of texts, since kubectl reads
YAML with another library than ours. What validate refuses beyond the server stands in a table of its own, with the
reason.
"""

import io
import json
import subprocess
from pathlib import Path

import pytest
from stage.programs import script
from test_admission import BOUNDS, CONF, RULES, ehpc, installed, manifest  # noqa: F401 - the CRD, installed

from hpc_operator.kube.rules import SPEC_RULES
from hpc_operator.kube.transitions import ROOT_RULES
from hpc_operator.validating.reporting import Report, validated
from local_control_plane import ControlPlane, KubectlError

ROOT = Path(__file__).parents[2]
HEAD = "apiVersion: hpc.qingcloud.com/v1alpha1\nkind: HpcCluster\n"
META = "metadata: {name: one}\n"
SPEC = """spec:
  cluster_type: ehpc
  version_id: appv-1
  cluster_conf:
    cluster:
      vxnet: vxnet-1
      login: {cpu: 2, memory: 4096}
      controller: {cpu: 2, memory: 4096}
      compute: {cpu: 2, memory: 4096}
"""
GOOD = HEAD + META + SPEC


def verdict(text: str) -> Report:
    return validated([Path("-")], io.BytesIO(text.encode()))


def accepts(server: ControlPlane, namespace: str, text: str) -> bool:
    """What a person's `kubectl apply` would come to, nothing being stored."""
    apply = ("apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", "-")
    try:
        server.kubectl(*apply, input=text)
    except KubectlError as refused:
        if "onnection" in refused.stderr:
            raise
        return False
    return True


JUDGED = [
    *((manifest(accepted), True) for accepted, _, _ in RULES),
    *((manifest(refused), False) for _, refused, _ in RULES),
    *((manifest(ehpc(change)), False) for change, _, _ in BOUNDS),
    (manifest(ehpc(), "abcdefghijklmno-1"), False),
]


@pytest.mark.parametrize(("text", "accepted"), JUDGED, ids=[str(index) for index in range(len(JUDGED))])
def test_every_rule_and_bound_is_judged_as_by_the_server(control_plane, namespace, text, accepted):
    assert accepts(control_plane, namespace, text) is accepted
    report = verdict(text)
    assert (report.exit_code == 0) is accepted, report.found


def test_no_rule_that_is_decidable_at_the_creation_is_without_its_twin():
    """Only a comparison with the old object has none: nobody asks it at the creation."""
    silent = [rule for rule in (*SPEC_RULES, *ROOT_RULES) if rule.holds is None]
    assert [rule.field for rule in silent if "oldSelf.?status" not in rule.cel] == []


def spec(old: str, new: str) -> str:
    assert old in SPEC
    return HEAD + META + SPEC.replace(old, new, 1)


def more(line: str) -> str:
    return GOOD + f"  {line}\n"


def meta(text: str) -> str:
    return HEAD + f"metadata: {text}\n" + SPEC


TEXTS = [
    (GOOD, True, "the plain text"),
    (spec("cpu: 2,", "cpu: 2.0,"), True, "a whole float is an integer on its way through JSON"),
    (spec("cpu: 2,", "cpu: 2.5,"), False, "half a core"),
    (spec("cpu: 2,", "cpu: 02,"), True, "octal"),
    (spec("cpu: 2,", "cpu: 0x2,"), True, "hexadecimal"),
    (spec("cpu: 2,", "cpu: 0b10,"), True, "binary"),
    (spec("memory: 4096", "memory: 4_096"), True, "an underscore between digits"),
    (spec("memory: 4096", "memory: 4.096e3"), True, "an exponent"),
    (spec("memory: 4096", "memory: 1:08:16"), False, "base 60 is no number"),
    (spec("cpu: 2,", "cpu: '2',"), False, "a text is no number"),
    (spec("cpu: 2,", "cpu: yes,"), False, "a truth value is no number"),
    (spec("cpu: 2,", "cpu: -2,"), False, "below the bound"),
    (spec("cpu: 2,", "cpu: 99999999999999999999,"), False, "more than 64 bits"),
    (spec("cpu: 2,", "cpu: ,"), False, "nothing"),
    (more("cluster_name: yes"), False, "a truth value is no text"),
    (more("cluster_name: y"), False, "the same"),
    (more("cluster_name: 12"), False, "a number is no text"),
    (more("cluster_name: 1.5"), False, "the same"),
    (more("cluster_name: 1:30"), True, "base 60 is a text"),
    (more("cluster_name: 0o8"), True, "no octal number, so a text"),
    (more("cluster_name: 2026-01-31"), True, "a date is a text"),
    (more("cluster_name: 2026-01-31T09:05:00Z"), True, "a time is a text"),
    (more("cluster_name: =x"), True, "no YAML 1.1 value key"),
    (more("cluster_name: 流体力学"), True, "any language"),
    (more(f"cluster_name: {'流' * 64}"), True, "64 characters, however many bytes"),
    (more(f"cluster_name: {'流' * 65}"), False, "65 characters"),
    (more("cluster_name: ''"), False, "empty"),
    (more("cluster_name: ' x'"), False, "a space in front"),
    (more('cluster_name: "a\\nb"'), False, "a line end inside"),
    (more('cluster_name: "a\\n"'), False, "a line end at the end"),
    (more("cluster_name: [a]"), False, "a list"),
    (more("description: ''"), True, "a description may be empty"),
    (more("deletionProtection: on"), True, "a truth value of YAML 1.1"),
    (more("deletionProtection: 'true'"), False, "a text is no truth value"),
    (more("deletionProtection: 1"), False, "nor is a number"),
    (more("createOnly: {}"), True, "an empty object"),
    (more("createOnly: []"), False, "a list for an object"),
    (more("createOnly: {status_time: 2026-01-31T09:05:00Z}"), True, "a time where a text is wanted"),
    (more("createOnly: {cur_cpu: 2147483648}"), False, "above 31 bits"),
    (more("createTimeout: 1h30m"), True, "a duration"),
    (more("createTimeout: 90"), False, "without a unit"),
    (more("createTimeout: 169h"), False, "too long"),
    (more("credentialsSecretRef: {name: Key}"), False, "an upper-case name"),
    (more("credentialsSecretRef: {}"), False, "a reference without a name"),
    (more("Zone: jn1a"), False, "spelling is exact"),
    (more("1: x"), False, "a number as a key"),
    (spec("vxnet: vxnet-1", "vxnet: vxnet-1\n      env: {}"), False, "env is beside cluster"),
    (HEAD + META, False, "no spec"),
    (HEAD + META + "spec:\n", False, "an empty spec"),
    (HEAD + META + "spec: []\n", False, "a list for a spec"),
    (HEAD + META + "spec: {cluster_type: ehpc}\n", False, "nothing to create with"),
    (HEAD + META + "spec: {cluster_type: hpc, managementPolicy: Observe}\n", True, "enough to observe"),
    (GOOD + "colour: red\n", False, "an unknown field at the top"),
    (GOOD + "status: {}\n", True, "a status is dropped"),
    (GOOD + "status: {hpc_cluster_id: ehpc-1, observedGeneration: 1}\n", True, "the same"),
    (GOOD + "status: {colour: red}\n", False, "an unknown field in it"),
    (GOOD + "status: {conditions: [{colour: red}]}\n", False, "an unknown field deep in it"),
    (HEAD + SPEC, False, "no metadata"),
    (meta("{name: One}"), False, "an upper-case name"),
    (meta("{name: 1}"), False, "a number as a name"),
    (meta("{name: '1'}"), True, "digits as a name"),
    (meta("{name: a.b}"), True, "a dot"),
    (meta("{name: a..b}"), False, "two dots"),
    (meta(f"{{name: {'a' * 63}}}"), True, "63 characters"),
    (meta(f"{{name: {'a' * 64}}}"), False, "64 characters"),
    (meta("{name: one, colour: red}"), False, "an unknown field in metadata"),
    (meta("{name: one, labels: {a: b, example.com/c: ''}}"), True, "labels"),
    (meta("{name: one, labels: {a: 1}}"), False, "a number as a label"),
    (meta("{name: one, labels: {a: b c}}"), False, "a space in a label"),
    (meta("{name: one, labels: {-a: b}}"), False, "a hyphen in front"),
    (meta("{name: one, labels: {a/b/c: d}}"), False, "two prefixes"),
    (meta("{name: one, labels: [a]}"), False, "a list of labels"),
    (meta("{name: one, labels: {a: ~}, annotations: ~, namespace: ~}"), True, "null in metadata is left out"),
    (meta("{name: one, annotations: {a: yes}}"), False, "a truth value as an annotation"),
    (meta("{name: one, annotations: {Example.com/a: b}}"), True, "an annotation's prefix in upper case"),
    (meta("{name: one, annotations: {'a b': c}}"), False, "a space in an annotation's key"),
    (meta("{name: one, annotations: {hpc.qingcloud.com/adopt: ehpc-1}}"), True, "an order"),
    (GOOD.replace("HpcCluster", "HpcClutser", 1), False, "a kind that is not served"),
    (GOOD.replace("v1alpha1", "v1", 1), False, "a version that is not served"),
    (GOOD.replace("apiVersion: hpc.qingcloud.com/v1alpha1\n", ""), False, "no apiVersion"),
    (GOOD.replace("kind: HpcCluster\n", ""), False, "no kind"),
    (GOOD + "---\n" + HEAD + META + "spec: {}\n", False, "one of two is invalid"),
    (GOOD + "---\n---\n# nothing\n", True, "empty documents"),
    (f"apiVersion: v1\nkind: List\nitems:\n- {json.dumps(json.loads(manifest(ehpc())))}\n", True, "a list"),
    (f"apiVersion: v1\nkind: List\nitems:\n- {manifest(ehpc((('zone',), 1)))}\n", False, "an invalid one in a list"),
    (GOOD + "  nas_path: &a /nas\n  user_name: *a\n", True, "an anchor"),
    (
        GOOD.replace("login: {", "login: &r {").replace("compute: {cpu: 2, ", "compute: {<<: *r, cpu: 4, "),
        True,
        "merged",
    ),
    (GOOD + "  a: [\n", False, "no YAML"),
    (GOOD + "\tzone: x\n", False, "a tab"),
    (GOOD + "  zone: *nowhere\n", False, "an alias of nothing"),
]


@pytest.mark.parametrize(("text", "accepted", "reason"), TEXTS, ids=[row[2].replace(" ", "-") for row in TEXTS])
def test_a_text_is_judged_as_by_kubectl_and_the_server(control_plane, namespace, text, accepted, reason):
    assert accepts(control_plane, namespace, text) is accepted, reason
    report = verdict(text)
    assert (report.exit_code == 0) is accepted, (reason, report.found)


STRICTER = [
    (more("zone: ~"), "null is left out by kubectl apply, but refused by a server-side apply"),
    (more("zone: jn1a\n  zone: jn1b"), "one of the two would be lost without a word"),
    (meta("{name: one, annotations: {hpc.qingcloud.com/adopt: 'no id'}}"), "the operator would not act on it"),
    (meta("{name: one, annotations: {hpc.qingcloud.com/create-beside: 'a b!'}}"), "the same"),
]


@pytest.mark.parametrize(("text", "reason"), STRICTER, ids=[row[1] for row in STRICTER])
def test_what_only_validate_refuses(control_plane, namespace, text, reason):
    assert accepts(control_plane, namespace, text), "else it belongs into the other table"
    assert verdict(text).exit_code == 1, reason


def test_the_command_reads_what_kubectl_reads(control_plane, namespace, tmp_path):
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "note.txt").write_text("not a manifest")
    done = subprocess.run(
        [script("hpc-operator"), "validate", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1 HpcCluster manifest(s), 0 document(s) invalid\n")
    assert (
        control_plane.kubectl("apply", "-n", namespace, "--dry-run=server", "-f", str(tmp_path)).count("created") == 1
    )
