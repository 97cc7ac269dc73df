"""Raw HpcClusters as a server gives them, for the tests of `status`."""

from typing import Any

from hpc_operator.kube.instants import write_time
from hpc_operator.kube.names import FINALIZER

NOW = 1_900_000_000.0


def at(age: float) -> str:
    return write_time(NOW - age)


def condition(kind: str, status: str, reason: str, message: str = "", age: float = 60) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": at(age),
    }


def raw(
    reason: str | None = "Ready", message: str = "", *, name: str = "demo", meta: Any = None, spec: Any = None,
    ready: str | None = None, stalled: bool = False, **status: Any,
) -> dict[str, Any]:  # fmt: skip
    """A resource whose Ready condition has this reason; None: no condition, never looked at."""
    said = ready or ("True" if reason in ("Ready", "Differs", "Stopped") else "False")
    conditions = [] if reason is None else [condition("Ready", said, reason, message)]
    conditions += [condition("Stalled", "True", reason or "", message)] if stalled else []
    role = {"cpu": 2, "memory": 4096}
    return {
        "apiVersion": "hpc.qingcloud.com/v1alpha1",
        "kind": "HpcCluster",
        "metadata": {
            "namespace": "lab",
            "name": name,
            "uid": f"uid-{name}",
            "resourceVersion": "7",
            "generation": 1,
            "creationTimestamp": at(3600),
            "finalizers": [FINALIZER],
            **(meta or {}),
        },
        "spec": {
            "cluster_type": "ehpc",
            "cluster_conf": {"cluster": {"vxnet": "vxnet-1", "login": role, "compute": {**role, "count": 3}}},
            **(spec or {}),
        },
        "status": {"observedGeneration": -1 if reason is None else 1, "conditions": conditions, **status},
    }
