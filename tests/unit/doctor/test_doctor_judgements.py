"""Facts to findings, as tables: what is said and advised, and how severe it is. Each row has its reason."""

import pytest

from hpc_operator.cloud.client import Unread
from hpc_operator.cloud.envelope import Answered, Spent
from hpc_operator.cloud.signing import Encoding
from hpc_operator.cloud.transport import Stage
from hpc_operator.cloud.wire import Page
from hpc_operator.doctor import granting, reaching, seeing
from hpc_operator.doctor.contact import Contact
from hpc_operator.doctor.finding import Level
from hpc_operator.domain.answers import NoAnswer
from hpc_operator.domain.mark import fleet_of
from hpc_operator.domain.observed import Cluster, Entry, JobStatus, ListLook
from hpc_operator.domain.record import Account
from hpc_operator.kube.rights import RIGHTS
from hpc_operator.reconcile.ports import Person

HTTPS, HTTP = "https://hpc.example.test/api", "http://hpc.example.test/api"
ACCOUNT = Account(HTTPS, "jn1a", "usr-1")
NONE = NoAnswer("cut")


def answered(code: int, **fields: object) -> Answered:
    return Answered(code, "", fields)


def judged(finding, level, *words):
    whole = f"{finding.said} | {finding.advice}"
    assert finding.level is level, whole
    assert [word for word in words if word not in whole] == []
    if level in (Level.ERROR, Level.WARNING):
        assert finding.advice, "what is not well comes with what to do"


ENDPOINTS = [
    (Contact(HTTPS, True, NONE, stage=Stage.NAME), Level.ERROR, ("resolved", "DNS"), "no such host"),
    (Contact(HTTPS, True, NONE, stage=Stage.CONNECT), Level.ERROR, ("connection", "firewall"), "nobody listens"),
    (Contact(HTTPS, True, NONE, stage=Stage.CERTIFICATE), Level.ERROR, ("not trusted", "SSL_CERT_FILE"), "a stranger"),
    (Contact(HTTPS, True, NONE, stage=Stage.TLS), Level.ERROR, ("TLS", "scheme"), "a plain port"),
    (Contact(HTTPS, True, NONE, stage=Stage.OTHER), Level.ERROR, ("HPC_OPERATOR_ENDPOINT",), "no URL"),
    (Contact(HTTPS, True, NONE, cause="reset"), Level.ERROR, ("no answer (reset)", "proxy"), "cut on the way"),
    (Contact(HTTPS, True, answered(0), status=200), Level.OK, ("trusted",), "as it should be"),
    (Contact(HTTPS, False, answered(0), status=200), Level.WARNING, ("VERIFY_TLS",), "for tests only"),
    (Contact(HTTP, True, answered(0), status=200), Level.WARNING, ("without TLS", "https://"), "anybody listens"),
    (Contact(HTTPS, True, NONE, status=502), Level.OK, (), "reached; what answers is another check's question"),
]


@pytest.mark.parametrize(("seen", "level", "words", "reason"), ENDPOINTS, ids=[row[3] for row in ENDPOINTS])
def test_endpoint(seen, level, words, reason):
    judged(reaching.endpoint(seen), level, *words)


SPEAKERS = [
    (Contact(HTTPS, True, answered(1200), status=200), Level.OK, ("ret_code 1200",), "a refusal is an answer"),
    (Contact(HTTPS, True, answered(0), status=302), Level.OK, (), "an envelope decides, not the status"),
    (Contact(HTTPS, True, NONE, status=301, location="https://b/x"), Level.ERROR, ("https://b/x", "never"), "moved"),
    (Contact(HTTPS, True, NONE, status=302), Level.ERROR, ("nowhere",), "moved to nowhere"),
    (Contact(HTTPS, True, NONE, status=200, page=True), Level.ERROR, ("web page", "NO_PROXY"), "a login page"),
    (Contact(HTTPS, True, NONE, status=503, page=True), Level.ERROR, ("web page",), "a gateway's page"),
    (Contact(HTTPS, True, NONE, status=503), Level.ERROR, ("disturbed",), "not ours to mend"),
    (Contact(HTTPS, True, NONE, status=404), Level.ERROR, ("not the HPC API", "/api"), "another service"),
]


