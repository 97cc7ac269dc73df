"""A live object for every row of the status table, and the health that Argo CD should see in it.

The status is what the operator decides, reports and encodes for the row's scene; around it stands what the API server
and a manifest would hold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from decide_stages import GOES_ON, GOING, NEEDS_A_PERSON, PAUSED, STANDS, Stage, read

from hpc_operator.domain.desired import Desired
from hpc_operator.domain.record import Resource
from hpc_operator.kube import names
from hpc_operator.kube.memory_written import encode_record

HEALTHY, PROGRESSING, SUSPENDED, DEGRADED = "Healthy", "Progressing", "Suspended", "Degraded"

STANDING = {
    "as wished": HEALTHY,
    "stopped as wished": SUSPENDED,
    "Plan with a difference": HEALTHY,
    "Observe with a difference": HEALTHY,
    "paused, ready before": SUSPENDED,
    "paused, in progress before": SUSPENDED,
    "paused, failed before": SUSPENDED,
    "paused before anything was bought": SUSPENDED,
    "paused with nothing to do": SUSPENDED,
    "paused and a person must act": DEGRADED,
    "paused and being deleted": PROGRESSING,
}
"""Row by row, where the table does not say one word for all."""


@dataclass(frozen=True)
class Live:
    """An object as Argo CD reads it, what it should make of it, and the row it is from (None: no scene reports it)."""

    name: str
    made: dict[str, Any]
    health: str
    stage: Stage | None

    @property
    def file(self) -> str:
        """Its place beside the scripts."""
        return f"testdata/{re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')}.yaml"


def lives() -> list[Live]:
    """Every row, every row that stands with an edit that nobody saw yet, and a resource that nobody looked at."""
    of = {stage.because: health for stage, health in _expected()}
    rows = [Live(stage.because, live(stage), of[stage.because], stage) for stage, _ in _expected()]
    edits = [_edited(row) for row in rows if row.stage in (*STANDS, NEEDS_A_PERSON[0], PAUSED[0])]
    wished = rows[len(GOES_ON)]
    return [*rows, *edits, _half_seen(wished), _fresh(wished), _gone(_fresh(wished))]


def _expected() -> Iterator[tuple[Stage, str]]:
    for stages, health in (
        (GOES_ON, PROGRESSING),
        (STANDS, None),
        (NEEDS_A_PERSON, DEGRADED),
        (GOING, PROGRESSING),
        (PAUSED, None),
    ):
        for stage in stages:
            yield stage, health or STANDING[stage.because]


def live(stage: Stage) -> dict[str, Any]:
    """The whole object after the pass on this row."""
    resource, seen = stage.scene.resource, read(stage)
    metadata = {"name": resource.ref.name, "namespace": resource.ref.namespace, "uid": resource.ref.uid}
    metadata |= {"resourceVersion": resource.resource_version, "creationTimestamp": "2030-03-17T11:00:00Z"}
    if resource.finalizer:
        metadata["finalizers"] = [names.FINALIZER]
    if annotations := _annotations(resource):
        metadata["annotations"] = annotations
    head = {"apiVersion": f"{names.GROUP}/{names.VERSION}", "kind": names.KIND}
    if resource.deleting:
        seen["metadata"]["deletionTimestamp"] = "2030-03-17T17:00:00Z"
    return head | {"metadata": metadata | seen["metadata"], "spec": _spec(resource.desired), "status": seen["status"]}


def _annotations(resource: Resource) -> dict[str, str]:
    made = {names.ANNOTATION_RECORD: encode_record(resource.record)} if resource.record else {}
    return made | ({names.ANNOTATION_PAUSED: "true"} if resource.orders.paused else {})


def _spec(desired: Desired) -> dict[str, Any]:
    conf = desired.conf
    roles = conf.roles if conf else {}
    cluster = {name: {"count": role.count, "cpu": role.cpu, "memory": role.memory} for name, role in roles.items()}
    policies = {"power": str(desired.power), "managementPolicy": str(desired.management_policy)}
    plain = {"cluster_type": str(desired.cluster_type), "version_id": desired.version_id, **policies}
    return plain | {"cluster_conf": {"cluster": cluster | {"vxnet": conf.vxnet if conf else None}}}


def _edited(row: Live) -> Live:
    """The same with an edit that the operator has not seen."""
    return replace(
        row, name=f"{row.name}, edited since", made=_with(row.made, generation=1), health=PROGRESSING, stage=None
    )


def _half_seen(row: Live) -> Live:
    """The status speaks of the edit, what Ready says does not."""
    made = _with(row.made, generation=1)
    made["status"] = {**made["status"], "observedGeneration": made["metadata"]["generation"]}
    return Live("an edit noticed and not judged", made, PROGRESSING, None)


def _fresh(row: Live) -> Live:
    """As the API server made it, with the CRD's default."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation")
    metadata = {key: row.made["metadata"][key] for key in kept}
    made = {**row.made, "metadata": metadata, "status": {"observedGeneration": -1}}
    return Live("nobody looked yet", made, PROGRESSING, None)


def _gone(row: Live) -> Live:
    """Deleted before anybody looked."""
    made = {**row.made, "metadata": {**row.made["metadata"], "deletionTimestamp": "2030-03-17T17:00:00Z"}}
    return replace(row, name="deleted before anybody looked", made=made)


def _with(made: dict[str, Any], generation: int) -> dict[str, Any]:
    metadata = made["metadata"]
    return {**made, "metadata": {**metadata, "generation": metadata["generation"] + generation}}
