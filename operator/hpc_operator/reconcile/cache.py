"""The HpcClusters as last seen, by uid, with the facts of the whole fleet that a decision needs.

Fed by watch events, by the operator's own reads and writes, and put right by a list now and then, because a watch
forgets what was deleted while it was down (seen with Kopf 1.45 after an API server restart). Imports domain only;
parsing comes in as a callable. Belongs to one event loop: no locks.

An object is taken when its resourceVersion is greater than **or equal to** the one held: a default added to the CRD
changes the content without a new version. A uid that went is not taken again from a late event.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.record import Account, OperationAction, Resource

_TOMBSTONES = 10_000
_NOBODY: frozenset[Ref] = frozenset()


class WentBack(Exception):  # noqa: N818 - a fact about the server, not a defect here
    """The server's resourceVersion is lower than one already seen: its storage was restored. The process must end."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """Under what a resource is found in the indexes."""

    clusters: frozenset[str]
    jobs: frozenset[str]
    marks: frozenset[str]
    account: Account | None
    spends: bool


def _keys(resource: Resource) -> _Keys:
    memory, record = resource.memory, resource.record
    jobs = {memory.job_id, memory.operation.job_id if memory.operation else None}
    clusters = {memory.hpc_cluster_id, record.id if record else None}
    marks = {memory.mark, memory.operation.mark if memory.operation else None, record.mark if record else None}
    return _Keys(_some(clusters), _some(jobs), _some(marks), resource.account, _spends(resource))


def _spends(resource: Resource) -> bool:
    """Whether it has a cluster under the operator's own key, or may be buying one."""
    memory = resource.memory
    buying = memory.operation is not None and memory.operation.action is OperationAction.CREATE
    unexplained = memory.empty and resource.record is not None
    has = resource.id is not None or bool(memory.strays)
    return resource.desired.credentials_secret is None and (has or buying or unexplained)


def _some(keys: Collection[str | None]) -> frozenset[str]:
    return frozenset(key for key in keys if key)


def _meta(raw: Mapping[str, Any]) -> tuple[Ref, int]:
    meta = raw["metadata"]
    return Ref(meta["namespace"], meta["name"], meta["uid"]), int(meta["resourceVersion"])


