"""The Secrets of an HpcCluster: values by name at use, and the admin password that is generated once.

Used by `resources` and by whoever reads credentials. Nothing is listed or watched; a value never reaches a log, an
exception or a repr, and each value that is handed out is told to `learn` first, so that the scrubber knows it. What
else a Secret holds is not learned: it goes nowhere, and whoever may write a Secret could blot out common words with it.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hpc_operator.domain.desired import SecretKey
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource
from hpc_operator.kube import connecting
from hpc_operator.kube.answers import require
from hpc_operator.kube.api import MERGE_PATCH, Api
from hpc_operator.kube.connecting import (
    OF,
    RETAINED,
    connection_secret,
    is_ours,
    is_owned,
    labels,
    owner,
    secret_path,
)
from hpc_operator.reconcile.ports import Conflict, Gone, SecretProblem, Unavailable

ADMIN_KEY = "password"
_LENGTH = 20
_CREDENTIALS = ("access_key_id", "secret_access_key")
_LONGEST = 1024
_MOST_MET = 1000
_CLASSES = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789", "!@#$%^&*()")


def admin_secret(resource_name: str) -> str:
    """The name of the Secret with the generated password."""
    return f"{resource_name}-admin"


def generate(choose: Callable[[Sequence[str]], str]) -> str:
    """A password that both documented rules take: 4-32 characters of the app schema's, and the user API's 12-30 with
    upper case, lower case, digit and one of `!@#$%^&*()`. `choose` picks one item at random, unpredictably.
    """
    left = [choose(each) for each in _CLASSES]
    left += [choose("".join(_CLASSES)) for _ in range(_LENGTH - len(left))]
    mixed = ""
    while left:
        picked = choose([str(index) for index in range(len(left))])
        mixed += left.pop(int(picked))
    return mixed


class Secrets:
    """Reads and writes Secrets. `choose` is the source of chance, `learn` takes every secret value that is met."""

    def __init__(self, api: Api, *, choose: Callable[[Sequence[str]], str], learn: Callable[[str], None]) -> None:
        self._api, self._choose, self._learn = api, choose, learn
        self._met: dict[tuple[str, str], None] = {}

    async def values(self, namespace: str, name: str) -> Mapping[str, str]:
        """The values of a Secret with credentials, but for those that are no text. SecretProblem when it is missing."""
        found = _decoded(await self._read(namespace, name))
        for key in _CREDENTIALS:
            self._learn(found.get(key, "").strip())
        return found

    async def value(self, namespace: str, key: SecretKey) -> str:
        """One value. SecretProblem when the Secret, the key or the text is missing."""
        return self._handed_out(await self._read(namespace, key.name), f"{namespace}/{key.name}", key.key)

    async def admin_password(self, resource: Resource) -> str:
        """See `ports.Store`: two processes that race agree on the one that was stored first."""
        namespace, name = resource.ref.namespace, admin_secret(resource.ref.name)
        raw = await self._stored(resource, namespace, name)
        _must_be_ours(require(raw, "Secret", namespace, name), resource)
        return self._handed_out(raw, f"{namespace}/{name}", ADMIN_KEY)

    async def _stored(self, resource: Resource, namespace: str, name: str) -> dict[str, Any]:
        """The Secret as it is stored. Whoever remembers nothing yet has none, as a rule: making it is the first try."""
        if (namespace, name) in self._met or resource.record is not None or not resource.memory.empty:
            try:
                return await self._api.request("GET", secret_path(namespace, name))
            except Gone:
                self._met.pop((namespace, name), None)
        try:
            made = await self._create(resource, namespace, name)
        except Conflict:
            self._meet(namespace, name)
            return await self._read(namespace, name)
        except Unavailable as refused:
            if not refused.permanent:
                raise
            return await self._there_already(refused, namespace, name)
        self._meet(namespace, name)
        return made

    def _meet(self, namespace: str, name: str) -> None:
        """It is read first from now on: each try to make it would cost a new password."""
        self._met[namespace, name] = None
        if len(self._met) > _MOST_MET:
            del self._met[next(iter(self._met))]

    async def _there_already(self, refused: Unavailable, namespace: str, name: str) -> dict[str, Any]:
        """No new Secret may be made here (a ResourceQuota, say): one that is there is as good."""
        try:
            return await self._api.request("GET", secret_path(namespace, name))
        except Gone:
            raise refused from None

    def _handed_out(self, raw: Mapping[str, Any], secret: str, key: str) -> str:
        found = _decoded(raw).get(key, "")
        if not found or len(found) > _LONGEST:
            wrong = f"is longer than {_LONGEST} characters" if found else "is missing, empty, or no text"
            raise SecretProblem(Reason.SECRET_KEY_MISSING, f"the key {key} of the Secret {secret} {wrong}")
        self._learn(found)
        return found

    async def keep(self, resource: Resource, cluster_id: str) -> None:
        """See `ports.Store.keep_secrets`: a Secret that is missing or not ours is left alone."""
        for name in (admin_secret(resource.ref.name), connection_secret(resource.ref.name)):
            await self._part(resource, name, cluster_id)

    async def drop(self, resource: Resource) -> None:
        """See `ports.Store.drop_secrets`: a Secret that is missing or not ours is left alone."""
        for name in (admin_secret(resource.ref.name), connection_secret(resource.ref.name)):
            await self._part(resource, name, None)

    async def connect(self, resource: Resource, texts: Mapping[str, str]) -> None:
        """See `ports.Store.connect`."""
        await connecting.connect(self._api, resource, texts)

    async def _part(self, resource: Resource, name: str, cluster_id: str | None) -> None:
        """The resource goes: its Secret stays with this cluster, or (None) is left to the garbage collector."""
        namespace = resource.ref.namespace
        path = secret_path(namespace, name)
        try:
            raw = require(await self._api.request("GET", path), "Secret", namespace, name)
        except Gone:
            return
        owners = raw["metadata"].get("ownerReferences") or []
        others = [each for each in owners if each.get("uid") != resource.ref.uid]
        if cluster_id is not None and is_owned(raw, resource):
            change = {"labels": {RETAINED: cluster_id, OF: None}} | ({"ownerReferences": others} if owners else {})
        elif cluster_id is None and is_ours(raw, resource) and not owners:
            change = {"ownerReferences": [owner(resource)]}
        else:
            return
        meta = {"resourceVersion": raw["metadata"]["resourceVersion"], **change}
        await self._api.request("PATCH", path, body={"metadata": meta}, content_type=MERGE_PATCH)

    async def _create(self, resource: Resource, namespace: str, name: str) -> dict[str, Any]:
        made = generate(self._choose)
        self._learn(made)
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": labels(resource)},
            "type": "Opaque",
            "data": {ADMIN_KEY: base64.b64encode(made.encode()).decode()},
        }
        return await self._api.request("POST", secret_path(namespace), body=body)

    async def _read(self, namespace: str, name: str) -> dict[str, Any]:
        try:
            raw = await self._api.request("GET", secret_path(namespace, name))
        except Gone:
            raise SecretProblem(Reason.SECRET_MISSING, f"the Secret {namespace}/{name} does not exist") from None
        require(raw, "Secret", namespace, name)
        return raw


def _decoded(raw: Mapping[str, Any]) -> dict[str, str]:
    """The values that are text. Line ends that editors leave at the end are dropped."""
    data, found = raw.get("data"), {}
    for key, encoded in data.items() if isinstance(data, Mapping) else ():
        try:
            found[key] = base64.b64decode(encoded, validate=True).decode().strip("\r\n")
        except (binascii.Error, ValueError, TypeError):
            continue
    return found


def _must_be_ours(raw: Mapping[str, Any], resource: Resource) -> None:
    if is_ours(raw, resource):
        return
    name, kept = admin_secret(resource.ref.name), (raw["metadata"].get("labels") or {}).get(RETAINED)
    if kept:  # "delete it" would cost the only password of a cluster that stays
        whose, way = (
            f"holds the password of {kept}, which was kept",
            "Store it under another name, then delete this one",
        )
    else:
        whose, way = "belongs to somebody else", "Delete or rename it"
    raise SecretProblem(
        Reason.SECRET_NOT_OURS,
        f"the Secret {resource.ref.namespace}/{name} {whose}: it is neither read nor overwritten. {way}, or name a "
        "Secret in adminPasswordSecretRef.",
    )
