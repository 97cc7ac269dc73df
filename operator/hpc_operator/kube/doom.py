"""Whether the CRD is being deleted: then every resource is, whatever anybody wishes.

`resources` uses it. Only discovery is read, which every authenticated client may do: while a CRD is Terminating its
server offers everything but `create` for it. Reading the CRD itself would need a right on the whole cluster's.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from hpc_operator.kube import names
from hpc_operator.kube.api import Api
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

PATH = f"/apis/{names.GROUP}/{names.VERSION}"


class Doom:
    """One read serves all who asked before it began. An older answer serves nobody.

    The server tells that the CRD is Terminating just before it stamps the resources: whoever is asked about a stamped
    one must not answer with what was true before.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._turn = asyncio.Lock()
        self._asked = self._served = 0
        self._found: bool | None = None

    async def near(self) -> bool | None:
        """See `ports.Store.doomed`."""
        self._asked += 1
        mine = self._asked
        async with self._turn:
            if self._served < mine:
                newest = self._asked
                self._found = await self._read()
                self._served = newest
            return self._found

    async def _read(self) -> bool | None:
        try:
            served = await self._api.request("GET", PATH)
        except (Conflict, Gone, CrdTooOld, Unavailable):
            return None
        verbs = _verbs(served)
        return None if verbs is None else "create" not in verbs


def _verbs(served: Mapping[str, Any]) -> list[object] | None:
    """What may be done with HpcClusters; None when the answer does not say."""
    listed = served.get("resources")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping) and each.get("name") == names.PLURAL:
            verbs = each.get("verbs")
            return verbs if isinstance(verbs, list) and verbs else None
    return None
