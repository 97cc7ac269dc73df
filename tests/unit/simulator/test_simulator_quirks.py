"""Where the API contract is silent or contradicts itself, a setting plays each reading: the table, and what each does.

`CONTRACT` walks the contract's section "Not documented" and its disagreements. A setting that no row names is red, and
so is a row whose setting is gone; each setting has a test of what it changes on the wire, here or where it is named.
"""

import ast
import inspect
import json
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest
from simulator_caller import PERSON, START, Caller, create_fields, read, signed

from hpc_simulator import Account, Cloud, Settings, cli
from hpc_simulator import settings as simulator_settings
from hpc_simulator.control import read_settings
from hpc_simulator.outside import NewCluster

CONTRACT = {
    # Not documented
    "whether a timestamp in the future is refused": ["refuse_future", "request_lifetime"],
    "whether answers carry Date, and how right it is": ["date_header", "clock_offset"],
    "what cluster_status says while an operation runs": ["status_during_operation", "busy_word", "change_word"],
    "which code a busy cluster gets": ["busy_code"],
    "which code a second hpc cluster gets": ["second_hpc_code"],
    "which code the last node of a role gets": ["last_node_code"],
    "which code too many nodes get, and how many are too many": ["too_many_nodes_code", "most_nodes"],
    "which texts modifyCluster refuses": ["refused_word"],
    "which code a role gets that a type has not, or may not resize": ["wrong_role_code"],
    "in which states nodes may be added": ["nodes_change_when"],
    "what the start of a running cluster gets": ["repeated_power"],
    "one page prints the path of startCluster another way": ["start_path"],
    "job_id or job_ids of startCluster and stopCluster": ["power_answer"],
    "what a node shows that is being taken away": ["deleting_node_shows"],
    "what a node shows that is being added": ["new_nodes_show"],
    "which code a wrong zone gets": ["wrong_zone_code"],
    "2110 against two identical calls create two": ["repeated_create"],
    "whether refused creates appear in the log": ["log_refused_creates"],
    "what type error_codes has": ["error_codes_type"],
    "whether the quota window slides, and how long it is": ["quota_window", "quota_period", "call_quota"],
    "whether refused calls count": ["quota_counts_refused"],
    "the value of run_user": ["run_user_must_be_owner"],
    "the longest cluster_name": ["longest_name"],
    "whether a rename is echoed although the create's names are not": ["rename_echo", "name_echo"],
    "whether a description is echoed": ["description_echo"],
    "the default of reverse": ["default_reverse"],
    "which characters the percent-encoding of the string to sign leaves raw": ["raw_characters", "signed_values"],
    # Disagreements, and what a page shows without promising it
    "a space in the string to sign: the page's text, its sample code": ["signed_spaces"],
    "the path's slash in the string to sign": ["signed_path"],
    "how often the signature is encoded": ["signature_encoding"],
    "the status of HTTP is not said to carry the error": ["refusal_status"],
    "no message text is documented": ["messages", "texts"],
    "a compute node's least memory: 4098 or 4096": ["least_compute_memory"],
    "the ladder of sizes": ["strict_sizes"],
    "a password: the app schema's rule, the user API's": ["strict_passwords"],
    "paid_type: optional on the older page": ["paid_type_required"],
    "elements of the list: flat, or in app_cluster": ["list_shape"],
    "misspelled fields of the list's table": ["misspelled_fields"],
    "cluster_status and the counters of jobs stand only in the page's example": ["status_shown", "job_counts_shown"],
    "sort_key and the order of equal times": ["order"],
    "pages of a hundred": ["longest_page"],
    "deleting and abnormal clusters: what shows them": ["id_shows_hidden", "type_shows_hidden"],
    "how soon list and log show things": ["list_lag", "log_lag"],
    "how long the log keeps things": ["log_keeps"],
    "values of job_action": ["job_actions"],
    "which log entries name the cluster, and what else": [
        *("pending_create_names_cluster", "failed_create_names_cluster", "log_modify"),
        *("pending_change_names_cluster", "log_names_nodes"),
    ],
    "statuses nobody knows": ["pending_word", "busy_word"],
    "what a key of another account is told": ["foreign_owner"],
    "the answer of permission, whose page is not published": ["permission_shape"],
    "numbers, optional fields and further fields of any answer": ["numbers_as", "optional_fields", "extra_fields"],
    "a job that fails after its id was answered": [
        "create_jobs_fail",
        "delete_jobs_fail",
        "create_failure_leaves",
        "delete_failure_leaves",
        "change_jobs_fail",
        "add_partial",
    ],
    # Documented, but another number for each account or day
    "paces and limits": [
        *("create_seconds", "delete_seconds", "node_seconds", "resize_seconds", "power_seconds", "time_factor"),
        *("cluster_quota", "tap_closed"),
    ],
}
"""Item of the contract: its settings."""

