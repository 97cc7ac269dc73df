"""What stands in the Secret `<name>-connection`, and when it is to be written. Pure.

Imported by whoever finds nothing else to do (`living`). It is written with any managementPolicy, for nothing of it
reaches the cloud. No password ever comes in: the Secret that has it is named.
"""

import hashlib
import json

from hpc_operator.decide.facts import Scene
from hpc_operator.domain.actions import Connect
from hpc_operator.domain.record import Origin, Resource

_GENERATED = "password"


def connect(scene: Scene) -> Connect | None:
    """The Secret as it should stand, when it is known not to; None when there is nothing to write, or not now.

    A person who deleted it by hand gets it back with the next `reconcile-at`, which is part of the digest.
    """
    resource, memory = scene.resource, scene.resource.memory
    if resource.deleting or memory.hpc_cluster_id is None or not memory.nodes or "Connect" in scene.facts.postponed:
        return None
    texts = _texts(resource, memory.hpc_cluster_id)
    digest = _digest(texts, resource.orders.reconcile_at)
    return None if digest == memory.connection else Connect(texts, digest)


def _texts(resource: Resource, cluster_id: str) -> tuple[tuple[str, str], ...]:
    """Keys as `docs/connection.md` lists them; what is not known has no key."""
    account, conf = resource.account, resource.desired.conf
    user = conf.env.get("admin.user") if conf is not None else None
    secret, key = _password(resource)
    found = {
        "hpc_cluster_id": cluster_id,
        "zone": account.zone if account is not None else None,
        "login_addresses": ",".join(resource.memory.endpoints) or None,
        "admin_user": str(user) if user is not None else None,
        "admin_password_secret": secret,
        "admin_password_key": key,
    }
    return tuple((name, text) for name, text in found.items() if text is not None)


def _password(resource: Resource) -> tuple[str | None, str | None]:
    """Where the password is: as the manifest says, or where it was generated; nobody knows that of an adopted one."""
    named = resource.desired.admin_password
    if named is not None:
        return named.name, named.key
    created = resource.memory.origin is Origin.CREATED
    return (f"{resource.ref.name}-admin", _GENERATED) if created else (None, None)


def _digest(texts: tuple[tuple[str, str], ...], asked: str | None) -> str:
    return hashlib.sha256(json.dumps([texts, asked]).encode()).hexdigest()[:16]
