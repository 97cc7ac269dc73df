"""`make play`: a Kubernetes on this machine, until Ctrl-C, in which the chart can be installed; the HPC API beside it.

The servers and the controllers are genuine; Pods of the chart are run as processes by `node`, for there is no kubelet.
What a shell needs is written into a file to be sourced: the settings are those that docs/install.md has for an account.
"""

import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from local_control_plane import ControlPlane, LocalControlPlaneError
from stage.node import Node
from stage.operators import KEY
from stage.programs import script
from stage.simulator import Simulator

CONTROLLERS = [
    f"{name}-controller" for name in ("deployment", "replicaset", "serviceaccount", "namespace", "garbage-collector")
]
CREATE = 18.0
"""Seconds of a create, which takes six minutes on the platform."""


def exports(server: ControlPlane, cloud: Simulator) -> str:
    """What kubectl, helm, hpc-operator and the commands of docs/install.md need."""
    programs = [Path(script("hpc-operator")), server.binary("kubectl"), server.binary("helm")]
    path = ":".join([*dict.fromkeys(str(each.parent) for each in programs), "$PATH"])
    settings = {"FLEET": "production-eu", "ENDPOINT": cloud.endpoint, **KEY}
    lines = {"KUBECONFIG": str(server.kubeconfig), "PATH": path, "CONTROL": cloud.control}
    lines |= {f"HPC_OPERATOR_{name}": value for name, value in settings.items()}
    return "".join(f"export {name}={value}\n" for name, value in lines.items())


def play(stack: ExitStack) -> None:
    """Everything up, what to do told, and nothing done until somebody ends it."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hpc-play-")))
    sys.stderr.write("Starting etcd, kube-apiserver, controllers and the simulator …\n")
    server = stack.enter_context(ControlPlane(controllers=CONTROLLERS, tools=["helm"]))
    cloud = Simulator(folder, create=CREATE)
    stack.callback(cloud.stop)
    pods = folder / "pods"
    pods.mkdir()
    stack.enter_context(Node(server, pods))
    (folder / "shell").write_text(exports(server, cloud))
    sys.stdout.write(f"source {folder / 'shell'}\n")
    sys.stdout.flush()
    sys.stderr.write(
        'Ready: type the line above in another shell, then go on with docs/install.md, "On this machine".\n'
        f"Pods write into {pods}. Ctrl-C ends everything.\n"
    )
    never = threading.Event()
    while not never.wait(1.0):
        server.check_running()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Exit status: 0 when it was ended, 1 when something ended by itself."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            play(stack)
    except KeyboardInterrupt:
        sys.stderr.write("Ended; nothing is left running.\n")
    except LocalControlPlaneError as error:
        sys.stderr.write(f"play: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