ELSEWHERE = {
    "test_simulator_signature.py": "signature_encoding signed_values refuse_future clock_offset request_lifetime",
    "test_simulator_looks.py": """date_header list_shape misspelled_fields id_shows_hidden type_shows_hidden
        default_reverse name_echo rename_echo description_echo list_lag log_lag pending_create_names_cluster
        failed_create_names_cluster log_refused_creates log_modify foreign_owner wrong_zone_code refusal_status""",
    "test_simulator_create.py": """strict_sizes paid_type_required second_hpc_code cluster_quota call_quota
        quota_period quota_window quota_counts_refused""",
    "test_simulator_jobs.py": """time_factor create_jobs_fail delete_jobs_fail
        create_failure_leaves delete_failure_leaves status_during_operation busy_code run_user_must_be_owner""",
    "test_simulator_nodes.py": """last_node_code too_many_nodes_code most_nodes wrong_role_code nodes_change_when
        deleting_node_shows new_nodes_show add_partial change_jobs_fail node_seconds pending_change_names_cluster log_names_nodes""",
    "test_simulator_power.py": """repeated_power start_path power_answer change_word resize_seconds power_seconds
        job_counts_shown""",
    "test_simulator_server.py": "tap_closed",
}
"""Where the settings are tested that have their test elsewhere."""

HERE = Path(__file__)
EVERY = {field.name for field in fields(Settings)}
OTHER = {name: place for place, names in ELSEWHERE.items() for name in names.split()}


def test_every_item_of_the_contract_has_its_settings():
    named = {name for settings in CONTRACT.values() for name in settings}
    assert named == EVERY, "a new setting belongs to an item of the contract; an item never loses its setting"


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_setting_has_a_test(name):
    if name in OTHER:
        assert name in (HERE.parent / OTHER[name]).read_text()
    else:
        assert re.search(rf"Caller\([^)]*\b{name}=", HERE.read_text()), "a test here asks a Caller that has it"


def page():
    """docs/simulator.md, made from the settings and what they say of themselves."""
    lines = ["| setting | default | what it does |", "| --- | --- | --- |"]
    body = ast.parse(inspect.getsource(simulator_settings.Settings)).body[0].body[2:]
    for said, meant in pairwise([*body, None]):
        if isinstance(said, ast.AnnAssign):
            assert isinstance(meant, ast.Expr), f"{said.target.id} does not say what it does"
            kind = ast.unparse(said.annotation).removeprefix("Literal[").removesuffix("]").replace("'", "`")
            kind = f" ({kind.replace('|', 'or')})" if kind not in ("bool", "int", "float", "str") else ""
            meaning = " ".join(ast.literal_eval(meant.value).split()).replace("|", "\\|")
            lines.append(f"| `{said.target.id}`{kind} | `{ast.unparse(said.value)}` | {meaning} |")
    return "\n".join(lines) + "\n"


