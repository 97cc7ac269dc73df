"""Which requests are let in: key, signature, timestamp."""

import json

import pytest
from qingcloud.qai.connection import QAISignatureAuthHandler
from simulator_caller import PERSON, START, Caller, create_fields, read, signed, stamp

from hpc_simulator import Account

LIST = "/api/cluster/list"


def code_of(caller, own=None, **signing):
    return read(caller.raw("GET", LIST, own or {"owner": PERSON}, **signing))["ret_code"]


@pytest.mark.parametrize(
    ("settings", "times", "code"),
    [
        pytest.param({}, 2, 0, id="the page says: encoded twice"),
        pytest.param({}, 1, 1200, id="once is another dialect"),
        pytest.param({"signature_encoding": "once"}, 1, 0, id="once, when told so"),
        pytest.param({"signature_encoding": "once"}, 2, 1200, id="twice is wrong then"),
        pytest.param({"signature_encoding": "either"}, 1, 0, id="a lenient cloud takes once"),
        pytest.param({"signature_encoding": "either"}, 2, 0, id="a lenient cloud takes twice"),
        pytest.param({}, 0, 1200, id="an unencoded signature is never right: base64 ends with ="),
    ],
)
def test_encodings(settings, times, code):
    assert code_of(Caller(**settings), times=times) == code


@pytest.mark.parametrize(
    ("signing", "code"),
    [
        pytest.param({"slash": ""}, 1200, id="the signed path ends with a slash"),
        pytest.param({"account": Account(secret="other")}, 1200, id="another secret"),
        pytest.param({"account": Account(key="other")}, 1200, id="an unknown key"),
        pytest.param({"common": {"signature_method": "HmacSHA1"}}, 1101, id="only HmacSHA256 is documented"),
        pytest.param({"common": {"version": "2"}}, 1101, id="only version 1 is documented"),
        pytest.param({"common": {"timestamp": None}}, 1100, id="the timestamp is a common parameter"),
        pytest.param({"common": {"zone": None}}, 1100, id="the zone is a common parameter"),
        pytest.param({"common": {"timestamp": "2023-11-14 22:13:20"}}, 1101, id="a time of another form"),
        pytest.param({"common": {"timestamp": "2023-02-30T22:13:20Z"}}, 1101, id="a day that does not exist"),
    ],
)
def test_refused(signing, code):
    assert code_of(Caller(), **signing) == code


def test_spaces_are_percent_encoded():
    caller = Caller()
    assert code_of(caller, {"owner": PERSON, "search_word": "a b"}) == 0
    assert code_of(caller, {"owner": PERSON, "search_word": "a b"}, spaces="+") == 1200


def test_the_signature_covers_body_method_and_query():
    caller = Caller()
    body = json.dumps(create_fields()).encode()
    good = signed("POST", "/api/cluster/createCluster", {}, body=body)
    handle = caller.cloud.handle
    assert read(handle("POST", "/api/cluster/createCluster", good, body + b" "))["ret_code"] == 1200
    assert read(handle("POST", "/api/cluster/deleteCluster", good, body))["ret_code"] == 1200
    assert read(handle("PUT", "/api/cluster/createCluster", good, body))["ret_code"] == 1200
    assert read(handle("POST", "/api/cluster/createCluster", f"a=1&{good}", body))["ret_code"] == 1200
    assert read(handle("POST", "/api/cluster/createCluster", f"{good}&a=1", body))["ret_code"] == 1200, "signature last"
    assert caller.cloud.clusters() == []
    assert read(handle("POST", "/api/cluster/createCluster", good, body))["ret_code"] == 0


def test_agrees_with_the_vendors_kit_for_the_sister_service():
    """The kit leaves values raw and encodes once; otherwise its signature is this one."""
    own = {
        "signature_method": "HmacSHA256",
        "signature_version": "1",
        "version": "1",
        "timestamp": stamp(START),
        "zone": "jn1a",
        "owner": PERSON,
    }
    account = Account()
    query = QAISignatureAuthHandler.generate_signature("GET", LIST, account.key, account.secret, dict(own))
    lenient = Caller(signature_encoding="once", signed_values="raw")
    assert read(lenient.cloud.handle("GET", LIST, query, b""))["ret_code"] == 0
    assert read(Caller().cloud.handle("GET", LIST, query, b""))["ret_code"] == 1200


@pytest.mark.parametrize(
    ("age", "settings", "code"),
    [
        pytest.param(60, {}, 0, id="sixty seconds old is still good"),
        pytest.param(61, {}, 1300, id="more is not"),
        pytest.param(10, {"request_lifetime": 5.0}, 1300, id="the lifetime is a setting"),
        pytest.param(-3600, {}, 0, id="the future is accepted: nothing says otherwise"),
        pytest.param(-3600, {"refuse_future": True}, 1300, id="unless told so"),
        pytest.param(0, {"clock_offset": 100.0}, 1300, id="by the cloud's clock, not the caller's"),
    ],
)
def test_timestamps(age, settings, code):
    assert code_of(Caller(**settings), at=START - age) == code
