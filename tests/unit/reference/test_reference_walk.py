"""Each parameter that is passed on goes from its place in the spec to its place in createCluster, and nowhere else."""

from copy import deepcopy

import pytest
import yaml

from hpc_operator.cloud.body import create_body
from hpc_operator.domain.record import Account
from hpc_operator.kube.crd import object_schema
from hpc_operator.kube.fields import leaves
from hpc_operator.kube.wish import parse_spec
from hpc_operator.reconcile.ports import CreateRequest
from reference.parameters import AS_IT_STANDS, NOT_SENT, parameters
from reference.places import EXAMPLE

EVERYTHING = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["spec"]
PATHS = {".".join(path): path for path in leaves()}
GROUPS = {
    "cluster_type": {"cluster_type": "hpc", "cluster_conf.cluster.controller": None, "cluster_conf.cluster.compute": None},
    "paid_type": {"paid_type": "PayForUsed", "duration": 0},
    "duration": {"duration": 3},
    "cluster_conf.cluster.controller.count": {"cluster_conf.cluster.controller.count": None},
}  # fmt: skip
"""Where one field cannot change alone, or to any value: what changes with it."""
GROUPS_SENT = {
    "paid_type": {"paid_type", "duration"},
    "cluster_conf.cluster.controller.count": set(),
}
VERBATIM = [each for each in parameters() if each.how == AS_IT_STANDS]


def split(path):
    """A path as its steps: `admin.user` is one."""
    return PATHS.get(path) or tuple(path.split("."))


def put(spec, path, value):
    """A copy with this value there; None takes the field out."""
    copy = deepcopy(spec)
    inner = copy
    *way, last = split(path)
    for step in way:
        inner = inner[step]
    if value is None:
        inner.pop(last, None)
    else:
        inner[last] = value
    return copy


def at(tree, path):
    for step in path:
        tree = tree[step]
    return tree


def another(path):
    """Another value that the field may hold."""
    old = at(EVERYTHING, split(path))
    schema = object_schema()["properties"]["spec"]
    for step in split(path):
        schema = schema["properties"][step]
    if "enum" in schema:
        return next(each for each in schema["enum"] if each != old)
    return old + 1 if isinstance(old, int) else f"{old}0"


def sent(spec):
    """The leaves of what createCluster would be sent, by path in the request."""
    desired, problem = parse_spec(spec)
    assert problem is None
    account = Account("https://hpc.example.test/api", "jn1a", "usr-1")
    body = create_body(CreateRequest(desired, account, "one-aabcdefghijklmn-1", 1001, 1002, "Secret-word-1"))
    return dict(flat(body))


def flat(tree, here=""):
    for key, value in tree.items():
        path = f"{here}.{key}".lstrip(".")
        yield from flat(value, path) if isinstance(value, dict) else [(path, value)]


WHOLE = sent(EVERYTHING)


@pytest.mark.parametrize("parameter", VERBATIM, ids=lambda each: each.path)
def test_a_value_goes_from_the_spec_to_the_request_and_nowhere_else(parameter):
    changes = GROUPS.get(parameter.place) or {parameter.place: another(parameter.place)}
    spec = EVERYTHING
    for path, value in changes.items():
        spec = put(spec, path, value)
    found = sent(spec)
    assert WHOLE[parameter.path] == at(EVERYTHING, split(parameter.place))
    assert found[parameter.path] == changes[parameter.place] or changes[parameter.place] is None
    differ = {path for path in WHOLE.keys() & found.keys() if WHOLE[path] != found[path]}
    assert differ == GROUPS_SENT.get(parameter.place, {parameter.path})


@pytest.mark.parametrize("parameter", VERBATIM, ids=lambda each: each.path)
def test_what_is_sent_without_it_is_what_the_page_says(parameter):
    if parameter.absent == "refused":
        spec = put(EVERYTHING, parameter.place, None)
        if parse_spec(spec)[1] is None:
            with pytest.raises(ValueError, match="a create needs version_id and cluster_conf with a vxnet"):
                sent(spec)
        return
    spec = put(EVERYTHING, parameter.place, None)
    if parameter.path in ("paid_type", "duration", "is_auto_renewal"):
        spec = put(put(put(spec, "paid_type", None), "duration", None), "is_auto_renewal", None)
    found = sent(spec)
    says = {"as `uid_number`": 1001, "as `gid_number`": 1002}.get(parameter.absent, parameter.absent.strip("`"))
    if NOT_SENT in parameter.absent:
        assert parameter.path not in found
    else:
        assert str(found[parameter.path]) == str(says)


@pytest.mark.parametrize(
    ("outer", "inner", "free"),
    [("outside", "outside", "outside"), ("outside", None, "outside"), (None, "inside", "inside"), (None, None, "meta")],
)
def test_either_name_is_the_one_that_is_marked(outer, inner, free):
    spec = put(put(EVERYTHING, "cluster_name", outer), "cluster_conf.cluster.name", inner)
    desired, problem = parse_spec(spec)
    assert problem is None
    assert desired.free_name("meta") == free
    assert {path for path, value in WHOLE.items() if value == "one-aabcdefghijklmn-1"} == {
        "cluster_name",
        "cluster_conf.cluster.name",
    }
