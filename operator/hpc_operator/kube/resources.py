"""HpcClusters and their Secrets in Kubernetes: implements `ports.Store` over `api.Api`.

`main` makes it, the engine uses it. The Kubernetes client and parsing never come in. Every write carries the
resourceVersion it was decided on, so that a write after somebody else's is a Conflict; every answer is checked to be
the very object (kind and uid) and handed to the cache.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hpc_operator.domain.desired import Ref, SecretKey
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Intent, Memory, Plan, Record, Report, Resource
from hpc_operator.kube import names
from hpc_operator.kube.answers import is_version, require, whole
from hpc_operator.kube.api import MERGE_PATCH, Api, Expired, NotServed, VersionNotServed
from hpc_operator.kube.codec import parse_resource, status_patch
from hpc_operator.kube.doom import Doom
from hpc_operator.kube.events import Announcer
from hpc_operator.kube.memory_written import encode_intent, encode_record
from hpc_operator.kube.passwords import Secrets
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

_PAGE = "500"
_BASE = f"/apis/{names.GROUP}/{names.VERSION}"
_WRITER = {"fieldManager": "hpc-operator"}
_STRICT = {**_WRITER, "fieldValidation": "Strict"}
_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """Where news goes: answers of reads, answers of own writes, and resources found missing. `Cache` has all three."""

    read: Callable[[Mapping[str, Any]], None]
    wrote: Callable[[Mapping[str, Any]], None]
    missing: Callable[[Ref], None]


class KubeStore:
    """See `ports.Store` for what each method promises."""

    def __init__(
        self, api: Api, *, told: Told, secrets: Secrets, announcer: Announcer, scrub: Callable[[str], str] = str
    ) -> None:
        self._api, self._told, self._secrets, self._announcer, self._scrub = api, told, secrets, announcer, scrub
        self._doom = Doom(api)

    async def list_pages(self, namespace: str | None) -> tuple[int, list[Mapping[str, Any]]]:
        """All resources of a namespace (None: of all) as they were at one resourceVersion, and that version."""
        return await read_list(self._api, namespace)

    async def served_crd(self) -> dict[str, Any] | None:
        """See `read_served`."""
        return await read_served(self._api)

    async def may_list(self, namespace: str | None) -> None:
        """One item of a list: raises Unavailable, whose text names the missing permission."""
        await self._api.request("GET", _collection(namespace), query={"limit": "1"})

    async def read(self, ref: Ref) -> Resource:
        """See `ports.Store`."""
        return parse_resource(await self._get(ref))

    async def remember(self, resource: Resource, record: Record) -> Resource:
        """See `ports.Store`."""
        meta: dict[str, Any] = {"annotations": {names.ANNOTATION_RECORD: encode_record(record)}}
        if not resource.deleting and not resource.finalizer:
            # A merge patch replaces the whole list; the resourceVersion vouches that nobody has changed it since.
            meta["finalizers"] = [*resource.other_finalizers, names.FINALIZER]
        return self._keep(await self._patch(resource, {"metadata": meta}))

    async def write_intent(self, resource: Resource, intent: Intent) -> Resource:
        """See `ports.Store`."""
        wanted = encode_intent(intent)
        old = resource.status.get("operation")
        stale = dict.fromkeys(old) if isinstance(old, Mapping) else {}
        answer = await self._patch(resource, {"status": {"operation": {**stale, **wanted}}}, status=True)
        written = (answer.get("status") or {}).get("operation")
        if written != wanted or answer["metadata"]["resourceVersion"] == resource.resource_version:
            raise CrdTooOld(
                "the API server dropped fields of status.operation: its HpcCluster CRD is older than the operator, "
                "install crds/hpcclusters.yaml"
            )
        return self._keep(answer)

    async def write_status(self, resource: Resource, memory: Memory, report: Report | None = None) -> Resource:
        """See `ports.Store`."""
        patch = status_patch(resource, self._told_memory(memory), self._told_report(report))
        if patch is None:
            return resource
        return self._keep(await self._patch(resource, patch, status=True))

    def _told_memory(self, memory: Memory) -> Memory:
        """What the service said may repeat a secret that it was sent."""
        last = memory.last_operation
        refused = tuple(replace(each, message=self._scrub(each.message)) for each in memory.refused)
        told = last and replace(last, message=self._scrub(last.message))
        return replace(memory, last_operation=told, refused=refused)

    def _told_report(self, report: Report | None) -> Report | None:
        if report is None:
            return None
        said = tuple(
            replace(each, message=self._scrub(each.message), reason=self._reason(each.reason))
            for each in report.conditions
        )
        name, status = (text and self._scrub(text) for text in (report.cluster_name, report.cluster_status))
        return replace(
            report, conditions=said, cluster_name=name, cluster_status=status, plan=self._told_plan(report.plan)
        )

    def _told_plan(self, plan: Plan | None) -> Plan | None:
        if plan is None:
            return None
        changes = tuple(replace(c, was=self._scrub(c.was), wish=self._scrub(c.wish)) for c in plan.changes)
        return replace(plan, changes=changes)

    def _reason(self, reason: str) -> str:
        """Available's is the service's own word for the status."""
        return reason if self._scrub(reason) == reason else "Unknown"

    async def release(self, resource: Resource) -> None:
        """See `ports.Store`."""
        try:
            finalizers = (await self._fresh(resource))["metadata"].get("finalizers") or []
            if names.FINALIZER in finalizers:
                left = [each for each in finalizers if each != names.FINALIZER]
                answer = await self._patch(resource, {"metadata": {"finalizers": left}})
                if left or not resource.deleting:
                    self._told.wrote(answer)
                    return
                self._told.missing(resource.ref)
        except Gone:
            return

    async def keep_secrets(self, resource: Resource, cluster_id: str) -> None:
        """See `ports.Store`."""
        await self._secrets.keep(resource, cluster_id)

    async def drop_secrets(self, resource: Resource) -> None:
        """See `ports.Store`."""
        await self._secrets.drop(resource)

    async def connect(self, resource: Resource, texts: Mapping[str, str]) -> None:
        """See `ports.Store`."""
        await self._secrets.connect(resource, texts)

    async def doomed(self) -> bool | None:
        """See `ports.Store`."""
        return await self._doom.near()

    async def password(self, resource: Resource, key: SecretKey) -> str:
        """See `ports.Store`."""
        return await self._secrets.value(resource.ref.namespace, key)

    async def admin_password(self, resource: Resource) -> str:
        """See `ports.Store`."""
        return await self._secrets.admin_password(resource)

    async def announce(self, resource: Resource, reason: Reason, message: str, *, warning: bool) -> None:
        """See `ports.Store`."""
        await self._announcer.announce(resource, reason, message, warning=warning)

    async def _get(self, ref: Ref) -> dict[str, Any]:
        try:
            raw = await self._api.request("GET", _object(ref))
        except Gone:
            self._told.missing(ref)
            raise
        self._check(ref, raw)
        self._told.read(raw)
        return raw

    async def _fresh(self, resource: Resource) -> dict[str, Any]:
        raw = await self._get(resource.ref)
        if raw["metadata"]["resourceVersion"] != resource.resource_version:
            raise Conflict(f"{resource.ref} was changed by somebody else")
        return raw

    async def _patch(self, resource: Resource, patch: Mapping[str, Any], *, status: bool = False) -> dict[str, Any]:
        meta = {**(patch.get("metadata") or {}), "resourceVersion": resource.resource_version}
        path = _object(resource.ref) + ("/status" if status else "")
        query = _STRICT if status else _WRITER
        body = {**patch, "metadata": meta}
        try:
            raw = await self._api.request("PATCH", path, body=body, query=query, content_type=MERGE_PATCH)
        except Gone:
            self._told.missing(resource.ref)
            raise
        self._check(resource.ref, raw)
        return raw

    def _check(self, ref: Ref, raw: Mapping[str, Any]) -> None:
        if require(raw, names.KIND, ref.namespace, ref.name)["metadata"]["uid"] != ref.uid:
            self._told.missing(ref)
            self._told.read(raw)
            raise Gone(f"another HpcCluster bears the name {ref} now")

    def _keep(self, raw: Mapping[str, Any]) -> Resource:
        self._told.wrote(raw)
        return parse_resource(raw)


def _lean(raw: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody here reads and what is half of an object: thousands of them are held at once."""
    raw["metadata"].pop("managedFields", None)
    return raw


