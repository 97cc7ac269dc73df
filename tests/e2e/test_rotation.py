"""Keys that are rotated under a running operator: noticed without a restart and without a write, on real processes.

Nothing but a key that turned wakes these resources: the next pass by time alone would come after 100 s.
"""

import base64
from pathlib import Path
from typing import Any

from stage import Stage, until
from stage.kube import condition
from stage.manifests import ehpc
from stage.mounts import Mount

OLD, NEW = (
    ("SIMULATOR-ACCESS-KEY", "simulator-secret-for-tests-only"),
    ("OWN-ROTATED-KEY", "own-rotated-secret-for-tests"),
)
THEIRS_OLD, THEIRS_NEW = ("THEIR-KEY-1", "their-secret-1-for-tests"), ("THEIR-KEY-2", "their-secret-2-for-tests")
TENANT = {"owner": "usr-tenant", "zone": "jn1a"}
RESTS = {"STALENESS": "10", "CREDENTIALS_MAX_AGE": "2", "ACCESS_KEY_ID": None, "SECRET_ACCESS_KEY": None}


def files(key: tuple[str, str]) -> dict[str, str]:
    return {"access_key_id": f"{key[0]}\n", "secret_access_key": key[1]}


def secret(key: tuple[str, str], **other: str) -> dict[str, Any]:
    values = {"access_key_id": key[0], "secret_access_key": key[1], **TENANT, **other}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tenant-key"}, "data": data}


def enter(stage: Stage, key: tuple[str, str], owner: str) -> None:
    """The cloud knows this key of that owner."""
    stage.cloud.ask("POST", "/accounts", {"key": key[0], "secret": key[1], "owner": owner})


def looked(stage: Stage, since: int, *keys: tuple[str, str]) -> bool:
    """Whether the account was looked at with each of these."""
    return {key[0] for key in keys} <= {call["key"] for call in stage.cloud.calls("list", since=since)}


def versions(stage: Stage) -> dict[str, str]:
    return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in stage.kube.clusters()}


def test_keys_are_rotated_under_a_running_operator(stage: Stage, tmp_path: Path) -> None:
    mount = Mount(tmp_path / "key")
    mount.put(files(OLD))
    enter(stage, THEIRS_OLD, TENANT["owner"])
    operator = stage.operator(CREDENTIALS_DIR=str(mount.folder), **RESTS)
    stage.kube.apply(secret(THEIRS_OLD), ehpc("own"), ehpc("tenant", credentialsSecretRef={"name": "tenant-key"}))
    ids = {name: stage.wait_ready(name)["hpc_cluster_id"] for name in ("own", "tenant")}
    assert stage.kube.status("tenant")["account"]["owner"] == TENANT["owner"]
    before = versions(stage)

    # New keys of the same accounts: in use at once, the old ones never again, and nobody is written.
    enter(stage, NEW, "usr-simulator")
    enter(stage, THEIRS_NEW, TENANT["owner"])
    since = stage.cloud.last_call()
    mount.put(files(NEW))
    stage.kube.apply(secret(THEIRS_NEW))
    until("both accounts are looked at with the new keys", lambda: looked(stage, since, NEW, THEIRS_NEW))
    settled = stage.cloud.last_call()
    until("and looked at again", lambda: looked(stage, settled, NEW, THEIRS_NEW), 90)
    used = {call["key"] for call in stage.cloud.calls(since=settled)}
    assert used == {NEW[0], THEIRS_NEW[0]}, "the old keys can be revoked now"
    assert versions(stage) == before

    # One is taken away, leads elsewhere, and is put back. The other has nothing to do with it.
    stage.kube.kubectl("delete", "secret", "tenant-key")
    stage.wait_reason("tenant", "CredentialsMissing")
    stage.kube.apply(secret(THEIRS_NEW, owner="usr-simulator"))
    told = stage.wait_reason("tenant", "AccountChanged")
    assert "owner is now usr-simulator and was usr-tenant" in condition(told)["message"]
    assert condition(told, "Stalled")["status"] == "True"
    quiet = stage.cloud.last_call()
    until("the other account is watched", lambda: looked(stage, quiet, NEW), 90)
    assert {call["key"] for call in stage.cloud.calls(since=quiet)} == {NEW[0]}, "nothing is called with it"
    stage.kube.apply(secret(THEIRS_NEW))
    assert stage.wait_ready("tenant")["hpc_cluster_id"] == ids["tenant"]
    assert stage.wait_ready("own")["hpc_cluster_id"] == ids["own"]
    assert versions(stage)["own"] == before["own"]
    assert (stage.cloud.count("createCluster"), stage.cloud.gone()) == ((2, 2), [])
    assert operator.program.poll() is None, "it is the same process"
    assert not any(value in stage.outputs() for key in (OLD, NEW, THEIRS_OLD, THEIRS_NEW) for value in key)
