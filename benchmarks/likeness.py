"""What a settled resource would be if it were another one: everything that hangs on its name, its uid and its ids.

Pure. A resource that an operator really settled is the model; its copies differ in what is derived from who they are
(mark, names, the digest of the description, selector, ids, the cluster's time) and in nothing else, so that an
operator that meets them has nothing to do. `seeding` stores what is made here.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hpc_operator.decide.connecting import wished
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.mark import Mark, marked, stem
from hpc_operator.kube.codec import parse_resource


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a resource is, to Kubernetes and to the cloud. `create_time` as the list shows it."""

    ref: Ref
    cluster_id: str
    job_id: str
    create_time: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a resource's cluster shows: its name, the mark that is its description, and the digest of both."""

    name: str
    description: str
    digest: str
    stem: str


def ref_of(namespace: str, name: str) -> Ref:
    """A resource that was never made by the server: its uid hangs on its name."""
    return Ref(namespace, name, str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace}/{name}")))


def shown(fleet: str, ref: Ref) -> Shown:
    """For a resource whose manifest names and describes nothing, at its first attempt."""
    mark = Mark(stem(fleet, ref), 1)
    name = marked(ref.name, mark)
    digest = hashlib.sha256(f"{name}\n{None}".encode()).hexdigest()[:16]
    return Shown(name, str(mark), digest, mark.stem)


class Model:
    """A settled resource as the server stores it. ValueError when what is derived here is not what stands in it."""

    def __init__(self, fleet: str, raw: Mapping[str, Any]) -> None:
        meta, status = raw["metadata"], raw["status"]
        self._fleet = fleet
        self._text = json.dumps({**raw, "metadata": {**meta, "resourceVersion": None}})
        self.identity = Identity(
            Ref(meta["namespace"], meta["name"], meta["uid"]),
            status["hpc_cluster_id"],
            status["job_id"],
            status["create_time"],
        )
        found, wanted = (status["cluster_name"], status["described"], status["mark"]), shown(fleet, self.identity.ref)
        if found != (wanted.name, wanted.digest, wanted.stem):
            raise ValueError(f"{meta['name']} is not as copies of it would be made: {found}, {wanted}")

    def of(self, other: Identity) -> dict[str, Any]:
        """Another resource with the same manifest, settled as this one is; without a resourceVersion."""
        text = self._text
        for old, new in zip(self._own(self.identity), self._own(other), strict=True):
            text = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
        made: dict[str, Any] = json.loads(text)
        del made["metadata"]["resourceVersion"]
        made["metadata"] |= {"name": other.ref.name, "namespace": other.ref.namespace}
        wish = wished(parse_resource({**made, "metadata": {**made["metadata"], "resourceVersion": "1"}}))
        made["status"] |= {"connection": wish.digest} if wish is not None else {}
        return made

    def _own(self, who: Identity) -> Iterable[str]:
        """All texts that are somebody's own; what contains another comes before it."""
        own = shown(self._fleet, who.ref)
        return own.name, own.stem, own.digest, who.cluster_id, who.job_id, who.ref.uid, who.create_time
