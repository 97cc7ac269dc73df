"""What validate says about a manifest, and how it shows it. That its verdict is the server's is proved end to end."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpc_operator.cli import main
from hpc_operator.validating.documents import Broken, Document, documents
from hpc_operator.validating.manifest import Level, problems
from hpc_operator.validating.reporting import as_json, as_text, validated

ROOT = Path(__file__).parents[3]
ROLE = {"cpu": 2, "memory": 4096}


def ehpc(name="one", *, meta=None, cluster=None, **changes):
    conf = {"vxnet": "vxnet-1", "login": ROLE, "controller": ROLE, "compute": ROLE, **(cluster or {})}
    spec = {"cluster_type": "ehpc", "version_id": "appv-1", "cluster_conf": {"cluster": conf}, **changes}
    head = {"apiVersion": "hpc.qingcloud.com/v1alpha1", "kind": "HpcCluster"}
    return {**head, "metadata": {"name": name, "namespace": "lab", **(meta or {})}, "spec": spec}


def lines(value):
    return [f"{p.level.value} {p.field}: {p.said}: {p.advice}" for p in problems(value)]


SAID = [
    (ehpc(), [], "nothing is wrong"),
    ([1], ["error document: not an object: write apiVersion, kind, metadata and spec"], "no object"),
    (
        {**ehpc(), "apiVersion": "hpc.qingcloud.com/v1", "kind": "Cluster"},
        [
            "error apiVersion: must be hpc.qingcloud.com/v1alpha1: write apiVersion: hpc.qingcloud.com/v1alpha1",
            "error kind: must be HpcCluster: write kind: HpcCluster",
        ],
        "nothing else is said about what this is not",
    ),
    (
        ehpc(cluster_nmae="x"),
        ["error spec.cluster_nmae: not known to this version of the operator: did you mean cluster_name?"],
        "a slip of the pen",
    ),
    (
        ehpc(cluster={"login": {**ROLE, "storage": 1}}),
        ["error spec.cluster_conf.cluster.login.storage: not known to this version of the operator: remove it"],
        "the whole path",
    ),
    (ehpc(cluster_name=1), ["error spec.cluster_name: Input should be a valid string: put it into quotes"], "a number"),
    (ehpc(zone=None), ["error spec.zone: has no value: give it one, or leave it out"], "null, said once"),
    (
        ehpc(cluster={"compute": {"cpu": 1, "memory": 4096}}, cluster_type="hpc"),
        [
            "error spec.cluster_conf.cluster.controller: an hpc cluster has only login nodes: "
            "remove controller, or set cluster_type to ehpc",
            "error spec.cluster_conf.cluster.compute: an hpc cluster has only login nodes: "
            "remove compute, or set cluster_type to ehpc",
            "error spec.cluster_conf.cluster.compute.cpu: cpu of compute nodes must be at least 2: correct it",
        ],
        "every broken rule, not the first one",
    ),
    (
        ehpc(cluster={"login": {"cpu": 3, "memory": 5000}}),
        [
            "warning spec.cluster_conf.cluster.login.cpu: not a documented size (1, 2, 4, 8, 12, 26): "
            "check that your zone offers it",
            "warning spec.cluster_conf.cluster.login.memory: not a documented size "
            "(2048, 4096, 12288, 24576, 40960, 81920): check that your zone offers it",
        ],
        "a platform may have other sizes",
    ),
    (
        ehpc(meta={"annotations": {"hpc.qingcloud.com/adopt": "x", "hpc.qingcloud.com/recreate": "ü"}}),
        [
            "error metadata.annotations.hpc.qingcloud.com/adopt: must be the id of one cluster (ehpc-… or hpc-…): "
            "correct it or remove it",
            "error metadata.annotations.hpc.qingcloud.com/recreate: must be the id of a cluster, or <mark>-<attempt>: "
            "correct it or remove it",
        ],
        "each order by itself",
    ),
    (
        ehpc(meta={"annotations": {"hpc.qingcloud.com/pause": "true", "other/paused": "x"}}),
        [
            "warning metadata.annotations.hpc.qingcloud.com/pause: nobody reads it: "
            "did you mean hpc.qingcloud.com/paused?"
        ],
        "an order that nobody would hear",
    ),
    (
        ehpc("abcdefghijklmno-1"),
        [
            "error metadata.name: metadata.name must not contain a word that looks like an operator's mark "
            "(a, 14 letters or digits 2-7, -, a number): correct it"
        ],
        "a name that looks like a mark",
    ),
    (
        {**ehpc(), "status": {}},
        ["warning status: the operator writes it; the API server drops it here: leave it out"],
        "a copy of what was read",
    ),
]


@pytest.mark.parametrize(("value", "said", "reason"), SAID, ids=[row[2] for row in SAID])
def test_what_is_said(value, said, reason):
    assert lines(value) == said, reason


def test_no_value_is_ever_told():
    env = {"admin.password": "Passw0rd-in-git", "admin.user": "Passw0rd-in-git"}
    conf = {"cluster": {"vxnet": "Passw0rd-in-git", "login": ROLE}, "env": env}
    spec = {"cluster_type": "Passw0rd-in-git", "password": "Passw0rd-in-git", "cluster_conf": conf}
    said = lines({**ehpc(), "spec": spec})
    assert said
    assert "Passw0rd" not in " ".join([*said, *lines(ehpc(password="Passw0rd-in-git"))])


def read(text):
    return list(documents(text))


PLAIN = [
    ("a: yes", True), ("a: 'yes'", "yes"), ("a: 010", 8), ("a: 0o10", 8), ("a: -0x1F", -31), ("a: 1_000", 1000),
    ("a: 2.0", 2), ("a: 1e3", 1000), ("a: 2.5", 2.5), ("a: 1:30", "1:30"), ("a: 2026-01-31", "2026-01-31"),
    ("a: ~", None), ("a:", None), ("a: 08", 8), ("a: .5", 0.5), ("a: 0", 0), ("a: 00", 0), ("a: +1", 1),
    ("a: 1.2.3", "1.2.3"), ("a: =", "="), ("a: NULL", None), ("a: nil", "nil"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), PLAIN, ids=[row[0] for row in PLAIN])
def test_plain_words_are_read_as_kubectl_reads_them(text, value):
    (document,) = read(text)
    assert document == Document("1", {"a": value})
    assert type(document.value["a"]) is type(value)


def test_documents_are_counted_and_lists_opened():
    text = "a: 1\n---\n---\nkind: List\nitems: [{b: 1}, {b: 2}]\n---\nkind: HpcClusterList\nitems: [{c: 1}]\n"
    assert [each.number for each in read(text)] == ["1", "3 item 1", "3 item 2", "4 item 1"]
    assert read("") == read("# nothing\n") == []


BROKEN = [
    ("a: 1\na: 2", "line 2, column 1: the key a stands twice"),
    ("a: {b: 1, b: 2}", "line 1, column 11: the key b stands twice"),
    ("a: [", "line 1, column 5"),
    ("? [1, 2]\n: x", "a key must be a text"),
    ("a: !!python/object:os.system x", "could not determine a constructor"),
    ("a: *b", "found undefined alias"),
    ("[" * 5000, ""),
    ("a: \x00", "special characters are not allowed"),
    ("a: &x {b: *x}", "an anchor contains itself"),
    ("a: &x [[*x]]", "an anchor contains itself"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN, ids=[str(index) for index in range(len(BROKEN))])
def test_what_cannot_be_read_says_where(text, said):
    (broken,) = read(text)
    assert isinstance(broken, Broken)
    assert said in broken.said


def test_anchors_that_multiply_do_not_take_for_ever():
    spec = "spec:\n  a0: &a0 {x: ~}\n"
    spec += "".join(f"  a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}\n" for n in range(1, 60))
    head = "apiVersion: hpc.qingcloud.com/v1alpha1\nkind: HpcCluster\nmetadata: {name: one}\n"
    (document,) = read(head + spec)
    assert "spec.a0.x" in {problem.field for problem in problems(document.value)}


def test_what_stands_before_an_error_is_still_read():
    first, broken = read("a: 1\n---\nb: [\n")
    assert (first, broken.number) == (Document("1", {"a": 1}), "2")


def test_a_merged_key_may_be_overridden():
    (document,) = read("x: &x {a: 1, b: 2}\ny: &y {<<: *x, b: 3}\nz: {<<: *y, b: 4}\n")
    assert document.value["z"] == {"a": 1, "b": 4}


def report(text):
    return validated([Path("-")], io.BytesIO(text.encode()))


def test_a_line_names_file_document_and_object():
    text = json.dumps({"kind": "Secret", "apiVersion": "v1"}) + "\n---\n" + json.dumps(ehpc(colour="red"))
    assert as_text(report(text)).splitlines() == [
        "-:2 (lab/one): spec.colour: not known to this version of the operator: remove it",
        "-:1: passed over: Secret is not an HpcCluster",
        "1 HpcCluster manifest(s), 1 document(s) invalid",
    ]


def test_the_json_has_the_documented_shape():
    whole = json.loads(as_json(report(json.dumps(ehpc(colour="red")))))
    assert set(whole) == {"version", "valid", "manifests", "invalid", "problems", "passed_over", "unreadable"}
    assert (whole["version"], whole["valid"], whole["manifests"], whole["invalid"]) == (1, False, 1, 1)
    assert whole["problems"][0] == {
        "file": "-", "document": "1", "namespace": "lab", "name": "one", "field": "spec.colour", "level": "error",
        "said": "not known to this version of the operator", "advice": "remove it",
    }  # fmt: skip


def run(*arguments, stdin=None):
    done = CliRunner().invoke(main, ["validate", *map(str, arguments)], input=stdin)
    return done.exit_code, done.output


def test_exit_codes(tmp_path):
    good, bad, odd = tmp_path / "good.yaml", tmp_path / "bad.yml", tmp_path / "odd.yaml"
    good.write_text(json.dumps(ehpc(cluster={"login": {"cpu": 3, "memory": 4096}})))
    bad.write_text(json.dumps(ehpc(colour="red")))
    odd.write_bytes(b"\xff\xfe")
    assert run(good)[0] == 0, "a warning is no error"
    assert run(good, bad)[0] == 1
    assert run(good, bad, tmp_path / "none.yaml")[0] == 2
    assert "none.yaml: cannot be read: No such file" in run(good, tmp_path / "none.yaml")[1]
    assert "odd.yaml: cannot be read: not UTF-8 text" in run(odd)[1]
    assert run("-", stdin=good.read_text())[0] == 0
    assert run()[0] == 2
    assert run("-", stdin="a: 1\nkind: x\napiVersion: y\n")[0] == 0, "another kind is passed over"
    assert "no HpcCluster was found" in run("-", stdin="a: 1\nkind: x\napiVersion: y\n")[1]


def test_not_a_single_document_is_no_success(tmp_path):
    """A wrong path in a pipeline would be green for ever; kubectl says "no objects passed to apply"."""
    for code, output in (run(tmp_path), run("-", stdin=""), run("-", stdin="---\n# nothing\n---\n")):
        assert code == 1
        assert "not a single document was given" in output


def test_a_directory_is_read_as_kubectl_reads_it(tmp_path):
    (tmp_path / "b.json").write_text(json.dumps(ehpc("b", colour="red")))
    (tmp_path / "a.yaml").write_text(json.dumps(ehpc("a", colour="red")))
    (tmp_path / "note.txt").write_text("[")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.yaml").write_text("[")
    code, output = run(tmp_path)
    assert code == 1
    assert [line.split(" ")[1] for line in output.splitlines()[:-1]] == ["(lab/a):", "(lab/b):"]


def test_the_examples_are_valid_without_a_warning():
    code, output = run(ROOT / "examples")
    assert code == 0
    assert Level.WARNING.value not in output
    assert output.splitlines()[-1] == "6 HpcCluster manifest(s), 0 document(s) invalid"
