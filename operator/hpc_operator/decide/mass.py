"""Deletion in bulk: when so many resources turn Terminating at once that deleteCluster is held for all of them. Pure.

Imported by `reconcile.mass`, which gathers the numbers. `kubectl delete crd` or a namespace too many stamps every
resource in a moment, and the next operator that starts would delete the fleet. Only the API server's own
deletionTimestamps are compared with each other: no clock of ours comes in, and a restart forgets nothing that is still
there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.policy import Policy

SPAN = 600.0
"""Deletions so many seconds apart at most are one burst."""
_FEW, _SHARE = 10, 5


@dataclass(frozen=True, slots=True)
class Deletions:
    """`times`: deletionTimestamps, sorted: of resources that are Terminating, and of those that went lately.

    `fleet`: how many resources there are; `terminating`: how many of them are being deleted.
    """

    times: Sequence[Instant]
    fleet: int
    terminating: int


def burst(times: Sequence[Instant], at: Instant) -> int:
    """The most deletions that lie within ten minutes of each other, the one at `at` among them. `times` is sorted."""
    first, after = bisect_left(times, at - SPAN), bisect_right(times, at)
    begins = dict.fromkeys(times[first:after])
    return max((bisect_right(times, begin + SPAN) - bisect_left(times, begin) for begin in begins), default=0)


def allowed(deletions: Deletions, at: Instant, policy: Policy) -> int:
    """How many may go within ten minutes without an approval. Who went lately counts as part of the fleet."""
    if policy.max_deletions is not None:
        return policy.max_deletions
    around = bisect_right(deletions.times, at + SPAN) - bisect_left(deletions.times, at - SPAN)
    return max(_FEW, max(deletions.fleet, around + deletions.fleet - deletions.terminating) // _SHARE)


def held(deletions: Deletions, at: Instant, doomed: bool | None, approved: int, policy: Policy) -> str | None:
    """Why the deletion that was asked for at `at` is held, for people; None: it goes on.

    `doomed`: the CRD itself is being deleted; None: nobody knows. `approved`: the number on the Lease.
    """
    if not policy.hold_deletions:
        return None
    number, most = burst(deletions.times, at), allowed(deletions, at, policy)
    if doomed:
        number = max(number, deletions.terminating)
    elif doomed is not None and number <= most:
        return None
    if approved >= number:
        return None
    return f"{_what(doomed, number, most)} {_ends(number)}"


def _what(doomed: bool | None, number: int, most: int) -> str:
    if doomed:
        return (
            "The CustomResourceDefinition itself is being deleted, and every HpcCluster with it: no cluster is deleted."
        )
    if number > most:
        return (
            f"{number} HpcClusters are being deleted within ten minutes, more than the {most} that may be without an "
            "approval: no cluster is deleted."
        )
    return (
        "Whether the CustomResourceDefinition itself is being deleted cannot be read from the API server at present: "
        "no cluster is deleted before that is known."
    )


def _ends(number: int) -> str:
    return (
        f"If that is meant, annotate the operator's Lease with hpc.qingcloud.com/approve-deletions={number}. To keep "
        "this cluster, set spec.deletionPolicy to Retain: the resource is then let go."
    )