@pytest.mark.parametrize(("seen", "level", "words", "reason"), SPEAKERS, ids=[row[3] for row in SPEAKERS])
def test_speaks(seen, level, words, reason):
    judged(reaching.speaks(seen), level, *words)


CLOCKS = [
    ((0.0, 30, 0), Level.OK, ("agree",), "equal"),
    ((30.0, 30, 0), Level.OK, ("30 s ahead of ours",), "just allowed"),
    ((31.0, 30, 0), Level.ERROR, ("31 s ahead", "allows 30 s", "chrony"), "too slow here"),
    ((-31.0, 30, 0), Level.ERROR, ("31 s behind",), "too fast here: a request would live too long"),
    ((None, 30, 0), Level.WARNING, ("no Date",), "nothing to compare"),
    ((None, 30, 1300), Level.ERROR, ("1300",), "expired on arrival"),
    ((0.0, 30, 1300), Level.OK, (), "late on its way once; the clocks agree"),
]


@pytest.mark.parametrize(("facts", "level", "words", "reason"), CLOCKS, ids=[row[3] for row in CLOCKS])
def test_clock(facts, level, words, reason):
    judged(reaching.clock(reaching.ClockFacts(*facts)), level, *words)


T, O = Encoding.TWICE, Encoding.ONCE  # noqa: E741 - as they are spoken of here
SIGNATURES = [
    (T, answered(0), answered(1200), Level.OK, ("twice (as set)", "once it is refused"), "documented"),
    (T, answered(0), answered(0), Level.OK, ("or once",), "both are taken"),
    (T, answered(1101), answered(1200), Level.OK, (), "a wrong parameter is told behind the signature's check"),
    (T, answered(1200), answered(0), Level.ERROR, ("SIGNATURE_ENCODING=once",), "the other one"),
    (O, answered(0), answered(1200), Level.ERROR, ("SIGNATURE_ENCODING=twice",), "the other one, too"),
    (T, answered(1200), answered(1400), Level.ERROR, ("SIGNATURE_ENCODING=once",), "a refusal behind the check"),
    (
        T,
        answered(1200),
        answered(1200),
        Level.ERROR,
        ("1200", "directory /key", "access_key_id", "secret_access_key"),
        "the key is wrong",
    ),
    (T, NONE, answered(1200), Level.NOT_TRIED, ("no answer",), "half an answer decides nothing"),
    (T, answered(1200), NONE, Level.NOT_TRIED, ("no answer",), "nor does the other half"),
    (T, answered(2500), Spent(9), Level.NOT_TRIED, ("2500",), "the quota may stand before the check"),
    (T, answered(1300), answered(1200), Level.NOT_TRIED, ("1300",), "the clock first"),
]


@pytest.mark.parametrize(
    ("configured", "twice", "once", "level", "words", "reason"), SIGNATURES, ids=[r[5] for r in SIGNATURES]
)
def test_signature(configured, twice, once, level, words, reason):  # noqa: PLR0917 - a row of the table
    judged(
        reaching.signature(reaching.SignatureFacts("directory /key", configured, {T: twice, O: once})), level, *words
    )


@pytest.mark.parametrize(("closed", "level"), [(False, Level.OK), (True, Level.ERROR)])
def test_quota(closed, level):
    judged(reaching.quota(reaching.QuotaFacts(1, 2000, 0.8, closed)), level, "allow 1600 calls an hour")


