"""What doctor sends to the HPC API: reads alone, few, signed both ways, and none after the tap was closed."""

from cloud_scripts import ACCOUNT, KEY, SECRET, HandClock, ScriptedTransport, reply

from hpc_operator.cloud.calls import CallSettings
from hpc_operator.cloud.credentials import AccountKeys, GivenKey
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.cloud.transport import TransportNotSent
from hpc_operator.doctor.checking import walk
from hpc_operator.doctor.cloud import CLOUD, CloudReads, Terms
from hpc_operator.doctor.finding import Finding, Level


class Ward:
    """The cloud part over a scripted service."""

    def __init__(self, answer, **terms) -> None:
        self.clock = HandClock()
        self.transport = ScriptedTransport(self.clock, answer)
        given = {"access_key_id": KEY, "secret_access_key": SECRET}
        self.scrubber = Scrubber()
        keys = AccountKeys(
            GivenKey(given), ACCOUNT.endpoint, None, self.clock, self.scrubber, owner=ACCOUNT.owner, zone=ACCOUNT.zone
        )
        base = {
            "fleet": "lab", "calls": CallSettings(), "clock_skew": 30.0, "quota": 2000, "quota_share": 0.8,
            "verify_tls": True, "accept_other_ids": False, "owners": (ACCOUNT.owner,), "zones": (ACCOUNT.zone,),
        }  # fmt: skip
        self.reads = CloudReads(keys, self.transport, Terms(**{**base, **terms}), self.clock, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.clock.at += seconds

    async def examined(self) -> dict[str, Finding]:
        lines = await walk("cloud", CLOUD, self.reads, lambda line: None, self.reads.halted)
        return {line.check: line.finding for line in lines}


def healthy(call):
    if "permission" in call.path:
        return {"ret_code": 0, "uid_number": 7, "gid_number": 8}
    name = "job_set" if call.path.endswith("operation") else "cluster_set"
    return {"ret_code": 0, name: [], "total_count": 0}


async def test_only_reads_are_sent_and_few_of_them() -> None:
    ward = Ward(healthy)
    found = await ward.examined()
    assert {finding.level for finding in found.values()} <= {Level.OK, Level.WARNING}
    assert {call.method for call in ward.transport.calls} == {"GET"}
    assert len(ward.transport.calls) <= 10


async def test_a_dead_endpoint_is_asked_once() -> None:
    ward = Ward(lambda call: TransportNotSent("closed"))
    found = await ward.examined()
    assert [name for name, finding in found.items() if finding.level is Level.ERROR] == ["endpoint"]
    assert len(ward.transport.calls) == 1


async def test_both_encodings_are_tried_whatever_is_configured() -> None:
    ward = Ward(healthy)
    await ward.examined()
    urls = [call.url for call in ward.transport.calls[1:3]]
    assert [url.rpartition("signature=")[2][-5:] for url in urls] == [urls[0][-5:], "%253D"]
    assert urls[0].endswith("%3D")


async def test_beyond_the_allowance_reads_are_signed_by_the_service_s_clock() -> None:
    ward = Ward(healthy)
    ward.transport.date = ward.clock.at + 3600
    found = await ward.examined()
    assert found["clock"].level is Level.ERROR
    first, second = ward.transport.calls[0].query["timestamp"], ward.transport.calls[1].query["timestamp"]
    assert (first[11:13], second[11:13]) == ("22", "23")
    assert found["signature"].level is Level.OK


async def test_other_views_are_asked_with_their_own_zone_and_owner_and_counted_on_the_own_account() -> None:
    ward = Ward(healthy, zones=("jn1a", "pek3"), owners=(ACCOUNT.owner, "usr-2"))
    await ward.examined()
    asked = {(c.query["owner"], c.query["zone"]) for c in ward.transport.calls if c.path.endswith("list")}
    assert {(ACCOUNT.owner, "pek3"), ("usr-2", "jn1a"), ("usr-2", "pek3")} <= asked


async def test_a_tap_that_closes_ends_the_reads() -> None:
    def spent_at_the_log(call):
        return {"ret_code": 2500} if call.path.endswith("operation") else healthy(call)

    ward = Ward(spent_at_the_log)
    found = await ward.examined()
    assert [name for name, finding in found.items() if finding.level is Level.ERROR] == ["log"]
    assert found["refusals"].said == "the account's calls of this hour are used up (2500)"


async def test_a_user_in_the_endpoint_is_not_repeated() -> None:
    ward = Ward(lambda call: reply(b"<html>", status=200))
    await ward.reads.key()
    contact = await ward.reads.contact()
    assert contact.page
    witness = ward.reads._witness
    assert witness.contact("https://me:word@host/api", contact.read, verify_tls=True).endpoint == "https://host/api"
