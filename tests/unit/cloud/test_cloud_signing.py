"""The signature: against vectors made by other means, and against what other people's code says."""

import base64
import hashlib
import hmac
import shutil
import subprocess
from urllib.parse import unquote

import pytest
from qingcloud.qai.connection import QAISignatureAuthHandler

from hpc_operator.cloud.signing import (
    Encoding,
    Signer,
    canonical_query,
    encoded,
    percent,
    signature_of,
    string_to_sign,
    utc,
)

ENDPOINT = "https://hpc-api.qingcloud.com/api"
AT = 1_629_391_480.0  # 2021-08-19T16:44:40Z

IAAS = (
    "GET\n/iaas/\naccess_key_id=QYACCESSKEYIDEXAMPLE&action=RunInstances&count=1&image_id=centos64x86a"
    "&instance_name=demo&instance_type=small_b&login_mode=passwd&login_passwd=QingCloud20130712"
    "&signature_method=HmacSHA256&signature_version=1&time_stamp=2013-08-27T14%3A30%3A10Z&version=1"
    "&vxnets.1=vxnet-0&zone={zone}"
)


@pytest.mark.parametrize(
    ("zone", "published"),
    [
        ("pek1", "32bseYy39DOlatuewpeuW5vpmW51sD1A%2FJdGynqSpP8%3D"),
        ("pek3a", "byjccvWIvAftaq%2BoublemagH3bYAlDWxxLFAzAsyslw%3D"),
    ],
)
def test_the_sister_service_publishes_two_vectors_for_hmac_base64_and_encoding(zone: str, published: str) -> None:
    signature = signature_of(IAAS.format(zone=zone), "SECRETACCESSKEY")
    assert encoded(signature, Encoding.ONCE) == published


def test_string_to_sign_is_the_one_printed_on_the_signature_page() -> None:
    query = canonical_query(
        {
            "zone": "jinan1a",
            "version": 1,
            "timestamp": utc(AT),
            "signature_version": 1,
            "signature_method": "HmacSHA256",
            "access_key_id": "QYACCESSKEYIDEXAMPLE",
        }
    )
    assert string_to_sign("GET", "/api/cluster/list", query, "") == (
        "GET\n/api/cluster/list/\naccess_key_id=QYACCESSKEYIDEXAMPLE&signature_method=HmacSHA256&signature_version=1"
        "&timestamp=2021-08-19T16%3A44%3A40Z&version=1&zone=jinan1a\nd41d8cd98f00b204e9800998ecf8427e"
    )


def test_a_whole_get_by_hand() -> None:
    signed = Signer("AK", "SK").get(ENDPOINT, "/cluster/list", {"zone": "jn1a", "owner": "usr-1"}, AT)
    query = (
        "access_key_id=AK&owner=usr-1&signature_method=HmacSHA256&signature_version=1"
        "&timestamp=2021-08-19T16%3A44%3A40Z&version=1&zone=jn1a"
    )
    text = f"GET\n/api/cluster/list/\n{query}\n" + hashlib.md5(b"").hexdigest()
    raw = base64.b64encode(hmac.new(b"SK", text.encode(), hashlib.sha256).digest()).decode()
    once = raw.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    twice = once.replace("%", "%25")
    assert signed.url == f"{ENDPOINT}/cluster/list?{query}&signature={twice}"
    assert signed.body is None
    assert unquote(unquote(signed.url.rsplit("=", 1)[1])) == raw


def test_a_post_signs_the_md5_of_exactly_the_text_that_is_sent() -> None:
    body = '{"a": "\\u00e9 \\u4e2d"}'
    signed = Signer("AK", "SK", Encoding.ONCE).post(ENDPOINT, "/cluster/createCluster", {"zone": "jn1a"}, AT, body)
    query = signed.url.split("?", 1)[1].split("&signature=")[0]
    text = f"POST\n/api/cluster/createCluster/\n{query}\n{hashlib.md5(body.encode()).hexdigest()}"
    expected = base64.b64encode(hmac.new(b"SK", text.encode(), hashlib.sha256).digest()).decode()
    assert unquote(signed.url.split("&signature=")[1]) == expected
    assert signed.body == body


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program")
def test_openssl_agrees_on_the_hmac() -> None:
    text = "POST\n/api/cluster/deleteCluster/\nzone=jn1a\n" + hashlib.md5(b'{"x": 1}').hexdigest()
    command = ["openssl", "dgst", "-sha256", "-hmac", "k3y/+", "-binary"]
    digest = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    query = "zone=jn1a"
    mine = signature_of(string_to_sign("POST", "/api/cluster/deleteCluster", query, '{"x": 1}'), "k3y/+")
    assert mine == base64.b64encode(digest).decode()


@pytest.mark.parametrize("secret", ["SK", "another/secret+with=signs", "x" * 64])
def test_the_published_sdk_of_the_sister_service_agrees_where_no_character_is_special(secret: str) -> None:
    # It leaves values raw, so a timestamp's colons would differ: any parameters without special characters do.
    params = {"zone": "jn1a", "owner": "usr-abc", "version": "1", "signature_version": "1", "offset": "0"}
    theirs = QAISignatureAuthHandler.generate_signature(
        method="GET", url="/api/cluster/list/", ak="AK", sk=secret, params=dict(params)
    )
    query = canonical_query({**params, "access_key_id": "AK"})
    mine = signature_of(string_to_sign("GET", "/api/cluster/list", query, ""), secret)
    assert theirs == f"{query}&signature={encoded(mine, Encoding.ONCE)}"


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("a b", "a%20b", "a space is %20, never +"),
        ("2021-08-19T16:44:40Z", "2021-08-19T16%3A44%3A40Z", "hex digits are upper case"),
        ("-._~", "-._~", "RFC 3986's unreserved characters stay"),
        ("/+=&?", "%2F%2B%3D%26%3F", "what has a meaning in a URL is encoded, the slash too"),
        ("中", "%E4%B8%AD", "UTF-8"),
        ("\ud800", "%3F", "a lone surrogate cannot be sent and must not raise"),
        (7, "7", "numbers are written in decimal"),
    ],
)
def test_percent_encoding(text: str | int, expected: str, reason: str) -> None:
    assert percent(text) == expected, reason


def test_parameters_are_sorted_by_name_and_not_by_their_encoded_text() -> None:
    assert canonical_query({"b": 1, "a": 2, "Z": 3, "a.1": 4}) == "Z=3&a=2&a.1=4&b=1"


def test_the_timestamp_is_cut_so_that_a_request_never_lives_longer() -> None:
    assert utc(AT + 0.999) == "2021-08-19T16:44:40Z"


def test_an_endpoint_with_a_slash_at_its_end_is_the_same_endpoint() -> None:
    one, other = (Signer("AK", "SK").get(e, "/operation", {}, AT) for e in (ENDPOINT, ENDPOINT + "/"))
    assert one == other


def test_reprs_tell_neither_key_nor_signature() -> None:
    signer = Signer("THEKEYID", "THESECRET")
    signed = signer.post(ENDPOINT, "/x", {}, AT, '{"password": "p"}')
    shown = f"{signer!r} {signed!r}"
    assert not any(word in shown for word in ("THEKEYID", "THESECRET", "signature=", "password"))
