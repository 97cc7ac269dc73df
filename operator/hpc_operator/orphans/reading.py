"""The reads of `orphans`: the HpcClusters of the served namespaces, and the list of each account they or we may use.

`search` makes the parts. Never comes in: a write (the API handed in cannot), a judgement (`decide.orphans` has it).
Resources are read before the lists and once more after them: whoever came or went meanwhile is known in either case.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import ListLook
from hpc_operator.domain.record import Account, Resource
from hpc_operator.kube.api import Api
from hpc_operator.kube.codec import parse_resource
from hpc_operator.kube.resources import read_list
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Credentials, Gone, SecretProblem, Unavailable

_FAILED = (Conflict, CrdTooOld, Gone, Unavailable)


class Keys(Protocol):
    """Which key leads where (cloud.credentials.AccountKeys)."""

    async def credentials(self, resource: Resource) -> Credentials:
        """The key and the account that the resource wishes."""

    def own(self, owner: str | None = None, zone: str | None = None) -> Credentials:
        """The operator's own key, for this owner and zone."""


class Looks(Protocol):
    """The shared looks (cloud.observer.Observer)."""

    async def listing(self, credentials: Credentials, account: Account, not_before: Instant) -> tuple[ListLook, ...]:
        """The newest first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read. `problems`: what could not be, one sentence each; then nothing here is the whole truth.

    `resources` None: they could not be listed, so that nobody can say what is an orphan.
    """

    resources: tuple[Resource, ...] | None
    looks: Mapping[Account, ListLook]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What the settings name. `namespaces` empty: all."""

    endpoint: str
    owners: tuple[str, ...]
    zones: tuple[str, ...]
    namespaces: tuple[str, ...]
    own_key: bool


class Reader:
    """Reads everything once."""

    def __init__(self, api: Api, keys: Keys, looks: Looks, now: Callable[[], Instant], scope: Scope) -> None:
        self._api, self._keys, self._looks, self._now, self._scope = api, keys, looks, now, scope
        self._problems: dict[str, None] = {}

    async def read(self) -> Facts:
        """All facts; what fails is a problem and never an exception."""
        before = await self._resources()
        if before is None:
            return Facts(None, {}, tuple(self._problems))
        looks = {}
        for account, credentials in (await self._views(tuple(before.values()))).items():
            looks[account] = await self._look(account, credentials)
        after = await self._resources()
        resources = None if after is None else tuple({**before, **after}.values())
        return Facts(resources, looks, tuple(self._problems))

    async def _resources(self) -> dict[str, Resource] | None:
        try:
            served: tuple[str | None, ...] = self._scope.namespaces or (None,)
            lists = [await read_list(self._api, each) for each in served]
        except _FAILED as error:
            self._problem(f"the HpcClusters cannot be listed: {error}")
            return None
        return {raw["metadata"]["uid"]: parse_resource(raw) for _, items in lists for raw in items}

    async def _views(self, resources: Sequence[Resource]) -> dict[Account, Credentials]:
        """Every account that the settings or a resource name, with a key for it."""
        scope = self._scope
        found: dict[Account, Credentials] = {}
        for owner in scope.owners or (None,) if scope.own_key else ():
            for zone in scope.zones or (None,):
                await self._add(found, "the operator's own key", partial(self._own, owner, zone))
        for resource in resources:
            if resource.desired.credentials_secret is not None:
                await self._add(found, f"the key of {resource.ref}", partial(self._keys.credentials, resource))
        for resource in resources:
            self._recorded(found, resource)
        if not found and not self._problems:
            self._problem("no API key is set, and no HpcCluster names a Secret with one: no list can be read")
        return found

    async def _own(self, owner: str | None, zone: str | None) -> Credentials:
        return self._keys.own(owner, zone)

    async def _add(
        self, found: dict[Account, Credentials], whose: str, read: Callable[[], Awaitable[Credentials]]
    ) -> None:
        try:
            credentials = await read()
        except (SecretProblem, *_FAILED) as problem:
            self._problem(f"{whose}: {problem}")
        else:
            found.setdefault(credentials.account, credentials)

    def _recorded(self, found: dict[Account, Credentials], resource: Resource) -> None:
        """Where its cluster is, if that is not where its key leads today."""
        account = resource.account
        if account is None or account in found:
            return
        same = (c for c in found.values() if c.account.endpoint == account.endpoint and c.own)
        credentials = next(same, None)
        if credentials is None or resource.desired.credentials_secret is not None:
            self._problem(f"{resource.ref} records the account {_place(account)}, for which there is no key")
        else:
            found[account] = replace(credentials, account=account)

    async def _look(self, account: Account, credentials: Credentials) -> ListLook:
        look = (await self._looks.listing(credentials, account, self._now()))[0]
        if not look.complete:
            self._problem(f"the list of {_place(account)} cannot be read to its end: {look.problem}")
        return look

    def _problem(self, text: str) -> None:
        self._problems[text.rstrip(".")] = None


def _place(account: Account) -> str:
    return f"owner {account.owner} in zone {account.zone}"
