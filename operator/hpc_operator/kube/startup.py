"""What must be there before anything is watched: the CRD, new enough, and the right to list.

`main` waits here. Kopf would stay alive and deaf without the CRD, and end after a minute without the right.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from hpc_operator.kube import names
from hpc_operator.kube.api import VersionNotServed
from hpc_operator.kube.crd import missing_fields
from hpc_operator.reconcile.ports import Gone, Unavailable

INSTALL = "kubectl apply --server-side -f crds/hpcclusters.yaml"
SERVE = f"upgrade the operator, or serve {names.VERSION} again (spec.versions[].served of the CRD)"
_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)
_AGAIN = 30.0
_log = logging.getLogger(__name__)


def crd_problem(openapi: Mapping[str, Any] | None) -> str | None:
    """What is wrong with the served CRD; None when it is there and new enough."""
    if openapi is None:
        return "the HpcCluster CRD is not installed"
    missing = [f"status.{path}" for path in missing_fields(openapi)]
    return f"CrdTooOld: the installed HpcCluster CRD does not know {', '.join(missing[:5])}" if missing else None


class Served(Protocol):
    """The part of `resources.KubeStore` that is used here."""

    async def served_crd(self) -> dict[str, Any] | None:
        """The served OpenAPI document, None without a CRD; VersionNotServed where it has other versions only."""

    async def may_list(self, namespace: str | None) -> None:
        """Unavailable unless a list succeeds."""


class Startup:
    """Waits for the server to have what is needed. `problem` is the sentence for `/readyz`, None once all is there."""

    def __init__(
        self,
        served: Served,
        namespaces: Collection[str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._served, self._sleep = served, sleep
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self.problem: str | None = "not looked yet"

    async def wait(self) -> None:
        """Return when nothing is missing; each new obstacle is logged once, looks are 1 to 15 s apart."""
        for attempt in range(2**62):
            found = await self.look()
            if found != self.problem and found is not None:
                _log.error("waiting: %s", found)
            self.problem = found
            if found is None:
                return
            await self._sleep(_WAITS[min(attempt, len(_WAITS) - 1)])

    async def keep_looking(self) -> None:
        """For ever, while another process leads: `problem` is what would be in the way now. It is logged once, too."""
        while True:
            await self._sleep(_AGAIN)
            found = await self.look()
            if found != self.problem and found is not None:
                _log.error("standing by, but could not take over: %s", found)
            self.problem = found

    async def look(self) -> str | None:
        """Look once: None when all is there, else what is missing and what to do."""
        try:
            if problem := crd_problem(await self._served.served_crd()):
                return f"{problem}: {INSTALL}"
            for namespace in self._namespaces:
                await self._served.may_list(namespace)
        except VersionNotServed as error:
            return f"{error}: {SERVE}"
        except (Unavailable, Gone) as error:
            return str(error)
        return None