class Cache:
    """What the operator knows of its resources. `woke(ref, resource)` is called for each change; None: it is gone.

    `went(resource)` is called before that with what was last known of one that is gone.
    """

    def __init__(
        self,
        parse: Callable[[Mapping[str, Any]], Resource],
        woke: Callable[[Ref, Resource | None], None],
        went: Callable[[Resource], None] = lambda _: None,
    ) -> None:
        self._parse, self._woke, self._went = parse, woke, went
        self._held: dict[str, Resource] = {}
        self._gone: dict[str, int] = {}
        self._keys: dict[str, _Keys] = {}
        self._by_cluster: defaultdict[str, set[Ref]] = defaultdict(set)
        self._by_job: defaultdict[str, set[Ref]] = defaultdict(set)
        self._by_mark: defaultdict[str, set[Ref]] = defaultdict(set)
        self._by_account: defaultdict[Account | None, set[Ref]] = defaultdict(set)
        self._living: dict[tuple[str, str], str] = {}
        self._spenders: set[str] = set()
        self._going: dict[str, Instant] = {}
        self._gone_lately: deque[Instant] = deque(maxlen=_TOMBSTONES)
        self._deletions: Sequence[Instant] | None = None
        self._top = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def top(self) -> int:
        """The highest resourceVersion seen. Read it *before* a list is asked for, then hand it to `resync`."""
        return self._top

    def resources(self) -> tuple[Resource, ...]:
        """Every resource, in no order."""
        return tuple(self._held.values())

    def get(self, ref: Ref) -> Resource | None:
        """The resource of exactly this uid."""
        return self._held.get(ref.uid)

    def holders(self, cluster_id: str) -> Collection[Ref]:
        """Who has recorded this cluster's id, in either memory."""
        return self._by_cluster.get(cluster_id, _NOBODY)

    def job_holders(self, job_id: str) -> Collection[Ref]:
        """Who has recorded this job's id."""
        return self._by_job.get(job_id, _NOBODY)

    def bearers(self, stem: str) -> Collection[Ref]:
        """Who has recorded this mark, as its own."""
        return self._by_mark.get(stem, _NOBODY)

    def cluster_ids(self) -> Collection[str]:
        """Every recorded cluster id."""
        return self._by_cluster.keys()

    def of_account(self, account: Account) -> Collection[Ref]:
        """The resources whose recorded account this is."""
        return self._by_account.get(account, _NOBODY)

    def spenders(self) -> Collection[str]:
        """The uids of those that have a cluster under the operator's own key, or may be buying one."""
        return self._spenders

    def terminating(self) -> Collection[Instant]:
        """The deletionTimestamps of those that are being deleted."""
        return self._going.values()

    def deletions(self) -> Sequence[Instant]:
        """The same, and of those that this process saw go; sorted."""
        if self._deletions is None:
            self._deletions = sorted((*self._going.values(), *self._gone_lately))
        return self._deletions

    def seen(self, kind: str | None, raw: Mapping[str, Any]) -> None:
        """Take a watch event (`kind` ADDED, MODIFIED, DELETED, or None for an item of Kopf's list)."""
        if kind == "DELETED":
            ref, version = _meta(raw)
            self._drop(ref, version)
        else:
            self._take(raw, wake=True)

    def read(self, raw: Mapping[str, Any]) -> None:
        """Take the answer of a read of our own: others may have written, so a change wakes."""
        self._take(raw, wake=True)

    def wrote(self, raw: Mapping[str, Any]) -> None:
        """Take the answer of a write of our own: the pass that wrote knows, so nobody is woken."""
        self._take(raw, wake=False)

    def missing(self, ref: Ref) -> None:
        """The server said that the resource is not there."""
        held = self._held.get(ref.uid)
        self._drop(ref, max(self._top, int(held.resource_version) if held else 0))

    def resync(
        self, top_before: int, version: int, raws: Iterable[Mapping[str, Any]], namespace: str | None = None
    ) -> tuple[Ref, ...]:
        """Make the cache agree with a complete list of `namespace` (None: all); returns what was forgotten.

        `top_before` is `top` as it stood before the list was asked for. Raises WentBack when the list is older.
        """
        if version < top_before:
            raise WentBack(
                f"the API server's list is at resourceVersion {version}, but {top_before} was seen before: "
                "its storage was restored to an earlier state. The process ends so that it begins from a fresh list."
            )
        listed = set()
        for raw in raws:
            listed.add(raw["metadata"]["uid"])
            if self._gone.get(raw["metadata"]["uid"], -1) <= version:
                self._gone.pop(raw["metadata"]["uid"], None)  # a list older than the deletion does not revive it
            self._take(raw, wake=True)
        gone = [r for uid, r in self._held.items() if uid not in listed and self._covered(r, namespace, version)]
        for resource in gone:
            self._drop(resource.ref, version)
        self._top = max(self._top, version)
        return tuple(resource.ref for resource in gone)

    @staticmethod
    def _covered(resource: Resource, namespace: str | None, version: int) -> bool:
        return namespace in (None, resource.ref.namespace) and int(resource.resource_version) <= version

    def _take(self, raw: Mapping[str, Any], *, wake: bool) -> None:
        ref, version = _meta(raw)
        self._top = max(self._top, version)
        held = self._held.get(ref.uid)
        if ref.uid in self._gone or (held is not None and version < int(held.resource_version)):
            return
        if not self._only_life(ref, version):
            return
        resource = self._parse(raw)
        if held is not None and held == resource and held.status == resource.status:
            return
        known = self._keys[ref.uid].clusters if ref.uid in self._keys else frozenset()
        self._held[ref.uid] = resource
        self._index(ref, resource)
        if wake:
            self._woke(ref, resource)
        for cluster_id in self._keys[ref.uid].clusters - known:
            for other in self._by_cluster[cluster_id] - {ref}:  # one of the two must let its hands off
                self._woke(other, self._held[other.uid])

    def _only_life(self, ref: Ref, version: int) -> bool:
        """One object has a name at a time: a newer one under another uid tells that the earlier one went.

        A relist after the watch was down tells of the new one only. False: what comes late is of the earlier one.
        """
        key = (ref.namespace, ref.name)
        other = self._held.get(self._living.get(key, ref.uid))
        if other is None or other.ref.uid == ref.uid:
            self._living[key] = ref.uid
            return True
        if version < int(other.resource_version):
            return False
        self._drop(other.ref, version)
        self._living[key] = ref.uid
        return True

    def _drop(self, ref: Ref, version: int) -> None:
        self._top = max(self._top, version)
        self._gone[ref.uid] = version
        while len(self._gone) > _TOMBSTONES:
            del self._gone[next(iter(self._gone))]
        if (held := self._held.pop(ref.uid, None)) is not None:
            self._index(ref, None)
            if self._living.get((ref.namespace, ref.name)) == ref.uid:
                del self._living[ref.namespace, ref.name]
            self._went(held)
            self._woke(ref, None)

    def _index(self, ref: Ref, resource: Resource | None) -> None:
        old, new = self._keys.pop(ref.uid, None), _keys(resource) if resource else None
        if old is not None:
            for index, keys in self._indexes(old):
                for key in keys:
                    index[key].discard(ref)
                    if not index[key]:
                        del index[key]
            self._by_account[old.account].discard(ref)
        self._count(ref, resource, spends=new is not None and new.spends)
        if new is not None:
            self._keys[ref.uid] = new
            for index, keys in self._indexes(new):
                for key in keys:
                    index[key].add(ref)
            self._by_account[new.account].add(ref)

    def _count(self, ref: Ref, resource: Resource | None, *, spends: bool) -> None:
        (self._spenders.add if spends else self._spenders.discard)(ref.uid)
        since = resource.deleting_since if resource is not None else None
        if since == self._going.get(ref.uid):
            return
        before = self._going.pop(ref.uid, None)
        if since is not None:
            self._going[ref.uid] = since
        elif before is not None:
            self._gone_lately.append(before)
        self._deletions = None

    def _indexes(self, keys: _Keys) -> tuple[tuple[defaultdict[str, set[Ref]], frozenset[str]], ...]:
        return (self._by_cluster, keys.clusters), (self._by_job, keys.jobs), (self._by_mark, keys.marks)
