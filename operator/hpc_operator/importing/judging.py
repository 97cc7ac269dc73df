"""Whether a cluster may be imported: whose it is already, by its mark and by what resources record. Pure.

Imported by `run`. What goes wrong without: two operators, or two resources, would each put right what the other did.
"""

from hpc_operator.decide.orphans import known
from hpc_operator.domain.mark import Mark, fleet_of, marks_in
from hpc_operator.domain.observed import Cluster
from hpc_operator.importing.reading import Known
from hpc_operator.kube import names


def refusal(cluster: Cluster, there: Known, fleet: str) -> str | None:
    """Why not, and what to do instead; None where nothing speaks against it."""
    if cluster.status == "deleting":
        return f"{cluster.id} is being deleted"
    recorded = known(there.resources, fleet)
    holder = recorded.holders.get(cluster.id)
    if holder is not None:
        return f"{cluster.id} is recorded by the HpcCluster {holder} already: one cluster has one resource"
    marks = tuple(marks_in(*cluster.texts))
    if bearer := next((recorded.stems[mark.stem] for mark in marks if mark.stem in recorded.stems), None):
        return f"{cluster.id} bears the mark of the HpcCluster {bearer}: see what its status says"
    ours = [mark for mark in marks if mark.fleet == fleet_of(fleet)]
    if namesake := next((recorded.objects[mark.object] for mark in ours if mark.object in recorded.objects), None):
        return (
            f"{cluster.id} was made for an earlier life of the HpcCluster {namesake}: annotate that one with "
            f"{names.ANNOTATION_TAKE_OVER}={cluster.id} (hpc-operator take-over does so for a whole namespace)"
        )
    if ours:
        return (
            f"{cluster.id} bears a mark of this fleet, {ours[0]}, of no HpcCluster that is known here: apply one of "
            f"its earlier namespace and name with the annotation {names.ANNOTATION_TAKE_OVER}={cluster.id}"
        )
    return _foreign(cluster, marks[0]) if marks else None


def _foreign(cluster: Cluster, mark: Mark) -> str:
    return (
        f"{cluster.id} bears the mark of another fleet, {mark}: another Kubernetes manages it. Let it go there "
        "(deletionPolicy Retain, then delete its HpcCluster) and take the mark out of its name and description in the "
        "console"
    )
