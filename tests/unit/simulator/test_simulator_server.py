"""The HTTP server and the control endpoint, and the process around them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from simulator_caller import PERSON, Caller, create_fields, signed
from yarl import URL

from hpc_simulator.control import Control
from hpc_simulator.server import ApiServer

CREATE = "/api/cluster/createCluster"
LIST = "/api/cluster/list"


class Served:
    """A served cloud with virtual time, and an HTTP client."""

    def __init__(self, session, api, control):
        self.session, self.api, self.control = session, f"http://127.0.0.1:{api}", f"http://127.0.0.1:{control}"
        self.caller = Caller()
        self.now = self.caller.clock.now

    async def create(self):
        body = json.dumps(create_fields()).encode()
        query = signed("POST", CREATE, {}, body=body, at=self.now)
        return await self._read("POST", CREATE, query, body)

    async def list(self, **own):
        return await self._read("GET", LIST, signed("GET", LIST, {"owner": PERSON, **own}, at=self.now), b"")

    async def _read(self, method, path, query, body):
        url = URL(f"{self.api}{path}?{query}", encoded=True)
        async with self.session.request(method, url, data=body or None) as answer:
            return answer, await answer.read()

    async def ask(self, method, path, fields=None, status=200):
        async with self.session.request(method, self.control + path, json=fields) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else await answer.text()

    async def fault(self, kind, call="*", **fields):
        return await self.ask("POST", "/faults", {"fault": {"kind": kind, **fields}, "call": call})

    async def held(self):
        while not (held := await self.ask("GET", "/held")):  # noqa: ASYNC110  # the state is behind HTTP
            await asyncio.sleep(0.01)
        return held


@pytest.fixture
async def served():
    caller = Caller()
    api = ApiServer(caller.cloud, lambda: None)
    control = Control(api)
    ports = await api.start("127.0.0.1", 0), await control.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        served = Served(session, *ports)
        served.caller = caller
        yield served
    await control.stop()
    await api.stop()


async def test_a_signed_call_over_http(served):
    answer, body = await served.create()
    assert (answer.status, answer.content_type, json.loads(body)["ret_code"]) == (200, "application/json", 0)
    assert answer.headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT", "the cloud's clock, not the server's"
    assert "Server" not in answer.headers
    assert json.loads((await served.list())[1])["total_count"] == 1
    assert json.loads((await served.list(search_word="a b%c"))[1])["ret_code"] == 0, "the query arrives untouched"


async def test_no_date(served):
    await served.ask("PATCH", "/settings", {"date_header": False})
    answer, _ = await served.list()
    assert "Date" not in answer.headers


@pytest.mark.parametrize(
    ("kind", "effects"), [("lost-before", 0), ("lost-after", 1), ("unreachable", 0), ("torn", 1), ("late", 0)]
)
async def test_broken_connections(served, kind, effects):
    await served.fault(kind, "createCluster")
    with pytest.raises(aiohttp.ClientError):
        await served.create()
    truth = await served.ask("GET", "/clusters")
    assert len(truth["clusters"]) == effects
    assert (await served.create())[0].status == 200


async def test_other_answers(served):
    await served.fault("http")
    assert (await served.list())[0].status == 502
    await served.fault("http", status=200)
    answer, body = await served.list()
    assert (answer.status, answer.content_type, body[:6]) == (200, "text/html", b"<html>")
    await served.fault("code", ret_code=5300)
    assert json.loads((await served.list())[1])["ret_code"] == 5300
    await served.fault("delay", seconds=0.05)
    assert json.loads((await served.list())[1])["ret_code"] == 0


@pytest.mark.parametrize("give", [True, False])
async def test_held_and_released(served, give):
    await served.fault("hold", "createCluster")
    asking = asyncio.create_task(served.create())
    [held] = await served.held()
    assert (held["call"], held["waiting"]) == ("createCluster", True)
    assert not asking.done()
    assert len((await served.ask("GET", "/clusters"))["clusters"]) == 1
    fields = {"ticket": held["ticket"], "answer": give}
    assert await served.ask("POST", "/release", fields) == {"released": [held["ticket"]]}
    if give:
        assert json.loads((await asking)[1])["ret_code"] == 0
    else:
        with pytest.raises(aiohttp.ClientError):
            await asking
    assert await served.ask("GET", "/held") == []
    assert await served.ask("POST", "/release", {}) == {"released": []}


async def test_the_tap(served):
    await served.ask("PATCH", "/settings", {"tap_closed": True})
    with pytest.raises(aiohttp.ClientConnectorError):
        await served.list()
    await served.ask("PATCH", "/settings", {"tap_closed": False})
    assert json.loads((await served.list())[1])["ret_code"] == 0, "on the same port"


class TestControl:
    async def test_calls_and_counts(self, served):
        await served.create()
        await served.list()
        [create] = await served.ask("GET", "/calls?call=createCluster")
        [look] = await served.ask("GET", f"/calls?since={create['seq']}")
        assert (create["effect"], look["call"]) == ("created", "list")
        assert await served.ask("GET", "/calls?last=1") == [look]
        assert await served.ask("GET", "/calls?last=5") == [create, look]
        assert await served.ask("GET", f"/calls?last=5&since={look['seq']}") == []
        assert await served.ask("GET", "/counts") == {
            "createCluster": {"calls": 1, "effects": 1},
            "list": {"calls": 1, "effects": 0},
        }
        assert [job["cluster_ids"] for job in await served.ask("GET", "/jobs")] == [create["ids"]]

    async def test_faults(self, served):
        rule = {"fault": {"kind": "late", "seconds": 5, "answer": "held"}, "call": "list", "nth": 2, "count": None}
        assert await served.ask("POST", "/faults", rule) == {"rule_id": "f-1"}
        [listed] = await served.ask("GET", "/faults")
        assert listed | rule == listed
        await served.ask("DELETE", "/faults?rule_id=f-1")
        assert await served.ask("GET", "/faults") == []

    @pytest.mark.parametrize(
        ("request_line", "fields", "status", "word"),
        [
            pytest.param("POST /faults", {"fault": {"kind": "x"}}, 400, "lost-before", id="names the kinds"),
            pytest.param("POST /faults", {"fault": {"kind": "late", "secs": 1}}, 400, "secs", id="unknown field"),
            pytest.param("POST /faults", {"fault": {"kind": "hold"}, "cal": 1}, 400, "cal", id="unknown rule field"),
            pytest.param("POST /faults", {"fault": {"kind": "hold"}, "nth": "x"}, 400, "nth", id="wrong type"),
            pytest.param("POST /faults", [], 400, "object", id="not an object"),
            pytest.param("PATCH /settings", {"list_lagg": 1}, 400, "list_lagg", id="unknown setting"),
            pytest.param("PATCH /settings", {"list_shape": "round"}, 400, "list_shape", id="impossible value"),
            pytest.param("POST /clusters/ehpc-x", {}, 404, "ehpc-x", id="no such cluster"),
            pytest.param("POST /clusters", {"key": "x"}, 404, "x", id="no such key"),
            pytest.param("POST /accounts", {"name": "x"}, 400, "name", id="unknown account field"),
        ],
    )
    async def test_bad_bodies(self, served, request_line, fields, status, word):
        assert word in str((await served.ask(*request_line.split(), fields, status))["error"])

    async def test_settings(self, served):
        changed = await served.ask("PATCH", "/settings", {"list_lag": 30})
        assert changed["list_lag"] == 30
        assert await served.ask("GET", "/settings") == changed
        await served.create()
        assert json.loads((await served.list())[1])["total_count"] == 0

    async def test_persons(self, served):
        made = await served.ask("POST", "/clusters", {"name": "theirs", "status": "active"})
        await served.ask("POST", f"/clusters/{made['cluster_id']}", {"name": "renamed"})
        assert json.loads((await served.list())[1])["cluster_set"][0]["cluster_name"] == "renamed"
        await served.ask("POST", f"/clusters/{made['cluster_id']}", {"delete": "at-once"})
        assert await served.ask("GET", "/clusters") == {"clusters": [], "gone": [made["cluster_id"]]}

    async def test_persons_change_nodes_and_power(self, served):
        made = await served.ask("POST", "/clusters", {"status": "active", "compute": 2})
        path = f"/clusters/{made['cluster_id']}"

        async def truth():
            return (await served.ask("GET", "/clusters"))["clusters"][0]

        await served.ask("POST", path, {"add_nodes": {"count": 2}, "job_counts": {"running": 3}})
        cluster = await truth()
        assert (len(cluster["nodes"]), cluster["job_counts"]) == (6, {"running": 3})
        gone = cluster["nodes"][-1]["node_id"]
        await served.ask("POST", path, {"remove_nodes": [gone], "resize": {"role": "login", "cpu": 8, "memory": 4096}})
        cluster = await truth()
        assert gone not in [node["node_id"] for node in cluster["nodes"]]
        assert cluster["nodes"][0]["cpu"] == 8
        await served.ask("POST", path, {"power": "suspend", "by": "job"})
        assert (await truth())["doing"] == "suspending"
        served.caller.wait(60)
        assert ((await truth())["status"], (await truth())["doing"]) == ("suspended", "")
        for wish, word in (
            ({"add_nodes": {"role": "gpu"}}, "controller"),
            ({"add_nodes": {"number": 1}}, "number"),
            ({"job_counts": {"lost": 1}}, "running"),
            ({"resize": {"role": "login"}}, "cpu"),
            ({"remove_nodes": ["cln-none"]}, "cln-none"),
            ({"power": "off"}, "suspend"),
        ):
            assert word in str((await served.ask("POST", path, wish, 400))["error"])

    async def test_copies(self, served):
        await served.create()
        served.caller.wait(1000)
        [model] = (await served.ask("GET", "/clusters"))["clusters"]
        path = f"/clusters/{model['cluster_id']}/copies"
        [made] = await served.ask("POST", path, {"copies": [{"name": "copy", "description": "d"}], "apart": 5})
        job = next(job for job in await served.ask("GET", "/jobs") if job["job_id"] == made["job_id"])
        assert (job["cluster_ids"], job["ended"], job["ends"]) == ([made["cluster_id"]], True, served.now + 355)
        assert made["create_time"] == "2023-11-14T22:13:15Z"
        assert "apart" in str((await served.ask("POST", path, {"copies": [], "apart": "x"}, 400))["error"])
        assert "ehpc-x" in (await served.ask("POST", "/clusters/ehpc-x/copies", {"copies": []}, 404))["error"]

    async def test_accounts(self, served):
        await served.ask("POST", "/accounts", {"key": "K", "secret": "S", "owner": "usr-b"})
        await served.ask("POST", "/accounts", {"key": "K", "arrears": True})
        accounts = await served.ask("GET", "/accounts")
        assert [(account["owner"], account["arrears"]) for account in accounts] == [(PERSON, False), ("usr-b", True)]
        assert "secret" not in accounts[0]

    async def test_help_names_every_route(self, served):
        text = await served.ask("GET", "/")
        for route in ("/calls", "/counts", "/clusters/{id}", "/held", "/release", "/faults", "/settings", "/accounts"):
            assert route in text


OPERATOR = str(Path(__file__).parents[3] / "operator")


def started(*flags):
    environment = {**os.environ, "PYTHONPATH": OPERATOR}  # noqa: TID251  # a real process needs the real environment
    process = subprocess.Popen(
        [sys.executable, "-m", "hpc_simulator", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    return process, process.stdout.readline()


async def test_the_process_survives_a_kill_and_ends_at_once_on_sigterm(tmp_path):
    flags = ("--state", str(tmp_path / "state.json"), "--set", "request_lifetime=1e12")
    process, line = started(*flags)
    try:
        addresses = json.loads(line)
        async with aiohttp.ClientSession() as session:
            served = Served(
                session, *(addresses[name].split(":")[2].split("/")[0] for name in ("listening", "control"))
            )
            created = json.loads((await served.create())[1])["hpc_cluster_id"]
        process.kill()
        process.wait()
        process.stdout.close(), process.stderr.close()
        process, line = started(*flags)
        addresses = json.loads(line)
        async with aiohttp.ClientSession() as session:
            served = Served(
                session, *(addresses[name].split(":")[2].split("/")[0] for name in ("listening", "control"))
            )
            truth = await served.ask("GET", "/clusters")
            assert [cluster["cluster_id"] for cluster in truth["clusters"]] == [created]
            assert (await served.ask("GET", "/counts"))["createCluster"] == {"calls": 1, "effects": 1}
            await served.fault("hold")
            asking = asyncio.create_task(served.list())
            await served.held()
            process.send_signal(signal.SIGTERM)
            with pytest.raises(aiohttp.ClientError):
                await asking
        assert await asyncio.to_thread(process.wait) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close(), process.stderr.close()


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--set", "list_lagg=1"), b"list_lagg"),
        (("--set", "list_lag"), b"NAME=VALUE"),
        (("--host", "203.0.113.1"), b"cannot start"),
    ],
)
def test_it_says_why_it_cannot_start(flags, word):
    process, line = started(*flags)
    _, errors = process.communicate()
    assert (process.returncode, line) == (2, b"")
    assert word in errors
