"""What people do: with kubectl, with backups, at the console. Nothing of the operator's is used here."""

import copy
from typing import TYPE_CHECKING, Any

from hpc_operator.kube import names
from hpc_simulator import Account
from hpc_simulator.outside import Change, NewCluster

if TYPE_CHECKING:
    from faults.harness.world import World

Raw = dict[str, Any]

EHPC: Raw = {
    "cluster_type": "ehpc",
    "version_id": "appv-simulated",
    "cluster_conf": {
        "cluster": {
            "vxnet": "vxnet-a1b2c3d",
            "nas_id": "nas-1",
            "login": {"count": 1, "cpu": 2, "memory": 4096},
            "controller": {"count": 1, "cpu": 2, "memory": 4096},
            "compute": {"count": 1, "cpu": 2, "memory": 4096},
        },
        "env": {"admin.user": "admin", "nas_path": "/nas"},
    },
}
"""The spec that `apply` uses when none is given."""


class People:
    """Hands at the keyboard."""

    def __init__(self, world: "World") -> None:
        self._world, self._kube = world, world.kube

    # kubectl

    def apply(self, name: str = "demo", spec: Raw | None = None, **annotations: str) -> None:
        """Create the resource. `annotations`: by short name, `take_over="ehpc-…"`."""
        meta: Raw = {"name": name, "annotations": {_full(key): value for key, value in annotations.items()}}
        self._kube.create({"metadata": meta, "spec": {**copy.deepcopy(EHPC), **(spec or {})}})

    def edit(self, name: str = "demo", **spec: Any) -> None:
        """Change top-level fields of the spec; None removes one."""

        def change(raw: Raw) -> None:
            for key, value in spec.items():
                raw["spec"].pop(key, None) if value is None else raw["spec"].__setitem__(key, value)

        self._kube.change(name, change)

    def annotate(self, name: str = "demo", **annotations: str | None) -> None:
        """Set an order by its short name (`adopt="ehpc-…"`), or remove it with None."""

        def change(raw: Raw) -> None:
            held = raw["metadata"].setdefault("annotations", {})
            for key, value in annotations.items():
                held.pop(_full(key), None) if value is None else held.__setitem__(_full(key), value)

        self._kube.change(name, change)

    def delete(self, name: str = "demo") -> None:
        """Kubectl delete."""
        self._kube.delete(name)

    def strip(self, name: str = "demo") -> None:
        """Take every finalizer off by hand."""
        self._kube.change(name, lambda raw: raw["metadata"].pop("finalizers", None))

    def force_delete(self, name: str = "demo") -> None:
        """Delete, and strip the finalizers: the resource is gone at once."""
        self._kube.delete(name)
        if self._kube.get(name) is not None:
            self.strip(name)

    def recreate(self, name: str = "demo") -> None:
        """Force it away and apply the same manifest: a new uid."""
        spec = self._raw(name)["spec"]
        self.force_delete(name)
        self._kube.create({"metadata": {"name": name}, "spec": spec})

    def replace(self, name: str = "demo") -> None:
        """Kubectl replace: annotations and finalizers are stripped, status stays."""

        def change(raw: Raw) -> None:
            raw["metadata"].pop("annotations", None)
            raw["metadata"].pop("finalizers", None)

        self._kube.change(name, change)

    def wipe_status(self, name: str = "demo") -> None:
        """Status is lost; annotations and finalizers stay."""
        self._kube.change(name, lambda raw: raw.__setitem__("status", {"observedGeneration": -1}))

    def strip_record(self, name: str = "demo") -> None:
        """The record annotation is lost; all else stays."""
        self.annotate(name, record=None)

    def backup(self, name: str = "demo") -> Raw:
        """What a backup tool keeps: everything but status."""
        raw = self._raw(name)
        return {key: raw[key] for key in ("metadata", "spec")}

    def restore(self, backup: Raw) -> None:
        """Into a Kubernetes that lost the resource: spec, annotations, finalizers; a new uid and no status."""
        name = backup["metadata"]["name"]
        if self._kube.get(name) is not None:
            self.force_delete(name)
        self._kube.create(backup)

    def copy(self, name: str, other: str) -> None:
        """Apply the exported manifest, annotations included, under another name."""
        backup = self.backup(name)
        backup["metadata"]["name"] = other
        self._kube.create(backup)

    # the console

    def rename(self, cluster_id: str, name: str) -> None:
        """Rename a cluster at the console."""
        self._world.cloud.change_cluster(cluster_id, Change(name=name))

    def describe(self, cluster_id: str, description: str) -> None:
        """Rewrite a description at the console."""
        self._world.cloud.change_cluster(cluster_id, Change(description=description))

    def status(self, cluster_id: str, status: str) -> None:
        """The platform calls a cluster something else, as `active` or `abnormal`."""
        self._world.cloud.change_cluster(cluster_id, Change(status=status))

    def destroy(self, cluster_id: str) -> None:
        """Delete a cluster at the console, at once."""
        self._world.cloud.change_cluster(cluster_id, Change(delete="at-once"))

    def buy(self, name: str = "made-by-a-person", *, status: str | None = None, description: str = "") -> str:
        """Create a cluster at the console; by a job and a log entry unless `status` is given."""
        return self._world.cloud.create_outside(NewCluster(name=name, status=status, description=description))

    # the account

    def switch_key(self, account: Account) -> None:
        """The operator's settings hold another key from now on; the cloud knows it."""
        self._world.cloud.add_account(account)
        self._world.key = account
        self._world.keys_used |= {f"key of {account.owner}": account.key, f"secret of {account.owner}": account.secret}

    def _raw(self, name: str) -> Raw:
        raw = self._kube.get(name)
        assert raw is not None, f"{name} is gone"
        return raw


def _full(short: str) -> str:
    return f"{names.GROUP}/{short.replace('_', '-')}"
