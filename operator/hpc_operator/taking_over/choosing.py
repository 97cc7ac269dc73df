"""Which cluster each blocked resource goes on with, and why not where it does not. Pure; writes nothing.

Imported by `search` and `telling` of this room. A restored resource has another uid than the one its cluster was made
for, so its mark has the same fleet and object and another uid. That alone orders nothing: a person runs the command.
What goes wrong without each question here: a cluster that another resource records would get two; of two candidates
one would be left to bill unseen; a mark that fits two resources would be given to whoever is written first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hpc_operator.domain.mark import marks_in, object_of, stem
from hpc_operator.domain.observed import Cluster, ListLook
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account, Resource
from hpc_operator.kube import names


class Verdict(StrEnum):
    """What becomes of one resource."""

    TAKE = "take over"
    ORDERED = "ordered already"
    LEFT = "not done"


@dataclass(frozen=True, slots=True)
class Choice:
    """One resource and the cluster it goes on with; `why` where it is not done."""

    resource: Resource
    verdict: Verdict
    cluster: Cluster | None = None
    why: str = ""


def blocked(resource: Resource) -> bool:
    """Whether it waits for a person to say whose cluster it is."""
    ready = next((each for each in resource.conditions if each.type == "Ready"), None)
    return ready is not None and ready.reason == Reason.OWNED_ELSEWHERE and not resource.deleting


def choose(
    resources: Sequence[Resource],
    namespace: str,
    accounts: Mapping[str, Account | str],
    looks: Mapping[Account, ListLook],
    fleet: str,
) -> tuple[Choice, ...]:
    """For each blocked resource of the namespace. `resources`: all that are served, they may record a candidate.

    `accounts`: by uid, where its key leads, or a sentence why nobody knows.
    """
    waiting = [each for each in resources if each.ref.namespace == namespace and blocked(each)]
    found = [_choice(each, resources, accounts[each.ref.uid], looks, fleet) for each in waiting]
    return tuple(_once(sorted(found, key=lambda choice: choice.resource.ref)))


def _choice(
    resource: Resource,
    resources: Sequence[Resource],
    account: Account | str,
    looks: Mapping[Account, ListLook],
    fleet: str,
) -> Choice:
    if isinstance(account, str):
        return _left(resource, account)
    look = looks.get(account)
    if look is None or not look.complete:
        return _left(resource, f"the list of owner {account.owner} in zone {account.zone} could not be read")
    own = stem(fleet, resource.ref)
    candidates = [each for each in look.by_mark.get(object_of(own), ()) if _earlier(each, own)]
    if not candidates:
        return _left(resource, _unmarked(resource, look))
    if len(candidates) > 1:
        ids = ", ".join(sorted(each.id for each in candidates))
        return _left(
            resource, f"{len(candidates)} clusters bear its mark: {ids}; choose by {names.ANNOTATION_TAKE_OVER}=<id>"
        )
    return _judged(resource, candidates[0], resources)


def _unmarked(resource: Resource, look: ListLook) -> str:
    """Why there is nothing to take over. What was only observed bears no mark: taken over, it would be deleted with
    its resource, and adopted it would not.
    """
    line = look.by_id.get(resource.id or "")
    if line is not None and not any(True for _ in marks_in(*line.texts)):
        return f"its record names {line.id}, which bears no mark: annotate it with {names.ANNOTATION_ADOPT}={line.id}"
    return "no cluster of the account bears a mark of this namespace and name; see its status"


def _earlier(cluster: Cluster, own: str) -> bool:
    """Whether it was made for another life of this namespace and name, and does not bear this life's mark."""
    stems = {mark.stem for mark in marks_in(*cluster.texts)}
    return own not in stems and any(object_of(each) == object_of(own) for each in stems)


def _judged(resource: Resource, cluster: Cluster, resources: Iterable[Resource]) -> Choice:
    holder = next((r for r in resources if r.ref.uid != resource.ref.uid and cluster.id in _recorded(r)), None)
    wished = resource.desired.cluster_type
    if holder is not None:
        return _left(resource, f"{holder.ref} records it already", cluster)
    if not cluster.id.startswith(f"{wished}-"):
        return _left(resource, f"it is not of cluster_type {wished}", cluster)
    if resource.orders.adopt is not None:
        return _left(resource, f"it is ordered to adopt {resource.orders.adopt}; remove that annotation", cluster)
    ordered = resource.orders.take_over
    if ordered is not None and ordered != cluster.id:
        return _left(resource, f"it is ordered to take over {ordered}; remove that annotation", cluster)
    return Choice(resource, Verdict.TAKE if ordered is None else Verdict.ORDERED, cluster)


def _recorded(resource: Resource) -> set[str | None]:
    """Every id that its memories hold: one that another resource may call its own is nobody else's."""
    return {resource.memory.hpc_cluster_id, resource.record.id if resource.record else None, *resource.memory.strays}


def _once(choices: Sequence[Choice]) -> Iterable[Choice]:
    """One cluster for one resource: a mark holds short hashes, and two names may share one."""
    taken = Counter(each.cluster.id for each in choices if each.cluster and each.verdict is not Verdict.LEFT)
    for each in choices:
        if each.cluster is not None and taken[each.cluster.id] > 1:
            yield _left(each.resource, "its mark fits more than one resource", each.cluster)
        else:
            yield each


def _left(resource: Resource, why: str, cluster: Cluster | None = None) -> Choice:
    return Choice(resource, Verdict.LEFT, cluster, why)