PERSON, UNKNOWN = Person(1, 2), "The ids of usr-1 cannot be read: ret_code 2100"
EMPTY, FULL = answered(0, total_count=0), answered(0, total_count=3)
ACCOUNTS = [
    ((FULL, 3, PERSON, False), Level.OK, ("3 cluster(s)",), "ours"),
    ((FULL, 3, UNKNOWN, False), Level.OK, (), "clusters prove it"),
    ((EMPTY, 0, PERSON, False), Level.OK, (), "the ids prove it"),
    ((EMPTY, 0, UNKNOWN, False), Level.ERROR, ("HPC_OPERATOR_OWNER",), "looks like another account's"),
    ((EMPTY, 0, UNKNOWN, True), Level.WARNING, ("HPC_OPERATOR_OWNER",), "the ids may be unreadable for all"),
    ((answered(1400), None, UNKNOWN, False), Level.ERROR, ("HPC_OPERATOR_OWNER",), "denied"),
    ((answered(1101), None, UNKNOWN, False), Level.ERROR, ("ret_code 1101", "HPC_OPERATOR_ZONE"), "a wrong zone"),
    ((answered(0), None, PERSON, False), Level.ERROR, ("no total_count",), "no list"),
    ((NONE, None, PERSON, False), Level.ERROR, ("no answer: cut",), "unread"),
]


@pytest.mark.parametrize(("facts", "level", "words", "reason"), ACCOUNTS, ids=[row[3] for row in ACCOUNTS])
def test_account(facts, level, words, reason):
    judged(seeing.account(seeing.AccountFacts(ACCOUNT, *facts)), level, *words)


IDS = [
    (PERSON, False, Level.OK, ("uid_number 1, gid_number 2",)),
    (UNKNOWN, False, Level.ERROR, ("HPC_OPERATOR_ACCEPT_OTHER_IDS=true", "nothing would be created")),
    (UNKNOWN, True, Level.WARNING, ("give uid_number and gid_number",)),
]


@pytest.mark.parametrize(("person", "accepted", "level", "words"), IDS)
def test_ids(person, accepted, level, words):
    judged(seeing.ids(seeing.AccountFacts(ACCOUNT, FULL, 3, person, accepted)), level, *words)


def test_others():
    judged(seeing.others([]), Level.OK)
    judged(seeing.others([(ACCOUNT, EMPTY)]), Level.OK, "1 other")
    refused = seeing.others([(ACCOUNT, EMPTY), (Account(HTTPS, "pek3", "usr-2"), answered(1101))])
    judged(refused, Level.WARNING, "usr-2 in zone pek3", "HPC_OPERATOR_ZONES")
    assert "usr-1 " not in refused.said, "only what is refused is named"


def named(name=None, description=None):
    return Cluster("ehpc-1", name, "active", "ehpc", description)


OURS, FOREIGN = f"a-{fleet_of('lab')}bbbbbccccc-1", f"b-{fleet_of('west')}bbbbbccccc-2"
LISTS = [
    ((), "0 cluster(s): 0 with a mark of fleet lab, 0 of other fleets, 0 without", "not seen before the first"),
    ((named(OURS),), "1 cluster(s): 1 with a mark of fleet lab, 0 of other fleets, 0 without", "seen in names"),
    ((named("x", OURS),), "1 with a mark of fleet lab", "seen in descriptions"),
    ((named(OURS, FOREIGN),), "1 with a mark of fleet lab, 0 of other", "seen in names and descriptions"),
    (
        (named(FOREIGN), named("x"), named()),
        "3 cluster(s): 0 with a mark of fleet lab, 1 of other fleets, 2 with",
        "names",
    ),
]


@pytest.mark.parametrize(("clusters", "counts", "echo"), LISTS)
def test_list(clusters, counts, echo):
    judged(seeing.listed(seeing.ListFacts(ListLook(1.0, True, "k", clusters), "lab")), Level.OK, counts, echo)


def test_a_list_that_is_not_whole_is_an_error():
    look = ListLook(1.0, False, "k", (), "saw 1 of 2")
    judged(seeing.listed(seeing.ListFacts(look, "lab")), Level.ERROR, "saw 1 of 2")


def test_log():
    entries = (Entry("j-1", JobStatus.PENDING), Entry("j-2", JobStatus.SUCCESSFUL), Entry("j-3", JobStatus.OTHER))
    judged(seeing.log(Page(entries, 90)), Level.OK, "90 entries, 2 of the newest 3 pending")
    judged(seeing.log(Page((), 0)), Level.OK)
    judged(seeing.log(Page(entries, 3, "1 unreadable item(s) in job_set")), Level.ERROR, "unreadable")
    judged(seeing.log(Unread("ret_code 1400")), Level.ERROR, "ret_code 1400")


