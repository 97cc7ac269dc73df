"""The main job from nothing, on this machine: control plane, simulator, operator, a manifest applied, id and job read.

`make demo` runs it. In a terminal everything stays up until Ctrl-C; without one the cluster is deleted again and the
exit code tells whether all of it worked. Nothing is left running either way.
"""

import json
import os
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from rich.console import Console

from local_control_plane import ControlPlane, LocalControlPlaneError, Program

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "examples/ehpc-minimal.yaml"
NAME = "ehpc-minimal"
DEADLINE = 120.0
TIME_FACTOR = "0.03"  # a create takes 360 s on the platform, here 11
SHORT = {  # the window of doubt, small enough to watch; the simulator's lifetime of a request is set alike
    "SEND_DEADLINE": "3",
    "REQUEST_LIFETIME": "5",
    "CLOCK_SKEW": "2",
    "VISIBILITY_LAG": "2",
    "POLL": "0.5",
    "STALENESS": "2",
    "RETRY_BASE": "1",
    "QUOTA": "100000",  # a look every two seconds takes more than 2000 calls an hour: none would be left for nodes
}
console = Console(highlight=False)
T = TypeVar("T")


class DemoError(Exception):
    """A step did not succeed; the message says which, and where to read on."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class Stage:
    """The running parts. `folder` holds their logs."""

    def __init__(self, server: ControlPlane, folder: Path, stack: ExitStack) -> None:
        self.server, self.folder, self._stack = server, folder, stack
        self.control = ""
        self.operator: Program | None = None

    def start_simulator(self) -> str:
        """The HPC API on a free port; answers its endpoint."""
        program = self._program(
            "simulator",
            "hpc-simulator",
            *("--state", str(self.folder / "cloud.json"), "--time-factor", TIME_FACTOR),
            *("--set", f"request_lifetime={SHORT['REQUEST_LIFETIME']}"),
            *("--set", f"call_quota={SHORT['QUOTA']}"),
        )
        line = self.wait_for("the simulator", lambda: _first_json(program.output()), program)
        self.control = line["control"]
        return str(line["listening"])

    def start_operator(self, endpoint: str) -> None:
        """The operator as a process of its own, with short durations."""
        settings = {
            "FLEET": "demo",
            "ENDPOINT": endpoint,
            "KUBECONFIG": str(self.server.kubeconfig),
            "ACCESS_KEY_ID": "SIMULATOR-ACCESS-KEY",
            "SECRET_ACCESS_KEY": "simulator-secret-for-tests-only",
            "OWNER": "usr-simulator",
            "ZONE": "jn1a",
            "LISTEN_ADDRESS": "127.0.0.1",
            "LISTEN_PORT": "0",
            **SHORT,
        }
        mine = {f"HPC_OPERATOR_{name}": value for name, value in settings.items()}
        environment = {**os.environ, **mine}
        self._for_a_shell(mine)
        program = self.operator = self._program("operator", "hpc-operator", "run", environment=environment)
        self.wait_for("the operator", lambda: "holds the Lease" in program.output() or None, program)

    def _for_a_shell(self, settings: dict[str, str]) -> None:
        """`shell` in the folder, to be sourced: kubectl, hpc-operator, and the settings that doctor needs as well."""
        path = f"{Path(sys.executable).parent}:{self.server.binary('kubectl').parent}:$PATH"
        lines = {"KUBECONFIG": str(self.server.kubeconfig), "PATH": path, **settings}
        (self.folder / "shell").write_text("".join(f"export {name}={value}\n" for name, value in lines.items()))

    def status(self) -> dict[str, Any]:
        """`.status` of the demo's resource; empty when it is gone."""
        text = self.server.kubectl("get", "hpccluster", NAME, "-o", "json", "--ignore-not-found")
        status: dict[str, Any] = json.loads(text).get("status", {}) if text.strip() else {}
        return status

    def wait_for(self, what: str, probe: Callable[[], T | None], program: Program | None = None) -> T:
        """Ask until there is an answer. DemoError after two minutes, or when a program ended meanwhile."""
        deadline = time.monotonic() + DEADLINE
        while True:
            if (answer := probe()) is not None:
                return answer
            for each in filter(None, (program, self.operator)):
                if each.poll() is not None:
                    raise DemoError(f"{each.command[0]} ended by itself:\n{each.tail()}")
            if time.monotonic() > deadline:
                raise DemoError(f"{what}: nothing within {DEADLINE:.0f} s; the logs are in {self.folder}")
            time.sleep(0.2)

    def _program(self, name: str, script: str, *arguments: str, environment: dict[str, str] | None = None) -> Program:
        command = [str(Path(sys.executable).with_name(script)), *arguments]
        program = Program(command, self.folder / f"{name}.log", environment=environment or dict(os.environ))
        self._stack.callback(program.stop)
        return program


