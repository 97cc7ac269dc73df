"""Whatever arrives, `handle` answers."""

import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from simulator_caller import PERSON, Caller, create_fields, signed

from hpc_simulator import Answer

texts = st.text() | st.text(st.characters(), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    [
        *(*create_fields(), "cluster_ids", "cluster_id", "run_user", "description"),
        *("node_role", "node_count", "node_ids", "node_list", "node_name", "private_ips", "resource_conf"),
        *("cpu", "memory", "instance_class", "storage_size"),
    ]
)
parameters = st.sampled_from(
    ["limit", "offset", "reverse", "sort_key", "cluster_id", "status", "start_time", "job_ids", "timestamp", "zone"]
)
paths = st.sampled_from(
    [
        *("cluster/createCluster", "cluster/deleteCluster", "cluster/modifyCluster", "cluster/list", "operation"),
        *("cluster/addNodes", "cluster/deleteNodes", "cluster/restartNodes", "cluster/resizeCluster"),
        *("cluster/startCluster", "cluster/stopCluster", "cluster/startClusrer"),
        *("cluster/listNodes", "permission/usr-simulator", "permission/", "user", ""),
    ]
)


@given(st.text(), st.text(), texts, st.binary())
def test_anything(method, path, query, body):
    assert isinstance(Caller().cloud.handle(method, path, query, body), Answer)


@given(
    st.sampled_from(["\ud800", "a\udfff=b", "%ff%fe=%", "&&==&", "timestamp=%", "access_key_id=SIMULATOR-ACCESS-KEY"])
)
def test_broken_text_everywhere(text):
    assert isinstance(Caller().cloud.handle(text, text, text, text.encode("utf-8", "replace")), Answer)


@given(paths, st.dictionaries(names, values))
def test_signed_bodies(path, changes):
    """Behind the signature too: each field replaced by anything."""
    caller = Caller()
    one = caller.standing()
    change = {
        "cluster_id": one,
        "cluster_ids": [one],
        "node_role": "compute",
        "node_count": "1",
        "cpu": 4,
        "memory": 8192,
    }
    nodes = {"node_ids": [caller.nodes(one, "compute")[0]["node_id"]], "run_user": PERSON}
    reply = caller.raw("POST", f"/api/{path}", {}, create_fields() | change | nodes | changes)
    assert isinstance(reply, Answer)
    assert isinstance(json.loads(reply.body)["ret_code"], int)


@given(paths, st.binary() | values.map(lambda value: json.dumps({"cluster_conf": value}).encode()))
def test_signed_bytes(path, body):
    query = signed("POST", f"/api/{path}", {}, body=body)
    assert isinstance(Caller().cloud.handle("POST", f"/api/{path}", query, body), Answer)


@given(paths, st.dictionaries(parameters, st.text() | st.integers().map(str)))
def test_signed_queries(path, own):
    caller = Caller()
    caller.standing()
    encodable = {name: value for name, value in own.items() if quote(value)}
    reply = caller.raw("GET", f"/api/{path}", {"owner": PERSON, **encodable})
    assert isinstance(reply, Answer)
