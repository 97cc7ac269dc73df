"""The whole stage: a namespace on a genuine API server, a simulator, proxies before both, and operators.

Every operator serves one namespace and holds its Lease there, so that tests on a shared server do not meet. It is the
ServiceAccount of the Helm chart and has the rights that the chart gives it, and no others: whatever it is refused ends
the test, unless the test says that it is meant.
"""

from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Self

from local_control_plane import ControlPlane
from outputs import Searched, as_outputs, findings
from stage import rights
from stage.chart import Scope
from stage.kube import Kube
from stage.manifests import CRD
from stage.operators import KEY, SHORT, Operator
from stage.proxy import Proxy
from stage.simulator import Simulator
from stage.waiting import until

SEARCHED = Searched()
"""What all stages of this process were searched for."""


class Stage:
    """Use it in a `with` statement. `simulator` are its settings; `crd` False: the server is left without the CRD.

    `cloud`: a simulator that runs already, of another stage; it is left running.
    `wide`: the operators may serve every namespace, as the chart has it by default, though they serve this one alone.
    """

    def __init__(
        self,
        server: ControlPlane,
        namespace: str,
        folder: Path,
        *,
        crd: bool = True,
        cloud: Simulator | None = None,
        wide: bool = False,
        **simulator: Any,
    ) -> None:
        self.server, self.namespace, self.folder, self.wide = server, namespace, folder, wide
        self._given = cloud
        self._crd, self._wanted = crd, {"request_lifetime": SHORT["REQUEST_LIFETIME"], **simulator}
        self._stack = ExitStack()
        self.operators: list[Operator] = []
        self._used: list[dict[str, str | None]] = []
        self._tokens: dict[Scope, str] = {}
        self._numbers = count(1)
        self.refusals_meant = False
        """Whether the test takes rights away, so that the operator is refused something."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._crd:
                self.server.kubectl("apply", "--server-side", "-f", str(CRD))
            self.kube = Kube(self.server, self.namespace)
            stack.callback(self.kube.close)
            self.cloud = self._given or Simulator(self.folder, **self._wanted)
            if self._given is None:
                stack.callback(self.cloud.stop)
            self.to_kube = stack.enter_context(Proxy(self.server.url, self.kube.ssl))
            host, _, path = self.cloud.endpoint.rpartition("/api")
            self.to_cloud = stack.enter_context(Proxy(host))
            self.endpoint = f"{self.to_cloud.url}/api{path}"
            self.kubeconfig = self.kube.kubeconfig_through(self.to_kube.url, self.folder / "proxied-kubeconfig")
            stack.callback(self._stop_operators)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.search()
                assert self.refusals_meant or (refused := self.to_kube.not_allowed()) == [], refused
        finally:
            self._stack.close()

    def search(self) -> None:
        """Every secret value that is in use, looked for in all that came out. AssertionError names where it stands."""
        assert (told := findings(self.secret_values(), self.everything(), SEARCHED)) == [], told

    def secret_values(self) -> dict[str, str]:
        """Keys of the operators, the token, and what the Secrets of the namespace hold; by name."""
        held = {"token": self.kube.token}
        held |= {f"token of {scope.user}": token for scope, token in self._tokens.items()}
        for number, settings in enumerate(self._used):
            held |= {f"{name} of operator {number + 1}": settings[name] or "" for name in KEY if name.endswith("KEY")}
            held |= {f"ACCESS_KEY_ID of operator {number + 1}": settings["ACCESS_KEY_ID"] or ""}
        return held | self.kube.secret_values()

    def everything(self) -> dict[str, str]:
        """What came out of the operators: logs, objects, events, the answers about themselves; and the simulator's log."""
        found = {path.name: path.read_text() for path in sorted(self.folder.glob("*.log"))}
        found |= as_outputs("HpcCluster", self.kube.shown("hpcclusters")) | as_outputs(
            "Event", self.kube.shown("events")
        )
        newest = self.leading()
        if newest is not None:
            found |= {path: newest.probe(path)[1] for path in ("/metrics", "/readyz", "/healthz")}
        return found

    def settings(self, **changed: str | None) -> dict[str, str | None]:
        """The operator's settings on this stage; None leaves one out."""
        return {
            "FLEET": "stage",
            "ENDPOINT": self.endpoint,
            "KUBECONFIG": str(self.kubeconfig),
            "NAMESPACES": self.namespace,
            "LEASE_NAMESPACE": self.namespace,
            "LISTEN_ADDRESS": "127.0.0.1",
            "LISTEN_PORT": "0",
            **KEY,
            **SHORT,
            **changed,
        }

    def scope(self, **changed: str | None) -> Scope:
        """What the chart is told about an operator with these settings."""
        settings = self.settings(**changed)
        named = [] if self.wide else (settings["NAMESPACES"] or "").split(",")
        home, name = settings["LEASE_NAMESPACE"] or "", settings.get("LEASE_NAME") or "hpc-operator"
        return Scope(home, name, tuple(filter(None, named)))

    def token(self, scope: Scope) -> str:
        """Of the chart's ServiceAccount, which has the rights of this scope from the first time on."""
        if scope not in self._tokens:
            self._tokens[scope] = rights.install(self.kube, scope)
        return self._tokens[scope]

    def kubeconfig_of(self, scope: Scope, url: str | None = None) -> Path:
        """A kubeconfig of the chart's ServiceAccount, through the proxy, or through another one."""
        path = self.folder / f"kubeconfig-{next(self._numbers)}"
        return self.kube.kubeconfig_through(url or self.to_kube.url, path, self.token(scope))

    def launch(self, *flags: str, clock: float = 0, proxy: str | None = None, **changed: str | None) -> Operator:
        """Start an operator; it need not come to lead. `clock`, `proxy`: see `Operator`."""
        log = self.folder / f"operator-{len(self.operators) + 1}.log"
        settings = self.settings(**changed)
        if "KUBECONFIG" not in changed:
            settings["KUBECONFIG"] = str(self.kubeconfig_of(self.scope(**changed)))
        self._used.append(settings)
        made = Operator(log, settings, *flags, clock=clock, proxy=proxy)
        self.operators.append(made)
        return made

    def operator(self, *, clock: float = 0, **changed: str | None) -> Operator:
        """Start an operator and wait until it holds the Lease."""
        made = self.launch(clock=clock, **changed)
        until("the operator holds the Lease", made.leads)
        return made

    def leading(self) -> Operator | None:
        """The newest operator, if it still runs."""
        newest = self.operators[-1] if self.operators else None
        return newest if newest is not None and newest.program.poll() is None else None

    def after_kill(self, *, clock: float = 0, **changed: str | None) -> Operator:
        """Start the next operator after one was killed."""
        self.kube.drop_lease()
        return self.operator(clock=clock, **changed)

    def outputs(self) -> str:
        """Everything that every operator of this stage has written."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("operator-*.log")))

    def wait_ready(self, name: str) -> dict[str, Any]:
        """The status once it is Ready; on a timeout, what it says instead."""
        try:
            return until(f"{name} is Ready", lambda: self.kube.ready(name))
        except AssertionError as error:
            raise AssertionError(f"{error}; status: {self.kube.status(name)}") from None

    def wait_reason(self, name: str, *reasons: str) -> dict[str, Any]:
        """The status once its Ready condition has one of the reasons."""
        try:
            until(f"{name} says {reasons}", lambda: self.kube.reason(name) in reasons)
        except AssertionError as error:
            raise AssertionError(f"{error}; status: {self.kube.status(name)}") from None
        return self.kube.status(name)

    def wait_gone(self, name: str) -> None:
        """Return once the resource is not there any more."""
        try:
            until(f"{name} is gone", lambda: self.kube.cluster(name) is None)
        except AssertionError as error:
            raise AssertionError(f"{error}; status: {self.kube.status(name)}") from None

    def _stop_operators(self) -> None:
        for each in self.operators:
            each.stop()