def _first_json(output: str) -> dict[str, str] | None:
    for line in output.splitlines():
        if line.startswith("{") and "listening" in line:
            answer: dict[str, str] = json.loads(line)
            return answer
    return None


@contextmanager
def step(title: str) -> Iterator[None]:
    """One line for each step: what is being done, then how long it took."""
    began = time.monotonic()
    with console.status(f"{title} …"):
        yield
    console.print(f"  [green]✓[/] {title} [dim]({time.monotonic() - began:.1f} s)[/]")


def shell(stage: Stage, *arguments: str) -> None:
    """Show a kubectl command and what it prints."""
    console.print(f"[bold]$ kubectl {' '.join(arguments)}[/]")
    console.print(stage.server.kubectl(*arguments).rstrip(), markup=False)


def _report(status: dict[str, Any]) -> list[str]:
    ready: dict[str, str] = next((c for c in status.get("conditions", []) if c["type"] == "Ready"), {})
    facts = {
        "reason": ready.get("reason"),
        "cluster_status": status.get("cluster_status"),
        "hpc_cluster_id": status.get("hpc_cluster_id"),
        "job_id": status.get("job_id"),
    }
    return [f"{name}: {value}" for name, value in facts.items() if value]


def watch_until_ready(stage: Stage) -> None:
    """Print each change of the status as it happens, until Ready."""
    told: set[str] = set()

    def look() -> bool | None:
        status = stage.status()
        for line in _report(status):
            if line not in told:
                told.add(line)
                console.print(f"  {line}")
        return True if "reason: Ready" in told else None

    stage.wait_for("Ready", look)


def play(stage: Stage) -> None:
    """The main job."""
    with step("simulator of the HPC API"):
        endpoint = stage.start_simulator()
    with step("HpcCluster CRD and the operator's namespace"):
        stage.server.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
        stage.server.kubectl("create", "namespace", "hpc-operator")
    with step("operator"):
        stage.start_operator(endpoint)
    shell(stage, "apply", "-f", MANIFEST)
    watch_until_ready(stage)
    shell(stage, "get", "hpcclusters")
    shell(stage, "wait", "--for=condition=Ready", f"hpccluster/{NAME}", "--timeout=60s")


def stay(stage: Stage) -> None:
    """In a terminal: tell what to try, and wait for Ctrl-C."""
    console.print(f"\nTry next, in another shell:\n  cd {ROOT}", soft_wrap=True)
    for line in (
        f"source {stage.folder}/shell",
        f"hpc-operator status {NAME}",
        "hpc-operator doctor",
        f"kubectl get hpccluster {NAME} -o yaml",
        f"kubectl get events --field-selector involvedObject.name={NAME}",
        f"kubectl get secret {NAME}-admin",
        "kubectl apply -f examples/hpc-minimal.yaml",
        f"kubectl delete hpccluster {NAME}",
        f"curl {stage.control}/counts        # what the simulator was asked, and with what effect",
        f"tail -f {stage.folder}/operator.log",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print("\nCtrl-C ends everything.")
    while True:
        stage.server.check_running()
        time.sleep(1.0)


def clean_up(stage: Stage) -> None:
    """Without a terminal: delete the cluster and show that none is left."""
    shell(stage, "delete", "-f", MANIFEST, "--timeout=120s")
    with urllib.request.urlopen(f"{stage.control}/clusters") as answer:
        left = [cluster["cluster_id"] for cluster in json.load(answer)["clusters"]]
    console.print(f"$ curl {stage.control}/clusters\nclusters left in the simulator: {len(left)}", markup=False)
    if left:
        raise DemoError(f"clusters are left: {', '.join(left)}")


def main() -> int:
    """Exit code: 0 when all of it worked."""
    began = time.monotonic()
    os.chdir(ROOT)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal leaves nothing behind either
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hpc-demo-")))
            with step("control plane (etcd, kube-apiserver)"):
                server = stack.enter_context(ControlPlane())
            stage = Stage(server, folder, stack)
            play(stage)
            console.print(f"[dim]{time.monotonic() - began:.0f} s from nothing to Ready[/]")
            if sys.stdout.isatty():
                stay(stage)
            clean_up(stage)
    except KeyboardInterrupt:
        console.print("ended")
    except (DemoError, LocalControlPlaneError) as error:
        console.print(f"[red]demo:[/] {error}", markup=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
