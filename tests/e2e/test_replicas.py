"""Two replicas: one acts, the other stands by; the Lease is handed over, or runs out, and never do both act.

That a hand-over needs no expiry is proved without a clock: the Lease lasts longer than any patience here, and the next
process says that it was released. How long it takes is printed by `make chaos ONLY=rolling-update`.
"""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stage import Seen, Stage, until
from stage.blows import LEASE, creating
from stage.manifests import ehpc
from stage.replicas import Replica, Replicas

from local_control_plane import ControlPlane

CREATIONS = 40
"""Under each blow once; `make chaos ONLY=replicas` makes 100 under each three times, with three seeds."""
SEED = 20264


def how(replica: Replica) -> str:
    """How it came to the Lease, as its log says once the Lease is written."""

    def said() -> str | None:
        return next((line["lease"] for line in replica.process.log() if "holds the Lease" in line["message"]), None)

    return str(until("it says how it came to the Lease", said))


def has_looked(stage: Stage, replica: Replica) -> None:
    pid = f"1.1 {replica.process.pid}"
    until("the new leader has looked", lambda: [each for each in stage.cloud.calls("list") if each["via"] == pid])


def test_the_lease_is_handed_over_when_what_was_sent_is_written(stage: Stage) -> None:
    with Replicas(stage, LEASE_DURATION="120") as replicas:
        first = replicas.leader()
        second = replicas.standby(first)
        code, told = second.process.probe("/readyz")
        assert code == 200
        assert told.startswith(f"standby: the Lease is held by {socket.gethostname()}_{first.process.pid}_")
        stage.cloud.fault("hold", "createCluster")
        stage.kube.create(ehpc("busy"))
        until("the create is held", lambda: stage.cloud.ask("GET", "/held"))
        first.process.terminate()
        until("it stops", lambda: first.process.probe("/readyz")[1].strip() == "stopping")
        asked = len(second.to_kube.log)
        until("the other asked again", lambda: len(lease_reads(second.to_kube.log[asked:])) > 2)
        assert replicas.terms.holder() == first.process.pid, "not while a call is in flight"
        stage.cloud.ask("POST", "/release", {})
        assert replicas.leader(but=first) is second
        assert how(second) == "released"
        seen = list(first.to_kube.log)
        written = next(each.number for each in seen if (status(each) or {}).get("hpc_cluster_id"))
        given_back = next(each.number for each in seen if each.method == "PUT" and not holder(each))
        assert written < given_back
        has_looked(stage, second)
        stage.wait_ready("busy")
        assert stage.cloud.count("createCluster") == (1, 1)
        assert first.process.wait() == 0

        replicas.start_again(first)  # and back, with nothing in flight
        replicas.standby(second)
        second.process.terminate()
        assert replicas.leader(but=second) is first
        assert how(first) == "released"
        has_looked(stage, first)
        assert second.process.wait() == 0
        assert [term.number for term in replicas.terms.terms] == [0, 1, 2]
        assert replicas.two_at_once() == []


def status(seen: Seen) -> dict[str, Any] | None:
    return seen.body.get("status") if isinstance(seen.body, dict) and seen.path.endswith("/status") else None


def holder(seen: Seen) -> str:
    """The holder that a write of the Lease names; something else for every other request."""
    return str(seen.body["spec"].get("holderIdentity", "")) if "/leases/" in seen.path and seen.body else "other"


def lease_reads(log: list[Seen]) -> list[Seen]:
    return [each for each in log if each.method == "GET" and "/leases/" in each.path]


@pytest.mark.slow
def test_creations_while_the_leader_is_struck_at_random(
    control_plane: ControlPlane, namespace: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    names = [f"one-of-{number:03}" for number in range(CREATIONS)]
    with (
        Stage(control_plane, namespace, tmp_path, list_lag=1.0, log_lag=1.5) as stage,
        Replicas(stage, LEASE_DURATION=LEASE) as replicas,
    ):
        struck = creating(stage, replicas, SEED, names, of_each=1)
        ids = sorted(each["status"]["hpc_cluster_id"] for each in stage.kube.clusters())
        calls, effects = stage.cloud.count("createCluster")
        terms = {term.pid: term for term in replicas.terms.terms}
        tell(
            f"two replicas, {len(struck)} blows to the leader, {len(terms)} terms of the Lease; "
            f"{CREATIONS} creations, {calls} creates, {effects} effects"
        )
        assert sorted(each["cluster_id"] for each in stage.cloud.clusters()) == ids
        assert (len(set(ids)), effects, stage.cloud.gone()) == (CREATIONS, CREATIONS, [])
        assert replicas.two_at_once() == []
        for blow, pid in struck:
            assert (terms[pid].released is not None) == blow.gives_back, blow.name
