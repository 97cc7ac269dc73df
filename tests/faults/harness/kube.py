"""Kubernetes in memory, as far as the operator and people see it: HpcClusters, Secrets, Events.

What it keeps of the genuine server: one global resourceVersion, merge patches under resourceVersion (409), the
`/status` subresource, generation, no new finalizer on a terminating object, removal with the last finalizer, a new uid
for every life, patches without a change writing nothing. The genuine server proves these in tests/e2e.
"""

import base64
import itertools
import json
import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn, TypeAlias, TypeVar, cast

from hpc_operator.kube import names
from hpc_operator.kube.api import refuse

Raw: TypeAlias = dict[str, Any]
T = TypeVar("T")
Watcher = Callable[[str, Raw], None]
_BASE = f"/apis/{names.GROUP}/{names.VERSION}"


@dataclass(frozen=True, slots=True)
class Write:
    """One change of an object by the operator. `what`: `metadata`, `status`, `secret`, `gone`; `keys`: what changed."""

    at: float
    process: str
    what: str
    name: str
    keys: tuple[str, ...] = ()


def copied(value: T) -> T:
    """A deep copy of JSON: thousands of lives copy much, so it is done in C."""
    return cast("T", marshal.loads(marshal.dumps(value)))  # type: ignore[arg-type]  # T is JSON


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, Mapping):
        return copied(patch)
    out = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


