"""What one scenario plays on: stages on the shared API server or on its own. What is done there is in `acts`."""

import itertools
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stage import Proxy, Stage

from local_control_plane import ControlPlane


class Arena:
    """Stages of one scenario; `stack` puts them away."""

    def __init__(self, name: str, folder: Path, shared: ControlPlane, stack: ExitStack) -> None:
        self.name, self.folder, self._shared, self._stack = name, folder, shared, stack
        self.stages: list[Stage] = []
        self.proxies: list[Proxy] = []
        self.notes: list[str] = []
        self._numbers = itertools.count(1)

    def own_server(self) -> ControlPlane:
        """An API server that this scenario may break."""
        return self._stack.enter_context(ControlPlane())

    def stage(
        self, server: ControlPlane | None = None, *, namespace: str = "", crd: bool = True, **given: Any
    ) -> Stage:
        """A namespace with a simulator and proxies; on the shared server unless another is given."""
        number = next(self._numbers)
        place = self.folder / str(number)
        place.mkdir(parents=True)
        namespace = namespace or f"{self.name}-{number}"
        (server or self._shared).kubectl("create", "namespace", namespace)
        crd = crd and server is not None
        made = self._stack.enter_context(Stage(server or self._shared, namespace, place, crd=crd, **given))
        made.refusals_meant = server is not None  # one that is broken knows no role while it starts
        self.stages.append(made)
        self.proxies += [made.to_kube, made.to_cloud]
        return made

    def own_way(self, stage: Stage) -> tuple[Proxy, dict[str, str]]:
        """Another proxy to the API server, and the setting by which an operator goes through it alone."""
        proxy = self._stack.enter_context(Proxy(stage.server.url, stage.kube.ssl))
        self.proxies.append(proxy)
        return proxy, {"KUBECONFIG": str(stage.kubeconfig_of(stage.scope(), proxy.url))}

    def note(self, text: str) -> None:
        """Something measured beside the table."""
        self.notes.append(text)
