"""What survives a restart."""

import pytest
from simulator_caller import Caller, Clock, create_fields

from hpc_simulator import Account, Settings
from hpc_simulator import faults as f
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