def test_the_page_lists_the_settings_as_they_are():
    written = (HERE.parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
    head, table = written.split("\n\n| setting", 1)
    assert "| setting" + table == page(), f"{head.splitlines()[0]}: its table should be\n{page()}"


@pytest.mark.parametrize("name", sorted(EVERY))
def test_settings_are_given_by_name_and_checked_by_type(name):
    default = getattr(Settings(), name)
    given = "none" if default is None else str(default)
    assert getattr(cli._settings(1.0, [f"{name}={given}"]), name) == default, "on the command line all is text"
    assert getattr(read_settings(Settings(), {name: default}), name) == default
    with pytest.raises(ValueError, match=name):
        read_settings(Settings(), {name: {}})
    if name not in ("raw_characters", "refused_word"):  # any text is a set of characters, or a word
        with pytest.raises(ValueError, match=name):
            cli._settings(1.0, [f"{name}=sometimes"])


def people(caller, number=1, **wish):
    return [caller.cloud.create_outside(NewCluster(status="active", **wish)) for _ in range(number)]


class TestSigning:
    """Requests signed in one way, accepted or not."""

    def answer(self, caller, query, path="/api/cluster/list"):
        return read(caller.cloud.handle("GET", path, query, b""))["ret_code"]

    @pytest.mark.parametrize(
        ("raw", "word", "code"),
        [
            ("-_.~", "a*b", 0),
            ("-_.~*", "a*b", 1200),
            ("-_.*", "a~b", 1200),
            ("-_.*", "a-b", 0),
            ("-_.~:", "a-b", 1200),
        ],
        ids=[
            "RFC 3986",
            "a star left raw",
            "a tilde encoded",
            "a form encoder",
            "colons raw: every timestamp has them",
        ],
    )
    def test_characters_left_raw(self, raw, word, code):
        caller = Caller(raw_characters=raw)
        query = signed("GET", "/api/cluster/list", {"owner": PERSON, "search_word": word})
        assert self.answer(caller, query) == code

    @pytest.mark.parametrize(("spaces", "word", "code"), [("%20", "a b", 0), ("+", "a b", 1200), ("+", "ab", 0)])
    def test_spaces(self, spaces, word, code):
        caller = Caller(signed_spaces=spaces)
        query = signed("GET", "/api/cluster/list", {"owner": PERSON, "search_word": word})
        assert self.answer(caller, query) == code

    @pytest.mark.parametrize(
        ("wanted", "slash", "code"),
        [
            *(("slash", "/", 0), ("slash", "", 1200)),
            *(("bare", "", 0), ("bare", "/", 1200)),
            *(("either", "", 0), ("either", "/", 0)),
        ],
    )
    def test_the_path(self, wanted, slash, code):
        caller = Caller(signed_path=wanted)
        query = signed("GET", "/api/cluster/list", {"owner": PERSON}, slash=slash)
        assert self.answer(caller, query) == code


class TestCreates:
    def test_a_repeated_create(self):
        caller = Caller(repeated_create="refused")
        first = caller.create()
        assert caller.create()["ret_code"] == 2110
        assert caller.create("two")["ret_code"] == 0, "it is another one"
        caller.wait(1000).delete(first["hpc_cluster_id"])
        assert caller.wait(1000).create()["ret_code"] == 0, "the first one's cluster is gone"
        caller.cloud.change_settings(repeated_create="creates")
        assert caller.create()["ret_code"] == 0
        assert caller.cloud.counts()["createCluster"].effects == 4

    def test_the_least_memory(self):
        assert Caller(least_compute_memory=4098).create()["ret_code"] == 8000
        assert Caller().create()["ret_code"] == 0

    @pytest.mark.parametrize(
        ("password", "code"),
        [("Abcd1234!@#x", 0), ("Abcd1234!@#", 8000), ("abcd1234!@#x", 8000), ("Abcd12345678", 8000)],
    )
    def test_passwords(self, password, code):
        given = create_fields()
        given["cluster_conf"]["env"]["admin.password"] = password
        assert Caller(strict_passwords=True).post("createCluster", given)["ret_code"] == code
        assert Caller().post("createCluster", given)["ret_code"] == 0

    def test_paces(self):
        caller = Caller(create_seconds=10.0, delete_seconds=5.0)
        cluster_id = caller.create()["hpc_cluster_id"]
        assert [caller.wait(seconds).log()[0]["status"] for seconds in (9, 1)] == ["pending", "successful"]
        caller.delete(cluster_id)
        assert [len(caller.wait(seconds).cloud.clusters()) for seconds in (4, 1)] == [1, 0]

    @pytest.mark.parametrize(("longest", "code"), [(20, 0), (19, 1101)])
    def test_the_longest_name(self, longest, code):
        assert Caller(longest_name=longest).create("n" * 20)["ret_code"] == code

    @pytest.mark.parametrize("field", ["cluster_name", "description"])
    def test_a_refused_word(self, field):
        caller = Caller(refused_word="taboo")
        cluster_id = caller.standing()
        assert caller.modify(cluster_id, **{field: "a taboo"})["ret_code"] == 1101
        assert caller.modify(cluster_id, **{field: "a word"})["ret_code"] == 0


class TestWords:
    @pytest.mark.parametrize(
        ("word", "creating", "deleting"),
        [
            ("console", ["pending", "creating", "installing", "initialising"], "deleting"),
            *((word, [word] * 4, word) for word in ("pending", "active")),
            ("unknown", ["dancing"] * 4, "dancing"),
        ],
    )
    def test_of_a_cluster_at_work(self, word, creating, deleting):
        caller = Caller(busy_word=word)
        cluster_id = caller.create()["hpc_cluster_id"]
        shown = [caller.wait(seconds).list()["cluster_set"][0]["cluster_status"] for seconds in (1, 40, 150, 120)]
        assert shown == creating
        nodes = caller.get("cluster/listNodes", cluster_id=cluster_id)["hpc_app_nodes_set"]
        assert {node["status"] for node in nodes} == {"dancing" if word == "unknown" else "pending"}
        caller.wait(100).delete(cluster_id)
        assert caller.listed() == [], "what is hidden stays hidden"
        assert caller.list(cluster_id=cluster_id)["cluster_set"][0]["cluster_status"] == deleting

    def test_the_filter_goes_by_what_is_shown(self):
        caller = Caller(busy_word="active")
        caller.create()
        assert len(caller.listed(status="active")) == 1

    @pytest.mark.parametrize(("word", "shown"), [("pending", "pending"), ("unknown", "dancing")])
    def test_of_a_job_at_work(self, word, shown):
        caller = Caller(pending_word=word)
        caller.create()
        assert caller.log()[0]["status"] == shown
        assert [entry["status"] for entry in caller.log(status=shown)] == [shown]
        assert caller.wait(400).log()[0]["status"] == "successful"

    def test_actions(self):
        caller = Caller(job_actions="unknown")
        caller.create()
        [entry] = caller.log()
        assert "Create" not in entry["job_action"] + entry["action_describe"]

    @pytest.mark.parametrize(
        ("kind", "good", "bad"), [("object", {"codes": []}, {"codes": [5200]}), ("null", None, None)]
    )
    def test_error_codes(self, kind, good, bad):
        caller = Caller(error_codes_type=kind)
        caller.create()
        caller.cloud.change_settings(create_jobs_fail=True)
        caller.create()
        assert [entry["error_codes"] for entry in caller.wait(400).log()] == [good, bad]

    def test_messages(self):
        def said(messages="varied"):
            caller = Caller(messages=messages)
            return [caller.list(owner="").get("message") for _ in range(3)]

        assert len(set(said())) == 3
        assert len({*said(messages="same")}) == 1
        assert said(messages="absent") == [None] * 3

    @pytest.mark.parametrize("kind", ["plain", "chinese", "long"])
    def test_texts(self, kind):
        caller = Caller(texts=kind)
        people(caller, name="theirs", description="words")
        caller.create("ours")
        theirs, ours = caller.list()["cluster_set"]
        refused = caller.list(owner="")["message"]
        texts = theirs["cluster_name"], theirs["description"], refused
        assert "theirs" in texts[0]
        assert ours["cluster_name"] == "ours", "what a create sent is not changed"
        assert ["集群" in text for text in texts] == [kind == "chinese"] * 3
        assert [len(text) == 100_000 for text in texts] == [kind == "long"] * 3


class TestPages:
    def test_the_status_is_not_shown(self):
        caller = Caller(status_shown=False)
        people(caller)
        assert "cluster_status" not in caller.list()["cluster_set"][0]
        assert len(caller.listed(status="active")) == 1, "the filter is documented all the same"

    def test_the_longest_page(self):
        caller = Caller(longest_page=7)
        people(caller, 9)
        answer = caller.list(limit=100)
        assert (len(answer["cluster_set"]), answer["total_count"]) == (7, 9)

    @pytest.mark.parametrize(
        ("order", "up", "down"),
        [("asked", [0, 1, 2], [2, 1, 0]), ("oldest", [0, 1, 2], [0, 1, 2]), ("newest", [2, 1, 0], [2, 1, 0])],
    )
    def test_order_of_list_log_and_nodes(self, order, up, down):
        caller = Caller(order=order)
        ids, jobs = [], []
        for name in "cba":
            made = caller.create(name)
            ids.append(made["hpc_cluster_id"])
            jobs.append(made["job_id"])
            caller.wait(1)
        for reverse, wanted in ((0, up), (1, down)):
            assert [ids.index(i) for i in caller.listed(reverse=reverse)] == wanted
            assert [jobs.index(entry["job_id"]) for entry in caller.log(reverse=reverse)] == wanted
            nodes = caller.get("cluster/listNodes", reverse=reverse, limit=100)["hpc_app_nodes_set"]
            assert (nodes[0]["create_time"] < nodes[-1]["create_time"]) == (wanted == [0, 1, 2])
        by_name = [ids.index(i) for i in caller.listed(sort_key="cluster_name")]
        assert by_name == ([2, 1, 0] if order == "asked" else up), "sort_key is heeded, or not"

    def test_order_of_equal_times(self):
        caller = Caller(order="ties")
        first, second = people(caller, 5), (caller.wait(1), people(caller, 5))[1]
        seen = [caller.listed() for _ in range(5)]
        assert all(set(ids[:5]) == set(first) and set(ids[5:]) == set(second) for ids in seen)
        assert len({tuple(ids) for ids in seen}) > 1, "not twice the same"

    def test_any_order(self):
        def seen(order="asked"):
            caller = Caller(order=order)
            ids = [caller.create()["hpc_cluster_id"] for _ in range(5) if caller.wait(1)]
            return ids, [caller.listed() for _ in range(5)], [[e["job_id"] for e in caller.log()] for _ in range(5)]

        ids, lists, logs = seen(order="any")
        assert all(set(each) == set(ids) for each in lists)
        assert len({tuple(each) for each in lists}) > 1
        assert len({tuple(each) for each in logs}) > 1
        assert seen(order="any") == (ids, lists, logs), "the same in each run"
        assert seen()[1] == [ids] * 5

    def test_what_the_log_forgets(self):
        caller = Caller(log_keeps=100.0)
        caller.create()
        assert len(caller.wait(459).log()) == 1, "it counts from the job's end"
        assert caller.wait(2).log() == []
        caller.cloud.change_settings(log_keeps=None)
        assert len(caller.log()) == 1


class TestEveryAnswer:
    def answers(self, **settings):
        """One answer of each call, a refusal among them."""
        caller = Caller(**settings)
        made = caller.create()
        cluster_id = made["hpc_cluster_id"]
        caller.wait(400)
        return [
            made,
            caller.modify(cluster_id, cluster_name="new"),
            caller.list(),
            caller.log(),
            caller.get("cluster/listNodes", cluster_id=cluster_id),
            caller.get(f"permission/{PERSON}"),
            caller.list(owner=""),
            caller.add(cluster_id, "2"),
            caller.wait(400).nodes(cluster_id),
            caller.resize(cluster_id),
            caller.wait(400).power("stopCluster", cluster_id),
            caller.wait(400).power("startCluster", cluster_id),
            caller.wait(400).delete(cluster_id),
        ]

    def leaves(self, value):
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in self.leaves(inner)]
        if isinstance(value, list):
            return [leaf for inner in value for leaf in self.leaves(inner)]
        return [value]

    @pytest.mark.parametrize(("kind", "type_"), [("strings", str), ("floats", float)])
    def test_numbers(self, kind, type_):
        plain, dressed = self.answers(), self.answers(numbers_as=kind)
        for before, after in zip(self.leaves(plain), self.leaves(dressed), strict=True):
            assert type(after) is (type_ if isinstance(before, int) else type(before))
            assert type(before)(after) == before
        caller = Caller(numbers_as=kind)
        assert json.dumps(caller.list()["ret_code"]) == {"strings": '"0"', "floats": "0.0"}[kind]

    def test_optional_fields(self):
        caller = Caller(optional_fields="missing")
        caller.create()
        [element] = caller.list()["cluster_set"]
        assert element.keys() == {"cluster_id", "cluster_name", "cluster_status"}
        assert caller.log()[0].keys() == {"job_id", "status", "resource_ids"}
        assert caller.get("cluster/listNodes")["hpc_app_nodes_set"][0].keys() == {
            *("node_id", "role", "status", "cluster_id")
        }
        assert caller.list().keys() == {"ret_code", "cluster_set", "total_count"}
        caller.wait(400)
        cluster_id = caller.listed()[0]
        assert caller.resize(cluster_id).keys() == {"ret_code", "job_id"}
        caller.cloud.change_settings(power_answer="job_ids")
        assert caller.wait(400).power("stopCluster", cluster_id).keys() == {"ret_code", "job_ids"}
        caller.cloud.change_settings(optional_fields="null")
        [element] = caller.list()["cluster_set"]
        assert (element["create_time"], element["description"], element["running_job_count"]) == (None, None, None)
        assert element["cluster_id"]

    def test_extra_fields(self):
        caller = Caller(extra_fields=True)
        caller.create()
        answer = caller.list()
        plain = Caller().list()
        for place in (answer, answer["cluster_set"][0], caller.list(owner="")):
            assert {"x_request_id", "x_trace", "x_history", "x_end"} <= place.keys()
            assert next(iter(place)) == "x_request_id", "before what is documented, too"
        assert answer.keys() > plain.keys()
        assert (answer["ret_code"], answer["total_count"]) == (0, 1)

    def test_permission(self):
        wrapped = Caller(permission_shape="wrapped").get(f"permission/{PERSON}")
        assert wrapped["permission"] == {"uid_number": 11017754, "gid_number": 11017754}
        assert "uid_number" not in wrapped

    def test_an_answer_without_quirks_is_not_touched(self):
        assert self.answers() == self.answers(numbers_as="numbers", optional_fields="all", extra_fields=False)


def test_all_quirks_at_once_are_repeatable():
    def trace():
        account = Account()
        clock = [START]
        settings = Settings(order="any", numbers_as="strings", extra_fields=True, texts="chinese", busy_word="unknown")
        cloud = Cloud(lambda: clock[0], settings, accounts=[account], seed="quirks")
        bodies = []
        for _ in range(20):
            cloud.create_outside(NewCluster(status="active"))
            query = signed("GET", "/api/cluster/list", {"owner": PERSON, "limit": 100}, at=clock[0])
            bodies.append(cloud.handle("GET", "/api/cluster/list", query, b""))
            clock[0] += 1
        return bodies

    assert trace() == trace()
