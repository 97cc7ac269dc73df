"""One take-over: everything is read, judged, and, unless it is a rehearsal, each choice is written as an annotation.

The command line runs it. The cloud is met through reads alone: what the operator does with the annotation is its own
decision, with all its safeguards. The only write is that annotation, under the resourceVersion that was judged.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from hpc_operator import account
from hpc_operator.account import Means
from hpc_operator.domain.record import Account, Resource
from hpc_operator.kube import names
from hpc_operator.kube.api import MERGE_PATCH, Api
from hpc_operator.orphans.search import reader
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Credentials, Gone, SecretProblem, Unavailable
from hpc_operator.taking_over.choosing import Choice, Verdict, blocked, choose

WRITER = "hpc-operator-take-over"
_FAILED = (Conflict, CrdTooOld, Gone, Unavailable)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was chosen and done. `problems`: what could not be read; then there may be more."""

    choices: tuple[Choice, ...]
    problems: tuple[str, ...] = ()
    rehearsed: bool = False


class Keys(Protocol):
    """Which key leads where (cloud.credentials.AccountKeys)."""

    async def credentials(self, resource: Resource) -> Credentials:
        """The key and the account that the resource wishes."""


async def take_over(means: Means, namespace: str, *, rehearse: bool) -> Outcome:
    """Read, choose, write."""
    async with AsyncExitStack() as stack:
        try:
            opened = await account.opened(means, stack)
        except Unavailable as problem:
            return Outcome((), (str(problem).rstrip("."),), rehearse)
        facts = await reader(opened, means.settings, namespace).read()
        if facts.resources is None:
            return Outcome((), facts.problems, rehearse)
        waiting = [each for each in facts.resources if each.ref.namespace == namespace and blocked(each)]
        accounts = await where(opened.keys, waiting)
        chosen = choose(facts.resources, namespace, accounts, facts.looks, means.settings.fleet)
        done = chosen if rehearse else await order(opened.server, chosen)
        return Outcome(done, facts.problems, rehearse)


async def where(keys: Keys, resources: Sequence[Resource]) -> Mapping[str, Account | str]:
    """By uid, the account in which the operator would look for this resource's cluster; or why nobody knows."""
    found: dict[str, Account | str] = {}
    for each in resources:
        try:
            found[each.ref.uid] = (await keys.credentials(each)).account
        except (SecretProblem, *_FAILED) as problem:
            found[each.ref.uid] = str(problem).rstrip(".")
    return found


async def order(api: Api, choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Annotate each resource that is to take over; one that cannot be is told as not done, and the others go on."""
    return tuple([await _order(api, each) if each.verdict is Verdict.TAKE else each for each in choices])


async def _order(api: Api, choice: Choice) -> Choice:
    ref, cluster = choice.resource.ref, choice.cluster
    if cluster is None:
        raise AssertionError("a choice to take over names its cluster")
    meta = {
        "resourceVersion": choice.resource.resource_version,
        "annotations": {names.ANNOTATION_TAKE_OVER: cluster.id},
    }
    path = f"/apis/{names.GROUP}/{names.VERSION}/namespaces/{ref.namespace}/{names.PLURAL}/{ref.name}"
    query = {"fieldManager": WRITER}
    try:
        await api.request("PATCH", path, body={"metadata": meta}, query=query, content_type=MERGE_PATCH)
    except Conflict:
        return replace(choice, verdict=Verdict.LEFT, why="it was changed meanwhile: run this again")
    except Gone:
        return replace(choice, verdict=Verdict.LEFT, why="it was deleted meanwhile")
    except (CrdTooOld, Unavailable) as problem:
        return replace(choice, verdict=Verdict.LEFT, why=str(problem).rstrip("."))
    return choice