class MemoryKube:
    """The server. `now`: epoch seconds. `old_crd`: how a CRD that does not know `status.operation` treats it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.objects: dict[tuple[str, str], Raw] = {}
        self.secrets: dict[tuple[str, str], Raw] = {}
        self.events: list[Raw] = []
        self.writes: list[Write] = []
        self.requests: list[tuple[float, str, str]] = []
        self.sent: list[tuple[str, Mapping[str, Any]]] = []
        """Every body that was written but a Secret's, by the kind of its path: what a search for secrets goes through."""
        self.secret_values: dict[str, str] = {}
        """Every value that a Secret ever held."""
        self.old_crd: Literal["drops", "refuses"] | None = None
        self.doomed = False
        """Whether the CRD itself is Terminating."""
        self.watchers: list[Watcher] = []
        self._versions = itertools.count(1000)
        self._uids = itertools.count(1)
        self._version = 1000

    # What people and tests do

    def get(self, name: str, namespace: str = "default") -> Raw | None:
        found = self.objects.get((namespace, name))
        return copied(found) if found else None

    def condition(self, kind: str, name: str, namespace: str = "default") -> Raw:
        """One condition as it stands; empty without."""
        status = self.objects.get((namespace, name), {}).get("status") or {}
        return next((c for c in status.get("conditions") or [] if c["type"] == kind), {})

    def create(self, raw: Raw, namespace: str = "default") -> Raw:
        """POST: a new uid; status is dropped, as for every kind with the subresource."""
        meta = raw["metadata"]
        key = (namespace, meta["name"])
        if key in self.objects:
            self._refuse(409, "AlreadyExists", "POST", meta["name"])
        stored = {
            "apiVersion": f"{names.GROUP}/{names.VERSION}",
            "kind": names.KIND,
            "metadata": {
                **{k: copied(meta[k]) for k in ("labels", "annotations", "finalizers") if meta.get(k)},
                "name": meta["name"],
                "namespace": namespace,
                "uid": f"00000000-0000-4000-8000-{next(self._uids):012d}",
                "generation": 1,
                "creationTimestamp": self._stamp(),
            },
            "spec": copied(raw["spec"]),
            "status": {"observedGeneration": -1},
        }
        self.objects[key] = stored
        self._bump(stored, "ADDED")
        return copied(stored)

    def change(self, name: str, change: Callable[[Raw], None], namespace: str = "default") -> None:
        """Somebody else's write of anything, status included."""
        stored = self.objects[namespace, name]
        before = copied(stored)
        change(stored)
        if stored["spec"] != before["spec"]:
            stored["metadata"]["generation"] += 1
        self._settle(stored, before)

    def goes_on(self, version: int) -> None:
        """Objects of another server were put here; the newest has this resourceVersion."""
        self._version, self._versions = version, itertools.count(version + 1)
        self._uids = itertools.count(1000)

    def delete(self, name: str, namespace: str = "default") -> None:
        stored = self.objects[namespace, name]
        if "deletionTimestamp" not in stored["metadata"]:
            before = copied(stored)
            stored["metadata"]["deletionTimestamp"] = self._stamp()
            stored["metadata"]["deletionGracePeriodSeconds"] = 0
            stored["metadata"]["generation"] += 1
            self._settle(stored, before)

    # What the operator asks

    def request(
        self, process: str, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str] | None
    ) -> Raw:
        """One request, done at once; raises what `kube.api.refuse` makes of its status."""
        self.requests.append((self._now(), process, f"{method} {path}"))
        self._keep(path, body)
        parts = path.split("/")
        if path.startswith("/apis/events.k8s.io/"):
            self.events.append({**(body or {}), "by": process, "at": self._now()})
            return {"kind": "Event"}
        if path.startswith("/api/v1/"):
            return self._secret(process, method, parts[4], parts[6] if len(parts) > 6 else None, body)
        if not path.startswith(_BASE):
            self._refuse(404, "NotFound", method, path)
        rest = path[len(_BASE) + 1 :].split("/")
        if len(rest) == 1:
            return self._list(None) if rest[0] else self._discovery()
        if len(rest) == 3:
            return self._list(rest[1])
        stored = self.objects.get((rest[1], rest[3]))
        if stored is None:
            self._refuse(404, "NotFound", method, rest[3], path)
        if method == "GET":
            return copied(stored)
        return self._patch(process, stored, body or {}, query or {}, path, status=rest[-1] == "status")

    def _discovery(self) -> Raw:
        """While a CRD is Terminating, its server offers everything but `create` for it."""
        verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
        offered = [verb for verb in verbs if verb != "create" or not self.doomed]
        return {"kind": "APIResourceList", "resources": [{"name": names.PLURAL, "verbs": offered}]}

    def _patch(
        self, process: str, stored: Raw, body: Mapping[str, Any], query: Mapping[str, str], path: str, *, status: bool
    ) -> Raw:
        meta = body.get("metadata") or {}
        name = stored["metadata"]["name"]
        if meta.get("resourceVersion", stored["metadata"]["resourceVersion"]) != stored["metadata"]["resourceVersion"]:
            self._refuse(409, "Conflict", "PATCH", name, path)
        before = copied(stored)
        if status:
            wished = merged(stored.get("status") or {}, body.get("status") or {})
            if self.old_crd == "refuses" and "operation" in (body.get("status") or {}):
                self._refuse(400, 'strict decoding error: unknown field "status.operation"', "PATCH", name, path)
            if self.old_crd == "drops":
                wished.pop("operation", None)
            json.dumps(wished)  # what is no JSON is refused here
            stored["status"] = wished
        else:
            self._patch_metadata(stored, meta, name, path)
        changed = self._changed(before, stored)
        if changed:
            self.writes.append(Write(self._now(), process, "status" if status else "metadata", name, changed))
        self._settle(stored, before)
        return copied(stored)

    def _patch_metadata(self, stored: Raw, meta: Mapping[str, Any], name: str, path: str) -> None:
        had = set(stored["metadata"].get("finalizers") or [])
        wanted = meta.get("finalizers")
        if wanted is not None and "deletionTimestamp" in stored["metadata"] and set(wanted) - had:
            self._refuse(422, "no new finalizers can be added if the object is being deleted", "PATCH", name, path)
        for key in ("annotations", "labels", "finalizers"):
            if key in meta:
                value = merged(stored["metadata"].get(key), meta[key])
                stored["metadata"][key] = value
                if not value:
                    del stored["metadata"][key]

    def _secret(
        self, process: str, method: str, namespace: str, name: str | None, body: Mapping[str, Any] | None
    ) -> Raw:
        self._collect_orphans()
        key = (namespace, name or (body or {})["metadata"]["name"])
        held = self.secrets.get(key)
        if method == "POST":
            if held is not None:
                self._refuse(409, "AlreadyExists", method, key[1])
        elif held is None:
            self._refuse(404, "NotFound", method, key[1], f"/secrets/{key[1]}")
        if method != "GET":
            made = merged(held or {}, body or {})
            self._learn(key[1], made.get("data") or {})
            made["metadata"].setdefault("uid", f"00000000-0000-4000-9000-{next(self._uids):012d}")
            made["metadata"]["resourceVersion"] = str(self._next())
            self.secrets[key] = made
            self.writes.append(Write(self._now(), process, "secret", key[1]))
        return copied(self.secrets[key])

    def put_secret(self, name: str, data: Mapping[str, str], namespace: str = "default") -> None:
        """A person's Secret; `data` is base64 already."""
        self._learn(name, data)
        self.secrets[namespace, name] = {
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": f"00000000-0000-4000-9000-{next(self._uids):012d}",
                "resourceVersion": str(self._next()),
            },
            "data": dict(data),
        }

    def _keep(self, path: str, body: Mapping[str, Any] | None) -> None:
        if body is not None and "/secrets" not in path:
            self.sent.append(("event" if "/events" in path else "object", body))

    def _learn(self, name: str, data: Mapping[str, str]) -> None:
        """How a cluster is reached is no secret: it stands in status too."""
        if name.endswith("-connection"):
            return
        for key, encoded in data.items():
            value = base64.b64decode(encoded).decode()
            if value and key not in ("owner", "zone"):  # which stand in every status
                self.secret_values[f"{name}/{key} {hash(value):x}"] = value

    def _list(self, namespace: str | None) -> Raw:
        items = [copied(raw) for (ns, _), raw in sorted(self.objects.items()) if namespace in (None, ns)]
        return {"kind": "HpcClusterList", "metadata": {"resourceVersion": str(self._version)}, "items": items}

    def _settle(self, stored: Raw, before: Raw) -> None:
        """What a write leads to: a new version when something changed, removal when nothing holds a deleted object."""
        if stored == before:
            return
        meta = stored["metadata"]
        if "deletionTimestamp" in meta and not meta.get("finalizers"):
            del self.objects[meta["namespace"], meta["name"]]
            self._collect_garbage(meta["uid"])
            self._bump(stored, "DELETED")
        else:
            self._bump(stored, "MODIFIED")

    def _collect_orphans(self) -> None:
        """The garbage collector: what was made for an owner that is gone is removed."""
        living = {raw["metadata"]["uid"] for raw in self.objects.values()}
        for key, secret in list(self.secrets.items()):
            owners = {owner.get("uid") for owner in secret["metadata"].get("ownerReferences") or []}
            if owners and not owners & living:
                del self.secrets[key]

    def _collect_garbage(self, uid: str) -> None:
        for key, secret in list(self.secrets.items()):
            if any(owner.get("uid") == uid for owner in secret["metadata"].get("ownerReferences") or []):
                del self.secrets[key]

    @staticmethod
    def _changed(before: Raw, after: Raw) -> tuple[str, ...]:
        found = []
        for part in ("metadata", "status"):
            old, new = before.get(part) or {}, after.get(part) or {}
            found += [f"{part}.{key}" for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        return tuple(found)

    def _next(self) -> int:
        self._version = next(self._versions)
        return self._version

    def _bump(self, stored: Raw, kind: str) -> None:
        stored["metadata"]["resourceVersion"] = str(self._next())
        for watcher in list(self.watchers):
            watcher(kind, copied(stored))

    def _stamp(self) -> str:
        return datetime.fromtimestamp(int(self._now()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def _refuse(status: int, told: str, method: str, name: str, path: str = "") -> NoReturn:
        body = {"kind": "Status", "reason": told, "message": f"{told}: {name}", "details": {"name": name}}
        refuse(status, body, method, path or f"/{name}")
