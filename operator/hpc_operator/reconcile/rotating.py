"""Keys that change while everybody rests: each source in use is read now and then; its users are woken.

`main` runs it beside the passes, and `cloud.credentials` tells it what turned. Nothing is decided here and nothing is
written: to be woken means only "look again". One read serves all who share a source; Secrets are read by name.

What goes wrong without: a settled resource learns of a new key, or of one that is gone or leads elsewhere, at its next
pass by time. Who has a new key is woken when its account was looked at with it (`sweeping`): else a thousand passes
would find that nothing was seen with this key yet, and say so. What is left after a restart: nothing; all look anew.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from hpc_operator.domain.desired import Ref
from hpc_operator.domain.record import Resource
from hpc_operator.reconcile.ports import Credentials, Keys, KeySource, SecretProblem, Unavailable, source_of

_log = logging.getLogger(__name__)
_EVERY = 5.0


class Fleet(Protocol):
    """The resources as last seen (`reconcile.cache`)."""

    def resources(self) -> Collection[Resource]:
        """Every resource."""


class Watch(Protocol):
    """The watch over accounts (`reconcile.sweeping`)."""

    def turned(self, ref: Ref, credentials: Credentials) -> bool:
        """This resource's key is another one now: it is woken once its account was looked at with it. False: it is not.

        Then it does not rest on that account.
        """


class KeyRounds:
    """`wake(ref)`: look at the resource again. `sleep` is awaited between two rounds, `every` seconds."""

    def __init__(
        self,
        *,
        keys: Keys,
        fleet: Fleet,
        watch: Watch,
        wake: Callable[[Ref], None],
        sleep: Callable[[float], Awaitable[None]],
        every: float = _EVERY,
    ) -> None:
        self._keys, self._fleet, self._watch, self._wake = keys, fleet, watch, wake
        self._sleep, self._every = sleep, every
        self._turned: set[KeySource] = set()

    def turned(self, source: KeySource) -> None:
        """What this source holds is not what it held before."""
        self._turned.add(source)

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._sleep(self._every)
            try:
                await self.once()
            except Exception as error:  # noqa: BLE001 - the rim of a round: logged, and made again
                _log.error("the keys could not be looked at: %s", type(error).__name__, exc_info=error)

    async def once(self) -> None:
        """One round: ask for each source that is in use, then tell those whose source turned."""
        users: defaultdict[KeySource, list[Resource]] = defaultdict(list)
        for resource in self._fleet.resources():
            users[source_of(resource)].append(resource)
        for some in users.values():
            await self._asked(some[0])
        turned, self._turned = self._turned, set()
        for source in turned:
            concerned = users.get(source, [])
            _log.info("a key turned", extra={"source": _named(source), "resources": len(concerned)})
            for resource in concerned:
                credentials = await self._asked(resource)
                if credentials is None or not self._watch.turned(resource.ref, credentials):
                    self._wake(resource.ref)

    async def _asked(self, resource: Resource) -> Credentials | None:
        try:
            return await self._keys.credentials(resource)
        except SecretProblem:
            return None
        except Unavailable as error:
            _log.debug("a key could not be read: %s", error, extra={"resource": str(resource.ref)})
            return None


def _named(source: KeySource) -> str:
    return "the operator's own" if source is None else "/".join(source)
