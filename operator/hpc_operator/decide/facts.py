"""The scene that a decision is made from: the resource, what was observed, the policy, and the time. Pure data.

`reconcile.engine` gathers it; nothing in `decide` ever fetches anything. A fact that could not be had is None or an
incomplete look: *unknown* stays a value up to here.
"""

import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from itertools import chain
from types import MappingProxyType

from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.mark import marks_in, stem
from hpc_operator.domain.observed import Cluster, IdLook, ListLook, LogLook, NodesLook
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """Another resource that records a cluster, in which account; the older one (by creation, then uid) keeps it."""

    created_at: Instant
    ref: Ref
    account: Account | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier life of a resource that went without being let go: its mark, the id it recorded, where, since when.

    Without an id a create may have been open then. `since`: when the create was begun, or the id recorded; `log_from`:
    from when on the log may show it, where that is earlier; `key`: fingerprint of the key that it was sent with.
    """

    ref: Ref
    mark: str | None
    id: str | None
    account: Account | None
    since: Instant
    log_from: Instant | None = None
    key: str = ""


class FirstCreate(Enum):
    """Whether this resource may create while no cluster of the account has shown a mark of ours."""

    FREE = auto()
    HELD = auto()
    INVISIBLE = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at `now`. `key` is the fingerprint of the key that reads today; `seen_at` when this process
    first saw the resource (a look begun later certainly began after its creation); `unsent`: this very process
    wrote the record, and nothing was ever sent under it. `earlier`: lives of this name that were forced away.
    `claims` and `jobs` are what other resources record; `postponed` names the small chores (describing, counting
    nodes) that failed a moment ago. `recount`: an operation ended after which its nodes may be others. `shows_from`:
    from when on they show what one did, by when its end was noticed: not every log tells when that was. `quota_until`:
    until when the account has no calls for what this resource needs next. `nodes`: the looks at its own nodes, newest
    first. `refused_key`: where the key is from when the service refused it last; None: it took it. `clusters`: how
    many this operator's fleet records or is buying. `mass_deletion`: why deletions are held.
    """

    now: Instant
    fleet: str
    wished: Account | None
    key: str | None
    own_key: bool = True
    key_problem: tuple[Reason, str] | None = None
    refused_key: str | None = None
    offset: float | None = None
    seen_at: Instant = 0.0
    unsent: bool = False
    lists: tuple[ListLook, ...] = ()
    logs: tuple[LogLook, ...] = ()
    ids: Mapping[str, IdLook] = field(default_factory=lambda: MappingProxyType({}))
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=lambda: MappingProxyType({}))
    jobs: Container[str] = frozenset()
    recount: bool = False
    shows_from: Instant | None = None
    nodes: tuple[NodesLook, ...] = ()
    clusters: int = 0
    mass_deletion: str | None = None
    quota_until: Instant | None = None
    postponed: frozenset[str] = frozenset()
    first_create: FirstCreate = FirstCreate.FREE
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True)  # no slots: what is asked of a whole account again and again is computed once
class Scene:
    """One resource, its facts and the policy, with the questions that several rooms of `decide` ask."""

    resource: Resource
    facts: Facts
    policy: Policy

    @property
    def now(self) -> Instant:
        """The own clock at the beginning of the decision."""
        return self.facts.now

    @cached_property
    def stem(self) -> str:
        """This resource's mark without attempt: the recorded string, else derived."""
        operation = self.resource.memory.operation
        recorded = operation.mark if operation else self.resource.memory.mark
        return recorded or stem(self.facts.fleet, self.resource.ref)

    @property
    def newest(self) -> ListLook | None:
        """The newest list look that is complete."""
        return next((look for look in self.facts.lists if look.complete), None)

    @property
    def log(self) -> LogLook | None:
        """The newest look at the operation log, complete or not."""
        return self.facts.logs[0] if self.facts.logs else None

    @cached_property
    def _speaking(self) -> tuple[ListLook, ...]:
        """The looks that tell what is listed now, newest first: the newest complete one, and partial ones since."""
        begun = self.newest.begun if self.newest else 0.0
        return tuple(
            look for look in self.facts.lists if look is self.newest or (not look.complete and look.begun >= begun)
        )

    def bearing(self, part: str, since: Instant = math.inf) -> Iterator[Cluster]:
        """The clusters in which a mark with this stem, object or fleet stands, by their newest line.

        Listed now; and what any kept look that began at or after `since` showed besides: one look may skip an entry.
        """
        kept = [look for look in self.facts.lists if look in self._speaking or look.begun >= since]
        marked = (line.id for look in kept for line in look.by_mark.get(part, ()))
        asked = (i for i, look in self.facts.ids.items() if look.cluster is not None)
        done: set[str] = set()
        for cluster_id in chain(marked, asked):
            if cluster_id in done:
                continue
            done.add(cluster_id)
            line = self.shown(cluster_id) or next((k.by_id[cluster_id] for k in kept if cluster_id in k.by_id), None)
            if line is not None and any(mark.stem.startswith(part) for mark in marks_in(*line.texts)):
                yield line

    @property
    def account(self) -> Account:
        """The recorded account, else the wished one; the planner asks for credentials before anything needs it."""
        account = self.resource.account or self.facts.wished
        if account is None:
            raise LookupError("no account is known: the planner must ask for credentials first")
        return account

    def shown(self, cluster_id: str) -> Cluster | None:
        """The cluster's line, if any look still speaks for it: the newest look by id or at the list.

        A list hides clusters (abnormal, deleting) that a look by id shows: such a line speaks for two stalenesses.
        """
        asked = self.facts.ids.get(cluster_id)
        by_id = asked.cluster if asked else None
        begun = self.newest.begun if self.newest else 0.0
        if asked is not None and by_id is not None and asked.begun >= begun:
            return by_id
        listed = next((look.by_id[cluster_id] for look in self._speaking if cluster_id in look.by_id), None)
        hidden = asked is not None and asked.begun > self.now - 2 * self.policy.staleness
        return listed or (by_id if hidden else None)

    def others(self, cluster_id: str) -> tuple[Claim, ...]:
        """Other resources that record this cluster."""
        return tuple(c for c in self.facts.claims.get(cluster_id, ()) if c.ref.uid != self.resource.ref.uid)

    @property
    def look_problem(self) -> str:
        """Why the newest reads say less than everything, for people."""
        looks: tuple[ListLook | LogLook, ...] = (*self.facts.lists[:1], *self.facts.logs[:1])
        return next((look.problem for look in looks if not look.complete and look.problem), "no complete look yet")
