"""The local control plane itself: it is genuine, it is its owner's alone, and nothing of it outlives its owner."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from e2e.processes import (
    is_running,
    processes_naming,
    start_python,
    wait_until_ended,
    wait_until_there,
)
from local_control_plane import ControlPlane, FolderInUseError, KubectlError, StartError, versions
from local_control_plane.binaries import KUBERNETES
from local_control_plane.endpoint import HOST, free_ports
from local_control_plane.folders import Folder, claim_named, claim_temporary
from local_control_plane.places import user_places

pytestmark = pytest.mark.slow

OWNER = """
import sys, threading
from pathlib import Path
from local_control_plane import ControlPlane
with ControlPlane(Path(sys.argv[1])) as server:
    print(*server.pids.values(), flush=True)
    threading.Event().wait()
"""


TEMPORARY = """
import sys, threading
from pathlib import Path
from local_control_plane.folders import claim_temporary
print(claim_temporary(Path(sys.argv[1])).path, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Another process that owns a ready server in a named folder."""
    folder = tmp_path / "server"
    with start_python("-c", OWNER, folder) as process:
        yield process, folder
        process.kill()


def test_kubectl_reaches_the_server(control_plane: ControlPlane, namespace: str) -> None:
    names = control_plane.kubectl("get", "namespaces", "-o", "name").split()
    assert {"namespace/default", f"namespace/{namespace}"} <= set(names)


@pytest.mark.skipif(
    "KUBEBUILDER_ASSETS" in os.environ and not versions.named(), reason="nothing says which Kubernetes the assets are"
)
def test_the_server_is_of_the_version_that_was_asked_for(control_plane: ControlPlane) -> None:
    pinned = versions.chosen(user_places()).version_of(KUBERNETES)
    said = json.loads(control_plane.kubectl("version", "--output=json"))
    assert (said["serverVersion"]["gitVersion"], said["clientVersion"]["gitVersion"]) == (pinned, pinned)


def test_another_token_is_refused(control_plane: ControlPlane, tmp_path: Path) -> None:
    other = control_plane.kubeconfig_for(tmp_path / "kubeconfig", "not-the-token")
    with pytest.raises(KubectlError, match="Unauthorized"):
        control_plane.kubectl("get", "namespaces", f"--kubeconfig={other}")


def test_a_service_account_has_its_own_rights_only(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> None:
    control_plane.kubectl("create", "serviceaccount", "reader", "-n", namespace)
    control_plane.kubectl("create", "role", "reader", "--verb=list", "--resource=secrets", "-n", namespace)
    control_plane.kubectl(
        "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader", "-n", namespace
    )
    mine = control_plane.kubeconfig_for(tmp_path / "k", control_plane.token_for(namespace, "reader"), namespace)
    assert control_plane.kubectl("get", "secrets", "-o", "name", f"--kubeconfig={mine}") == ""
    with pytest.raises(KubectlError, match="Forbidden"):
        control_plane.kubectl("get", "configmaps", f"--kubeconfig={mine}")


def test_two_at_once_are_strangers_and_stopping_leaves_nothing(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    with ControlPlane() as second:
        folder, pids = second.folder, second.pids
        assert second.url != control_plane.url
        assert namespace not in second.kubectl("get", "namespaces", "-o", "name")
        assert all(map(is_running, pids.values()))
        # The second server's kubeconfig, led to the first server's address as a port taken over would lead it.
        astray = tmp_path / "astray"
        astray.write_text(second.kubeconfig.read_text().replace(second.url, control_plane.url))
        with pytest.raises(KubectlError, match="certificate signed by unknown authority"):
            second.kubectl("get", "namespaces", f"--kubeconfig={astray}")
    assert not any(map(is_running, pids.values()))
    assert processes_naming(str(folder)) == []
    assert not folder.exists()
    control_plane.kubectl("get", "namespace", namespace)


def test_a_named_folder_keeps_its_data_and_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with ControlPlane(tmp_path / "kept") as first:
        first.kubectl("create", "configmap", "kept")
        token = first.kubeconfig.read_text()
        with pytest.raises(FolderInUseError, match=rf"process {os.getpid()}\) is running in {tmp_path}/kept"):
            ControlPlane(tmp_path / "kept").start()
        first.kubectl("get", "configmap", "kept")
        url = first.url
    with ControlPlane(tmp_path / "kept") as again:
        again.kubectl("get", "configmap", "kept")
        assert again.kubeconfig.read_text().replace(again.url, url) == token


def test_a_folder_with_something_else_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FolderInUseError, match="holds something else"):
        ControlPlane(tmp_path).start()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_failed_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    server = ControlPlane(tmp_path / "server", apiserver_flags=["--no-such-flag"])
    with pytest.raises(StartError, match=r"(?s)kube-apiserver ended by itself.*unknown flag: --no-such-flag"):
        server.start()
    assert processes_naming(str(tmp_path)) == []
    with pytest.raises(StartError, match="unknown flag"):  # not "in use": the folder was given up
        server.start()


def test_a_server_that_never_gets_ready_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="was not ready after 0 s"):
        ControlPlane(tmp_path / "server", start_timeout=0.0).start()
    assert processes_naming(str(tmp_path)) == []


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param(0, id="apiserver"),
        pytest.param(1, id="etcd"),
        pytest.param(2, id="etcd-peer"),
    ],
)
def test_a_port_lost_to_somebody_else_is_replaced(taken: int) -> None:
    with socket.create_server((HOST, 0)) as squatter:
        choices: list[Sequence[int]] = [free_ports(3)]
        lost = [*choices[0][:taken], squatter.getsockname()[1], *choices[0][taken + 1 :]]
        asked: list[int] = []

        def ports(count: int) -> Sequence[int]:
            asked.append(count)
            return lost if len(asked) == 1 else free_ports(count)

        with ControlPlane(ports=ports) as server:
            server.kubectl("get", "namespaces")
    assert asked == [3, 3]


def test_the_api_server_comes_back_after_a_crash() -> None:
    with ControlPlane() as server:
        server.kubectl("create", "configmap", "before")
        url, pids = server.url, server.pids
        server.kill_apiserver()
        assert not is_running(pids["kube-apiserver"])
        with pytest.raises(StartError, match=r"kube-apiserver ended by itself \(exit 137\)"):
            server.check_running()
        server.restart_apiserver()
        server.check_running()
        server.kubectl("get", "configmap", "before")
        assert (server.url, server.pids["etcd"]) == (url, pids["etcd"])


def test_a_snapshot_is_what_was_there_and_a_restore_goes_back_to_it(tmp_path: Path) -> None:
    with ControlPlane() as server:
        server.kubectl("create", "configmap", "before")
        snapshot, url = server.snapshot(tmp_path / "snapshot"), server.url
        server.kubectl("create", "configmap", "after")
        server.kubectl("delete", "configmap", "before")
        server.restore(snapshot)
        server.check_running()
        assert server.url == url
        names = server.kubectl("get", "configmaps", "-o", "name").split()
        assert "configmap/before" in names
        assert "configmap/after" not in names


def test_nothing_outlives_an_owner_killed_with_sigkill(owner: tuple["subprocess.Popen[str]", Path]) -> None:
    process, folder = owner
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(is_running, pids))
    process.kill()
    claim = claim_when_free(folder)
    assert not any(map(is_running, pids))  # free only when the last of them is gone
    claim.release()
    with ControlPlane(folder) as again:  # the data survived
        again.kubectl("get", "namespaces")


@retry(retry=retry_if_exception_type(FolderInUseError), wait=wait_fixed(0.01), stop=stop_after_delay(60))
def claim_when_free(folder: Path) -> Folder:
    return claim_named(folder)


def test_temporary_folders_of_killed_processes_are_removed_and_no_others(tmp_path: Path) -> None:
    living = claim_temporary(tmp_path)
    with start_python("-c", TEMPORARY, tmp_path) as killed:
        assert killed.stdout is not None
        abandoned = Path(killed.stdout.readline().strip())
        claim_temporary(tmp_path).release()
        assert abandoned.exists()
        killed.kill()
    next_one = claim_temporary(tmp_path)
    assert sorted(tmp_path.glob("*/")) == sorted([living.path, next_one.path])
    living.release()
    next_one.release()
    assert list(tmp_path.glob("*/")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_a_program_does_not_outlive_its_keeper(tmp_path: Path) -> None:
    with ControlPlane(tmp_path / "server") as server:
        (keeper,) = (line for line in processes_naming(f"{tmp_path}/server/etcd") if "keeper.py" in line)
        etcd = server.pids["etcd"]
        os.kill(int(keeper.split()[0]), signal.SIGKILL)
        wait_until_ended(etcd)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param("starting", signal.SIGINT, id="ctrl-c-while-starting"),
        pytest.param("ready", signal.SIGINT, id="ctrl-c-when-ready"),
        pytest.param("ready", signal.SIGTERM, id="sigterm-when-ready"),
    ],
)
def test_up_is_stopped_by_a_signal_at_any_moment(moment: str, number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    with start_python("-m", "local_control_plane", "up", "--dir", folder) as process:
        assert process.stdout is not None
        if moment == "starting":
            wait_until_there(folder / "logs" / "etcd.log")
        else:
            assert process.stdout.readline() == f"export KUBECONFIG={folder}/kubeconfig\n"
        process.send_signal(number)
        _, said = process.communicate()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Stopped; nothing is left running."
    assert processes_naming(str(folder)) == []


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        pytest.param(["path", "kubelet"], 1, "Error: unknown program 'kubelet'; known are etcd", id="unknown-program"),
        pytest.param(["build", "kubelet"], 1, "Error: unknown program 'kubelet'; known are etcd", id="unknown-build"),
        pytest.param(["up", "--dir", __file__], 1, "is not a folder", id="a-file-as-folder"),
        pytest.param(["fly"], 2, "No such command 'fly'", id="unknown-command"),
    ],
)
def test_the_command_line_refuses_in_sentences(arguments: list[str], status: int, words: str) -> None:
    with start_python("-m", "local_control_plane", *arguments) as process:
        _, said = process.communicate()
    assert (process.returncode, words in said, "Traceback" in said) == (status, True, False), said
