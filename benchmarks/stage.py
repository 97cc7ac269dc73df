"""The ground that is measured on: one genuine API server with its audit log, and scenes of simulator and operator.

Built from the end-to-end stage, without its proxies: nothing may stand between the operator and what it calls. The
operator runs with its own defaults, and only what a row names is changed. Rows import it.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from prometheus_client.parser import text_string_to_metric_families
from stage.kube import GROUP, Kube
from stage.manifests import CRD
from stage.operators import KEY, Operator
from stage.simulator import Simulator
from stage.waiting import until

from benchmarks.audit import Audit, Request
from benchmarks.sizes import Size
from local_control_plane import ControlPlane, Program

AGENT = "hpc-operator"
"""What the operator calls itself in its requests."""
FLEET = "bench"
"""The operator's setting: what every mark of a scene is derived from."""
NEVER = 86_400.0
"""Seconds of a create that does not end while anything is measured."""
_PATIENCE = 600.0
_QUIET = 0.2


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in time from which things are counted: in the audit log, in the simulator, in the operator."""

    audit: int
    call: int
    passes: int


class Scene:
    """A namespace of its own, a simulator, and the operators that serve it. Use it in a `with` statement."""

    def __init__(self, ground: "Ground", name: str, create: float) -> None:
        self._ground, self.namespace, self._create = ground, name, create
        self.folder = ground.folder / name
        self._stack = ExitStack()
        self._runs = count(1)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        self._ground.server.kubectl("create", "namespace", self.namespace)
        with ExitStack() as stack:
            self.kube = Kube(self._ground.server, self.namespace)
            stack.callback(self.kube.close)
            self.cloud = Simulator(self.folder, create=self._create, keep=False)
            stack.callback(self.cloud.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def operator(self, **changed: str) -> Operator:
        """Start an operator, with its defaults but for `changed`; returned when it leads."""
        settings = {
            "FLEET": FLEET,
            "ENDPOINT": self.cloud.endpoint,
            "KUBECONFIG": str(self._ground.server.kubeconfig),
            "NAMESPACES": self.namespace,
            "LEASE_NAMESPACE": self.namespace,
            "LISTEN_ADDRESS": "127.0.0.1",
            "LISTEN_PORT": "0",
            "QUOTA": "1000000",
            **KEY,
            **changed,
        }
        made = Operator(self.folder / f"operator-{next(self._runs)}.log", settings)
        self._stack.callback(made.stop)
        until("the operator leads", made.leads, pause=0.02)
        return made

    def program(self, module: str, ready: str) -> Program:
        """Start another program of ours, which is told where to work; returned when it has said `ready`."""
        where = ("--namespace", self.namespace, "--endpoint", self.cloud.endpoint)
        reached = {"KUBECONFIG": str(self._ground.server.kubeconfig)}
        log = self.folder / f"{module.rpartition('.')[2]}-{next(self._runs)}.log"
        made = Program([sys.executable, "-m", module, *where], log, environment={**os.environ, **reached})
        self._stack.callback(made.stop)
        until(f"{module} says: {ready}", lambda: ready in made.output() or None, pause=0.02)
        return made

    def mark(self, operator: Operator | None = None) -> Mark:
        """Count from now on."""
        return Mark(self._ground.audit.end(), self.cloud.last_call(), passes(operator) if operator else 0)

    def asked(self, mark: Mark, agent: str | None = AGENT) -> list[Request]:
        """What the API server was asked about this namespace since then; by anybody with None."""
        return self._ground.audit.since(mark.audit, self.namespace, agent)

    def calls(self, mark: Mark) -> dict[str, int]:
        """Calls of the HPC API since then, by name."""
        found: dict[str, int] = {}
        for call in self.cloud.calls(since=mark.call):
            found[call["call"]] = found.get(call["call"], 0) + 1
        return dict(sorted(found.items()))


class Ground:
    """The shared API server; `folder` holds every log."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self.audit = Audit(folder)
        self.server = ControlPlane(apiserver_flags=self.audit.flags)
        self._scenes = count(1)

    def __enter__(self) -> Self:
        self.server.start()
        try:
            self.server.kubectl("apply", "--server-side", "-f", str(CRD))
            # `kubectl wait` fails at once while the new CRD has no conditions at all.
            until(
                "the CRD is served",
                lambda: "hpcclusters" in self.server.kubectl("get", "--raw", GROUP, check=False) or None,
            )
        except BaseException:
            self.server.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def scene(self, name: str, *, create: float = NEVER) -> Scene:
        """A fresh scene; a create takes `create` seconds in its simulator."""
        return Scene(self, f"{name}-{next(self._scenes)}", create)


def passes(operator: Operator) -> int:
    """How many passes it has made."""
    return int(metrics(operator)["hpc_operator_pass_duration_seconds_count"])


def metrics(operator: Operator) -> Mapping[str, float]:
    """Its metrics by sample name, summed over their labels."""
    found: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(operator.probe("/metrics")[1]):
        for sample in family.samples:
            found[sample.name] += sample.value
    return found


def quiet(operator: Operator) -> None:
    """Return when it has made no pass for a moment."""
    seen = [-1]

    def still() -> bool | None:
        seen.append(passes(operator))
        return seen[-1] == seen[-2] or None

    until("the operator is quiet", still, deadline=_PATIENCE, pause=_QUIET)
