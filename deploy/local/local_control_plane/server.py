"""A genuine Kubernetes API server of one's own: etcd and kube-apiserver on free ports, gone when its owner is gone.

Tests, the demo and the command line import it, by `from local_control_plane import ControlPlane`. It knows nothing of
the operator: what is installed on the server is its users' business.
"""

import http.client
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local_control_plane import commands, endpoint
from local_control_plane.binaries import CORE, ensure
from local_control_plane.commands import Command, Layout, Ports
from local_control_plane.errors import KubectlError, LocalControlPlaneError, StartError
from local_control_plane.folders import Folder, claim_named, claim_temporary
from local_control_plane.identity import load_or_make
from local_control_plane.processes import Program

PORT_TAKEN = "address already in use"
ATTEMPTS = 5
POLL = 0.1
"""Seconds between two looks at a program that is starting."""


class ControlPlane:
    """A server to use in a `with` statement, or by `start` and `stop`.

    `folder`: keeps data and identity for a later start; None is a temporary one that `stop` removes.
    `controllers`: names of kube-controller-manager's controllers to run too, for instance `namespace-controller`.
    `controller_flags`: its further flags. `apiserver_flags`: further flags of kube-apiserver.
    `tools`: further programs to have at hand, for instance `helm`.
    `start_timeout`: seconds each program has to become ready. `ports`: who hands out free ports.

    It lives no longer than this process, however that ends. Not for use by several threads at once.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        controllers: Sequence[str] = (),
        controller_flags: Sequence[str] = (),
        apiserver_flags: Sequence[str] = (),
        tools: Sequence[str] = (),
        start_timeout: float = 120.0,
        ports: Callable[[int], Sequence[int]] = endpoint.free_ports,
    ) -> None:
        self._wanted_folder = folder
        self._controllers, self._controller_flags = controllers, controller_flags
        self._apiserver_flags, self._tools = apiserver_flags, tools
        self._start_timeout, self._choose_ports = start_timeout, ports
        self._folder: Folder | None = None
        self._layout: Layout | None = None
        self._programs: dict[str, Program] = {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Build what is missing, start, and return once the server is ready.

        BuildError, FolderInUseError, StartError; whatever happens on the way, nothing is left running.
        """
        if self._folder is not None:
            raise StartError("this control plane is running already")
        needed = [*CORE, *self._tools, *(["kube-controller-manager"] if self._controllers else [])]
        binaries = ensure(needed)
        wanted = self._wanted_folder
        self._folder = claim_named(wanted.absolute()) if wanted else claim_temporary()
        try:
            place = self._folder.path
            (place / "logs").mkdir(exist_ok=True)
            identity = load_or_make(place / "pki")
            self._start_on_free_ports(
                lambda ports: Layout(place, ports, binaries, identity, durable=wanted is not None)
            )
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop every program in order and give the folder up. Harmless when nothing runs."""
        self._stop_programs()
        if self._folder is not None:
            self._folder.release()
        self._folder = self._layout = None

    @property
    def folder(self) -> Path:
        """The server's folder: `kubeconfig`, `logs/`, `etcd/`, `pki/`."""
        return self._running_layout.folder

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; it trusts this server alone."""
        return self._running_layout.kubeconfig

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return self._running_layout.url

    def etcd(self, timeout: float = 60.0) -> http.client.HTTPSConnection:
        """A connection to etcd, for who wants to see or to put what the API server stores; close it."""
        layout = self._running_layout
        return endpoint.connected(layout.ports.etcd, layout.identity, timeout)

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the programs, by name."""
        return {name: program.pid for name, program in self._programs.items()}

    def binary(self, name: str) -> Path:
        """The path of a program this control plane was started with."""
        return self._running_layout.binaries[name]

    def environment(self) -> dict[str, str]:
        """This process's environment with KUBECONFIG for this server and its programs first on PATH."""
        layout = self._running_layout
        folders = dict.fromkeys(str(path.parent) for path in layout.binaries.values())
        path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
        # kubectl remembers by address what a server knows; another server may have had this address before.
        cache = str(layout.folder / "kubectl-cache")
        return {**os.environ, "KUBECONFIG": str(layout.kubeconfig), "KUBECACHEDIR": cache, "PATH": path}

    def kubectl(self, *arguments: str, input: str = "", check: bool = True) -> str:  # noqa: A002 - as in subprocess.run
        """Run kubectl as the administrator; its standard output. KubectlError on a refusal unless `check` is False."""
        command: list[str | Path] = [self.binary("kubectl"), *arguments]
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=False, env=self.environment())
        if check and done.returncode != 0:
            raise KubectlError(arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def token_for(self, namespace: str, service_account: str) -> str:
        """A token with exactly that ServiceAccount's rights, good for an hour."""
        return self.kubectl("create", "token", service_account, f"--namespace={namespace}").strip()

    def kubeconfig_for(self, path: Path, token: str, namespace: str = "default") -> Path:
        """Write a kubeconfig for the bearer of `token` to `path`."""
        path.touch(mode=0o600)
        path.write_text(self._running_layout.identity.kubeconfig(self.url, token, namespace))
        return path

    def kill_apiserver(self) -> None:
        """SIGKILL to kube-apiserver, as in a crash; etcd and the data stay."""
        self._programs["kube-apiserver"].kill()

    def restart_apiserver(self) -> None:
        """Start kube-apiserver again at the same address on the same data, stopping it before if it runs."""
        self._programs["kube-apiserver"].stop()
        self._start_apiserver()

    def snapshot(self, to: Path) -> Path:
        """Copy etcd's data to `to` while everything runs: what a crash at this moment would leave."""
        os.kill(self.pids["etcd"], signal.SIGSTOP)
        try:
            shutil.copytree(self.folder / "etcd", to)
        finally:
            os.kill(self.pids["etcd"], signal.SIGCONT)
        return to

    def restore(self, snapshot: Path) -> None:
        """Go back to a snapshot as an administrator does: stop all, put the data back, start at the same address."""
        self._stop_programs()
        shutil.rmtree(self.folder / "etcd")
        shutil.copytree(snapshot, self.folder / "etcd")
        self._start_everything()

    def check_running(self) -> None:
        """StartError with a program's last lines if one of them has ended by itself."""
        for name, program in self._programs.items():
            if program.poll() is not None:
                raise StartError(_obituary(name, program))

    @property
    def _running_layout(self) -> Layout:
        if self._layout is None:
            raise LocalControlPlaneError("the control plane is not running")
        return self._layout

    def _start_on_free_ports(self, layout: Callable[[Ports], Layout]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            self._layout = layout(Ports(*self._choose_ports(3)))
            try:
                self._start_everything()
            except StartError as failure:
                self._stop_programs()
                if PORT_TAKEN not in str(failure) or attempt == ATTEMPTS:
                    raise
            else:
                return

    def _start_everything(self) -> None:
        layout = self._running_layout
        self.kubeconfig_for(layout.kubeconfig, layout.identity.admin_token)
        self._launch("etcd", commands.etcd(layout))
        self._wait_for("etcd", layout.ports.etcd, "/health")
        self._start_apiserver()
        if self._controllers:
            self._launch(
                "kube-controller-manager", commands.controllers(layout, self._controllers, self._controller_flags)
            )

    def _start_apiserver(self) -> None:
        layout = self._running_layout
        self._launch("kube-apiserver", commands.apiserver(layout, self._apiserver_flags))
        self._wait_for("kube-apiserver", layout.ports.apiserver, "/readyz")
        # Readiness does not wait for the first namespace, without which nothing can be created in it.
        self._wait_for("kube-apiserver", layout.ports.apiserver, "/api/v1/namespaces/default")

    def _stop_programs(self) -> None:
        for name in reversed(list(self._programs)):
            self._programs[name].stop()
            del self._programs[name]

    def _launch(self, name: str, command: Command) -> None:
        layout, claims = self._running_layout, [self._folder.claim] if self._folder else []
        self._programs[name] = Program(command, layout.log(name), folder=layout.folder, hold=claims)

    def _wait_for(self, name: str, port: int, path: str) -> None:
        program, identity = self._programs[name], self._running_layout.identity
        deadline = time.monotonic() + self._start_timeout
        while True:
            status, answer = endpoint.ask(port, path, identity)
            if status == 200:
                return
            if program.wait(POLL) is not None:
                raise StartError(_obituary(name, program))
            if time.monotonic() > deadline:
                raise StartError(
                    f"{name} was not ready after {self._start_timeout:.0f} s; {path} said: {answer}\n{program.tail()}"
                )


def _obituary(name: str, program: Program) -> str:
    return f"{name} ended by itself (exit {program.poll()}). Its last lines:\n{program.tail()}"
