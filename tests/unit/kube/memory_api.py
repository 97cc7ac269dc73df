"""A Kubernetes API in memory, as far as the store and the Lease speak to it: resourceVersions, merge patches, 404, 409.

What it does was read off the genuine server; tests/e2e/test_store.py walks the same paths there.
"""

import asyncio
import copy
from collections.abc import Callable, Mapping
from typing import Any

from hpc_operator.kube.api import refuse

Answer = Callable[[], Any]


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


class MemoryApi:
    """`objects` by path. `before` and `after` run around each request and may raise or wait; `pruned` drops fields."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, Any, str]] = []
        self.version = 100
        self.pruned: frozenset[str] = frozenset()
        self.before: Callable[[str, str], Any] = lambda method, path: None
        self.after: Callable[[str, str], Any] = lambda method, path: None
        self.black_hole = False

    def put(self, path: str, thing: Mapping[str, Any]) -> dict[str, Any]:
        """Store as somebody else's write. Namespace and name are those of the path; a uid is given where there is none."""
        self.version += 1
        made = copy.deepcopy(dict(thing))
        *_, namespace, _, name = path.split("/")
        given = {"namespace": namespace, "name": name, "uid": f"uid-{self.version}"}
        made["metadata"] = {**given, **made["metadata"], "resourceVersion": str(self.version)}
        self.objects[path] = made
        return copy.deepcopy(made)

    def writes(self) -> list[tuple[str, str, Any, str]]:
        return [request for request in self.requests if request[0] != "GET"]

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        self.requests.append((method, path, copy.deepcopy(body), (query or {}).get("fieldValidation", "")))
        await asyncio.sleep(0)
        if self.black_hole:
            await asyncio.Event().wait()
        self.before(method, path)
        answer = getattr(self, f"_{method.lower()}")(path, copy.deepcopy(body))
        self.after(method, path)
        return answer

    def _found(self, method: str, path: str) -> dict[str, Any]:
        if path not in self.objects:
            status = {"kind": "Status", "reason": "NotFound", "details": {"name": path.rsplit("/", 1)[1]}}
            refuse(404, status, method, path)
        return self.objects[path]

    def _get(self, path: str, _: Any) -> dict[str, Any]:
        return copy.deepcopy(self._found("GET", path))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        name = body["metadata"].get("name") or body["metadata"]["generateName"] + "x"
        if f"{path}/{name}" in self.objects:
            refuse(409, None, "POST", path)
        return self.put(f"{path}/{name}", body)

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if body["metadata"]["resourceVersion"] != self._found("PUT", path)["metadata"]["resourceVersion"]:
            refuse(409, None, "PUT", path)
        return self.put(path, body)

    def _patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        status = path.endswith("/status")
        path = path.removesuffix("/status")
        held = self._found("PATCH", path)
        stale = body["metadata"].get("resourceVersion", held["metadata"]["resourceVersion"])
        if stale != held["metadata"]["resourceVersion"]:
            refuse(409, None, "PATCH", path)
        wanted = {"status": body.get("status", {})} if status else {k: v for k, v in body.items() if k != "status"}
        merged = merge(held, wanted)
        for name in self.pruned:
            merged.get("status", {}).get("operation", {}).pop(name, None)
        if merged == held:
            return copy.deepcopy(held)
        made = self.put(path, merged)
        if made["metadata"].get("deletionTimestamp") and not made["metadata"].get("finalizers"):
            del self.objects[path]
        return made