ORDERS = [
    (((), (), ()), Level.OK, "too few", "nothing there"),
    (((1, 2), (2, 1), (1, 2)), Level.OK, "oldest first", "as documented"),
    (((1, 1, 2), (2, 1, 1), (2, 1)), Level.OK, "newest first", "another default"),
    (((2, 1), (2, 1), ()), Level.WARNING, "cluster/list do", "reverse 0 is not obeyed"),
    (((1, 2), (1, 2), ()), Level.WARNING, "operation do", "reverse 1 is not obeyed"),
    (((2, 1), (1, 2), ()), Level.WARNING, "cluster/list and operation", "neither is"),
]


@pytest.mark.parametrize(("times", "level", "word", "reason"), ORDERS, ids=[row[3] for row in ORDERS])
def test_order(times, level, word, reason):
    judged(seeing.order(seeing.OrderFacts(*times)), level, word)


def test_refusals():
    clusters = answered(0, cluster_set=[{"cluster_id": "ehpc-1"}], total_count=1)
    empty = answered(0, cluster_set=[], total_count=0)
    told = seeing.refusals(seeing.RefusalFacts("usr-0", answered(1400), "no", empty))
    judged(told, Level.OK, "usr-0 (made up): ret_code 1400", "zone no (made up): an empty list")
    judged(seeing.refusals(seeing.RefusalFacts("usr-0", empty, "no", clusters)), Level.OK, "made up): a list")
    judged(seeing.refusals(seeing.RefusalFacts("usr-0", clusters, "no", empty)), Level.WARNING, "not looked at")


def test_server():
    judged(granting.server(granting.ServerFacts("https://k", "v1.37.2")), Level.OK, "v1.37.2")
    judged(granting.server(granting.ServerFacts("https://k", None, "refused")), Level.ERROR, "refused", "KUBECONFIG")


def test_crd():
    judged(granting.crd(None), Level.ERROR, "not installed", "kubectl apply --server-side")
    judged(granting.crd({"components": {}}), Level.ERROR, "CrdTooOld", "status.")
    judged(granting.crd("no answer"), Level.ERROR, "no answer")
    judged(granting.crd(granting.NotSpoken("it serves v2")), Level.ERROR, "it serves v2", "serve v1alpha1 again")


def test_rights_name_verb_kind_and_place():
    asked = [granting.Asked(right, "lab", allowed=True) for right in RIGHTS]
    judged(granting.rights(asked), Level.OK, f"all {len(RIGHTS)}")
    status = next(right for right in RIGHTS if right.subresource)
    missing = [*asked, granting.Asked(status, "lab", allowed=False), granting.Asked(RIGHTS[0], None, allowed=False)]
    judged(
        granting.rights(missing),
        Level.ERROR,
        "missing: patch hpcclusters.hpc.qingcloud.com/status in namespace lab; "
        "get hpcclusters.hpc.qingcloud.com in all namespaces",
    )
    judged(
        granting.rights([granting.Asked(status, "lab", False, "403")]), Level.ERROR, "403", "selfsubjectaccessreviews"
    )


LEASES = [
    (True, "", Level.OK, "free"),
    (True, "pod-1", Level.OK, "held by pod-1"),
    (False, "", Level.ERROR, "kubectl create namespace hpc"),
    (None, "", Level.WARNING, "may not see"),
]


@pytest.mark.parametrize(("exists", "holder", "level", "word"), LEASES)
def test_lease(exists, holder, level, word):
    judged(granting.lease(granting.LeaseFacts("hpc", "one", exists, holder)), level, word)


def test_a_lease_in_a_namespace_that_goes_cannot_be_made() -> None:
    found = granting.lease(granting.LeaseFacts("hpc", "one", exists=True, ending=True))
    judged(found, Level.ERROR, "being deleted", "HPC_OPERATOR_LEASE_NAMESPACE")
