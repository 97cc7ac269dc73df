"""What each annotation does, in a sentence. The page is not made while one that is read has none."""

from hpc_operator.kube import names

MEANING = {
    names.ANNOTATION_RECORD: (
        "Operator",
        "the first of the two memories: mark, account, origin and id. Written before any money is spent; never edit it",
        "[restoring.md](restoring.md)",
    ),
    names.ANNOTATION_ADOPT: (
        "you",
        "`<id>`: go on with this cluster, which was not created here. Nothing is ever created while it stands",
        "[adopting.md](adopting.md)",
    ),
    names.ANNOTATION_TAKE_OVER: (
        "you, `hpc-operator take-over`",
        "`<id>`: go on with a cluster of an earlier life of this resource, or mark the recorded one as ours again",
        "[take-over.md](take-over.md)",
    ),
    names.ANNOTATION_CREATE_BESIDE: (
        "you",
        "ids or marks, separated by commas: leave these clusters of an earlier life alone and create another. It costs",
        "[reasons.md](reasons.md#ownedelsewhere)",
    ),
    names.ANNOTATION_RECREATE: (
        "you",
        "`<id>`, or `<mark>-<attempt>`: give up a vanished cluster or an unresolved create, delete a failed one, and "
        "create anew",
        "[recovering.md](recovering.md#createfailed)",
    ),
    names.ANNOTATION_PAUSED: (
        "you",
        "anything but empty or `false`: nothing is created or changed; a deletion of the resource goes on",
        "[reasons.md](reasons.md#paused)",
    ),
    names.ANNOTATION_RECONCILE_AT: (
        "you",
        "any new value: look again now, and try once more what was refused; "
        "answered in `status.lastHandledReconcileAt`",
        "[reasons.md](reasons.md#changerefused)",
    ),
}
"""Annotation: who sets it, what it does, where it is told in full."""

CONDITIONS = (
    ("Ready", "the cluster is as the manifest says; its reason says why not", "[reasons.md](reasons.md)"),
    ("Reconciling", "the operator is on its way and goes on by itself", "the reason of Ready, or `Done`"),
    ("Stalled", "nothing goes on without a person", "the reason of Ready, or `Progressing`"),
    (
        "Available",
        "the cluster can be used, whatever is under way",
        "the cluster's status as one word (`Active`), or `NotShown`",
    ),
)
"""Condition: what True means, what its reason is."""
