"""What survives a restart."""

import json
from dataclasses import asdict

import pytest
from simulator_caller import Caller, Clock, create_fields

from hpc_simulator import Account, Settings
from hpc_simulator import faults as f
from hpc_simulator.outside import Change
from hpc_simulator.state import StateFile


class Kept(Caller):
    """A caller whose cloud is written down after each call, and can be started anew."""

    def __init__(self, path, **settings):
        super().__init__()
        self.path = path
        self.settings = Settings(**settings)
        self.restart()

    def restart(self):
        self.file = StateFile(self.path)
        self.cloud = self.file.open(self.clock, self.settings, Account(), "seed")
        return self

    def raw(self, *args, **kwargs):
        reply = super().raw(*args, **kwargs)
        self.file.keep(self.cloud)
        return reply


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path / "state.json")


def test_everything_true_survives(kept):
    one = kept.standing("one")
    kept.modify(one, cluster_name="new", description="words")
    kept.create("two")
    kept.delete(one)
    before = (kept.list(), kept.log(), kept.cloud.clusters(), kept.cloud.counts(), kept.cloud.calls)
    assert kept.restart().cloud.calls == before[4]
    assert kept.cloud.counts() == before[3]
    assert (kept.list(), kept.log(), kept.cloud.clusters()) == before[:3]


def test_nodes_survive_and_their_jobs_go_on(kept):
    kept.settings = Settings(list_lag=30.0)
    kept.restart()
    one = kept.standing()
    kept.add(one, 2)
    kept.remove(one, kept.wait(90).nodes(one, "compute")[0]["node_id"])
    kept.cloud.change_cluster(one, Change(job_counts={"running": 2}, unhealthy=(kept.nodes(one)[0]["node_id"],)))
    kept.file.keep(kept.cloud)
    kept.wait(100)
    before = kept.nodes(one), kept.list(), kept.cloud.clusters(), kept.cloud.world.jobs
    assert [len(node["past"]) > 0 for node in map(asdict, before[2][0].nodes)].count(True) > 0
    assert (kept.restart().nodes(one), kept.list(), kept.cloud.clusters(), kept.cloud.world.jobs) == before
    assert len(kept.wait(30).restart().nodes(one, "compute")) == 3
    kept.power("stopCluster", one)
    kept.wait(1000).restart()
    assert {node["status"] for node in kept.nodes(one)} == {"stopped"}


def test_a_file_of_before_there_were_changes_of_nodes(kept):
    one = kept.standing()
    before = kept.nodes(one), kept.list()
    kept.file.keep(kept.cloud)
    document = json.loads(kept.path.read_text())
    for cluster in document["world"]["clusters"].values():
        for name in ("departed", "nodes_changed", "doing", "job_counts"):
            del cluster[name]
        old = ("node_id", "role", "cpu", "memory", "name", "private_ip")
        cluster["nodes"] = [{name: node[name] for name in old} for node in cluster["nodes"]]
    for job in document["world"]["jobs"].values():
        for name in ("node_ids", "role", "cpu", "memory"):
            del job[name]
    kept.path.write_text(json.dumps(document))
    assert (kept.restart().nodes(one), kept.list()) == before
    assert kept.add(one)["ret_code"] == 0
    assert len(kept.wait(90).nodes(one)) == 5


def test_jobs_go_on_while_it_is_down(kept):
    cluster_id = kept.create()["hpc_cluster_id"]
    kept.wait(1000).restart()
    assert kept.list()["cluster_set"][0]["cluster_status"] == "active"
    kept.delete(cluster_id)
    kept.wait(1000).restart()
    assert kept.cloud.clusters() == []


def test_late_requests_arrive_while_it_is_down(kept):
    kept.cloud.add_fault(f.Late(30), "createCluster")
    kept.raw("POST", "/api/cluster/createCluster", {}, {"name": "\u96c6"})
    kept.cloud.add_fault(f.Late(30), "createCluster")
    kept.raw("POST", "/api/cluster/createCluster", {}, create_fields())
    kept.wait(300).restart()
    [cluster] = kept.cloud.clusters()
    assert cluster.began == kept.clock.now - 270
    assert [record.ret_code for record in kept.cloud.calls if record.late] == [1101, 0]


def test_ids_are_never_given_twice(kept):
    ids = {kept.restart().create()["hpc_cluster_id"] for _ in range(5)}
    assert len(ids) == 5


def test_the_quota_is_remembered(tmp_path):
    kept = Kept(tmp_path / "state.json", call_quota=2)
    kept.list()
    kept.restart().list()
    assert kept.restart().list()["ret_code"] == 2500


def test_added_accounts_survive_and_the_flags_account_is_renewed(kept):
    kept.cloud.add_account(Account(key="OTHER", owner="usr-b"))
    kept.file.keep(kept.cloud)
    assert set(kept.restart().cloud.world.accounts) == {"OTHER", Account().key}
    kept.account = Account(key="OTHER", owner="usr-b")
    assert kept.list(owner="usr-b")["ret_code"] == 0


def test_killed_between_the_two_files(kept):
    """The world is written, the log's line is not: the world's file knows the last call."""
    kept.create()
    calls = kept.path.with_name("state.json.calls")
    calls.write_bytes(b"")
    assert [record.effect for record in kept.restart().cloud.calls] == ["created"]
    assert [record.effect for record in kept.restart().cloud.calls] == ["created"], "mended in the file"


def test_a_torn_line_is_cut_off(kept):
    kept.list()
    calls = kept.path.with_name("state.json.calls")
    calls.write_bytes(calls.read_bytes() + b'{"seq": 2, "ti')
    assert len(kept.restart().cloud.calls) == 1
    kept.list()
    assert [record.seq for record in kept.restart().cloud.calls] == [1, 2]


def test_looks_do_not_rewrite_the_world(kept):
    kept.create()
    before = kept.path.stat().st_mtime_ns, kept.path.stat().st_ino
    kept.list()
    assert (kept.path.stat().st_mtime_ns, kept.path.stat().st_ino) == before


def test_a_damaged_file_is_not_overwritten(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="Invalid JSON"):
        StateFile(path).open(Clock(), Settings(), Account(), "")
    assert path.read_text() == "{"
