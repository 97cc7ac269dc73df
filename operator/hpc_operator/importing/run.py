"""One import: opened, read, judged, written as YAML, closed. The command line runs it; nothing is changed anywhere.

No call that changes anything can be reached from this room: the cloud is met through reads, Kubernetes through
`kube.readonly`.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from hpc_operator import account
from hpc_operator.account import Means
from hpc_operator.domain.record import Account
from hpc_operator.importing.judging import refusal
from hpc_operator.importing.manifest import manifest
from hpc_operator.importing.reading import Found, Known, look, place, resources
from hpc_operator.importing.telling import as_yaml
from hpc_operator.kube.readonly import ReadOnly
from hpc_operator.reconcile.ports import SecretProblem, Unavailable
from hpc_operator.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """The manifest, or why there is none. `warnings`: what could not be seen. `code`: the exit code."""

    text: str = ""
    refused: str = ""
    warnings: tuple[str, ...] = ()
    code: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cluster, and what its HpcCluster is to be called and where; None: made from the cluster's, and not said."""

    id: str
    name: str | None = None
    namespace: str | None = None


async def run(means: Means, asked: Asked) -> Outcome:
    """The manifest of the cluster asked for. Exit codes: 0 printed, 1 refused, 2 it could not be read."""
    async with AsyncExitStack() as stack:
        try:
            opened = await account.opened(means, stack)
        except Unavailable as problem:
            return Outcome(refused=str(problem).rstrip("."), code=2)
        try:
            own = opened.keys.own()
        except SecretProblem as problem:
            return Outcome(refused=str(problem).rstrip("."), code=2)
        settings = means.settings
        seen = await look(opened.caller, opened.observer, own, accounts(settings, own.account), asked.id)
        if seen.found is None:
            return _nowhere(asked.id, seen.accounts, seen.problems)
        there = await resources(ReadOnly(opened.server), settings.namespaces)
        return _judged(seen.found, there, asked, means, own.account)


def accounts(settings: Settings, own: Account) -> tuple[Account, ...]:
    """Every owner and zone of the settings, the default ones first."""
    policy = settings.policy()
    views = (
        Account(own.endpoint, zone, owner)
        for owner in policy.owners or (own.owner,)
        for zone in policy.zones or (own.zone,)
    )
    return tuple(dict.fromkeys((own, *views)))


def _nowhere(wanted: str, asked: tuple[Account, ...], problems: tuple[str, ...]) -> Outcome:
    if problems:
        return Outcome(refused="; ".join(problems), code=2)
    where = " or ".join(map(place, asked))
    return Outcome(
        refused=f"no cluster {wanted} is shown to {where}: mend the id, or the settings owners and zones", code=1
    )


def _judged(found: Found, there: Known, asked: Asked, means: Means, own: Account) -> Outcome:
    unseen = f"whether an HpcCluster stands for {asked.id} already is not known: {there.problem}"
    warnings = (unseen,) if there.problem else ()
    if why := refusal(found.cluster, there, means.settings.fleet):
        return Outcome(refused=why, warnings=warnings, code=1)
    made = manifest(found, asked.name, asked.namespace, told_account=found.account != own)
    return Outcome(as_yaml(found, made, means.scrubber.scrub), warnings=warnings)
