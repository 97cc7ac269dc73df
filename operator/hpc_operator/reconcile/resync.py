"""The cache put right by a list, now and then: forgets what a blind watch never mentioned, notices a restored storage.

`main` runs it beside Kopf. Only the cache and a lister come in; which client lists is not known here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from hpc_operator.reconcile.cache import Cache
from hpc_operator.reconcile.ports import Unavailable

_log = logging.getLogger(__name__)
ListPages = Callable[[str | None], Awaitable[tuple[int, list[Mapping[str, Any]]]]]


class Resync:
    """Lists each namespace (none given: all at once) every `period` seconds. `last` is when a list last succeeded."""

    def __init__(
        self,
        cache: Cache,
        list_pages: ListPages,
        namespaces: Collection[str],
        *,
        period: float,
        now: Callable[[], float],
    ) -> None:
        self._cache, self._list, self._period, self._now = cache, list_pages, period, now
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self.last: float | None = None

    async def once(self) -> None:
        """List everything once. WentBack and Unavailable go to the caller."""
        for namespace in self._namespaces:
            top = self._cache.top
            version, raws = await self._list(namespace)
            forgotten = self._cache.resync(top, version, raws, namespace)
            for ref in forgotten:
                _log.info("forgotten, since the list does not show it", extra={"resource": str(ref)})
        self.last = self._now()

    async def run(self) -> None:
        """For ever: a failed list is logged and tried again after a period. Raises WentBack only."""
        while True:
            try:
                await self.once()
            except Unavailable as error:
                _log.warning("the resources cannot be listed: %s", error)
            await asyncio.sleep(self._period)