def _whole_list(page: Mapping[str, Any]) -> bool:
    items = all(whole(raw, names.KIND) for raw in page["items"])
    return items and page.get("kind") == f"{names.KIND}List" and is_version(page["metadata"].get("resourceVersion"))


async def read_list(api: Api, namespace: str | None) -> tuple[int, list[Mapping[str, Any]]]:
    """See `KubeStore.list_pages`; Unavailable where it cannot be read to its end."""
    for _ in range(_RESTARTS):
        try:
            return await _pages(api, namespace)
        except Expired:
            continue
    raise Unavailable("the list of HpcClusters expired again and again before its last page was read")


async def _pages(api: Api, namespace: str | None) -> tuple[int, list[Mapping[str, Any]]]:
    items: list[Mapping[str, Any]] = []
    version, query = 0, {"limit": _PAGE}
    while True:
        page = await api.request("GET", _collection(namespace), query=query)
        meta = page.get("metadata")
        found = page.get("items")
        if not isinstance(meta, Mapping) or not isinstance(found, list) or not _whole_list(page):
            raise Unavailable("the API server answered something else than a list of HpcClusters")
        version = version or int(meta["resourceVersion"])
        items += map(_lean, found)
        if not meta.get("continue"):
            return version, items
        query = {"limit": _PAGE, "continue": str(meta["continue"])}


async def read_served(api: Api) -> dict[str, Any] | None:
    """The server's OpenAPI v3 document of our group and version; None when the CRD is not installed.

    Discovery: every authenticated client may read it, so no right on CustomResourceDefinitions is needed. Raises
    VersionNotServed where the group is served, and our version is not.
    """
    if others := await _other_versions(api):
        raise VersionNotServed(
            f"the HpcCluster CRD serves {', '.join(others)} and not {names.VERSION}, the only version that this "
            "operator speaks"
        )
    try:
        return await api.request("GET", f"/openapi/v3{_BASE}")
    except (NotServed, Gone):
        return None


async def _other_versions(api: Api) -> list[str]:
    """The versions in which the group is served where ours is not among them; none where the group is not there.

    The OpenAPI document does not tell: it was still answered for a version that is not served any more.
    """
    try:
        group = await api.request("GET", f"/apis/{names.GROUP}")
    except (NotServed, Gone):
        return []
    served = group.get("versions")
    found = [str(each.get("version")) for each in served if isinstance(each, dict)] if isinstance(served, list) else []
    return [] if names.VERSION in found else found


def _collection(namespace: str | None) -> str:
    return f"{_BASE}/{names.PLURAL}" if namespace is None else f"{_BASE}/namespaces/{namespace}/{names.PLURAL}"


def _object(ref: Ref) -> str:
    return f"{_collection(ref.namespace)}/{ref.name}"
