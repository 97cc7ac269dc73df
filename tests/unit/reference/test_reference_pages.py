"""The generated pages are what stands in the repository, and cannot be made while something is left out."""

import re
from dataclasses import replace

import pytest

from hpc_operator.kube import crd
from hpc_operator.kube.fields import leaves
from hpc_operator.kube.schema import Spec
from reference import annotations, coverage_page, crd_page, documented, markdown, objects, other_calls, places, shapes
from reference.parameters import parameters
from reference.tested import missing

ROWS = parameters()
WRITTEN = {path.relative_to(places.ROOT): path.read_text() for path in (places.ROOT / "operator" / "hpc_operator").rglob("*.py")}  # fmt: skip


@pytest.mark.parametrize(
    ("page", "made"),
    [(places.CRD_REFERENCE, crd_page.text), (places.API_COVERAGE, coverage_page.text)],
    ids=lambda each: getattr(each, "name", ""),
)
def test_the_page_is_what_is_generated(page, made):
    assert page.read_text() == made(), "run `make reference`"


def test_every_path_of_the_schema_has_its_row():
    page = crd_page.text()
    for root in ("spec", "status"):
        for section in objects.sections(root, crd.object_schema()["properties"][root]):
            told = page.partition(f"# {section.title}\n")[2].partition("\n#")[0]
            named = re.findall(r"^\| `([^`]+)` \|", told, re.MULTILINE)
            assert named == list(section.schema["properties"]), section.title


def test_every_field_of_the_api_in_the_spec_is_documented_or_said_to_be_of_another_call():
    heads = {name for name, field in Spec.model_fields.items() if field.description.startswith("HPC API")}
    told = {path.partition(".")[0] for path in documented.rows()}
    assert heads - told == {"description"}, "modifyCluster's"


def test_every_leaf_of_cluster_conf_carries_a_documented_parameter():
    ours = {".".join(path) for path in leaves() if path[0] == "cluster_conf"}
    assert ours == {path for path in documented.rows() if path.startswith("cluster_conf.")}


FIRST = ROWS[1]
GAPS = [
    (ROWS[1:], "timestamp is sent nowhere", "a row that nobody sends"),
    (
        [*ROWS, replace(FIRST, place="colour")],
        "gid_number has no place in the spec: colour",
        "a field that is not there",
    ),
    ([*ROWS, replace(FIRST, place="")], "gid_number has no place in the spec: none is given", "no field at all"),
    ([*ROWS, replace(FIRST, tests=())], "gid_number has no test", "nothing would miss it"),
    (
        [*ROWS, replace(FIRST, tests=("tests/unit/test_docs.py::test_gone",))],
        "no such test: tests/unit/test_docs.py::test_gone",
        "a test that was renamed",
    ),
]


@pytest.mark.parametrize(("rows", "sentence", "reason"), GAPS, ids=[gap[2] for gap in GAPS])
def test_what_is_left_out_is_named_and_no_page_made(rows, sentence, reason, monkeypatch):
    assert coverage_page.problems(ROWS) == []
    assert coverage_page.problems(rows) == [sentence], reason
    monkeypatch.setattr(coverage_page, "parameters", lambda: rows)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        coverage_page.text()


def test_an_annotation_without_a_sentence_is_named(monkeypatch):
    told = dict(annotations.MEANING)
    monkeypatch.setattr(crd_page, "MEANING", {name: told[name] for name in list(told)[1:]})
    with pytest.raises(ValueError, match=re.escape("hpc.qingcloud.com/record")):
        crd_page.text()


def test_tests_are_found_by_their_names(tmp_path):
    (tmp_path / "test_one.py").write_text(
        "def test_a(): ...\nasync def test_b(): ...\nclass TestC:\n    def test_d(self): ...\ndef helper(): ...\n"
    )
    there = ["test_one.py::test_a", "test_one.py::test_b", "test_one.py::TestC::test_d"]
    gone = ["gone.py::test_a", "test_one.py::helper", "test_one.py::test_d"]
    assert missing([*gone, *there], tmp_path) == gone


@pytest.mark.parametrize("call", other_calls.USED, ids=lambda call: call.call)
def test_the_module_that_is_said_to_make_a_call_names_it(call):
    last = call.call.split("/{")[0].rpartition("/")[2]
    text = next(text for path, text in WRITTEN.items() if path.as_posix() == call.used_by)
    assert re.search(rf'["/]{last}[/"]', text)


@pytest.mark.parametrize("call", [call for each in other_calls.UNUSED for call in each.calls])
def test_a_call_that_is_said_to_be_never_made_is_named_nowhere(call):
    """By its path, or by its own name where that is no call of cluster/ too."""
    path = call.rpartition(" ")[2]
    last = path.rpartition("/")[2] if path.startswith("/cluster/") else path.partition("/{")[0]
    assert [str(where) for where, text in WRITTEN.items() if re.search(rf'"{re.escape(last)}["/]', text)] == []


def test_no_call_of_a_cluster_is_left_out():
    """Every call that is made is told: names in quotes that are sent below /cluster/."""
    told = {call.call.rpartition("/")[2] for call in other_calls.USED} | {"createCluster"}
    client = WRITTEN[places.ROOT.joinpath("operator/hpc_operator/cloud/client.py").relative_to(places.ROOT)]
    changes = WRITTEN[places.ROOT.joinpath("operator/hpc_operator/cloud/changes.py").relative_to(places.ROOT)]
    made = {*re.findall(r'(?:_post|_change)\(\s*"(\w+)"', client), *re.findall(r'return "(\w+)", ', changes)}
    made |= set(re.findall(r'"/cluster/(\w+)"', client))
    assert len(made) == 10
    assert made <= told


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 99}, "1 to 99"),
        ({"type": "integer", "minimum": 0}, "at least 0"),
        ({"type": "string", "maxLength": 5}, "at most 5 characters"),
        ({"type": "string", "enum": ["a", "b"]}, "`a`, `b`"),
        ({"type": "string", "pattern": "^a|b$"}, "`^a|b$`"),
        ({"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 2}}, "at most 3 items; each: at most 2 characters"),
        ({"type": "boolean"}, ""),
    ],
)  # fmt: skip
def test_bounds_in_words(schema, said):
    assert shapes.bounds(schema) == said


def test_a_cell_is_shown_as_it_is():
    row = markdown.table(("a",), [("x | <name> `<id> |`",)]).splitlines()[2]
    assert row == r"| x \| &lt;name> `<id> \|` |"
