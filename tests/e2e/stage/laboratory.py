"""What the table of refusals finds on the server, and the requests that are made of it.

A request is made by whoever it is given; see `stage.policies.Somebody`.
"""

import copy
import json
from typing import Any

from stage.kube import GROUP
from stage.manifests import ehpc
from stage.policies import Answer, Request, Somebody

PREFIX = "hpc.qingcloud.com"
FINALIZER, RECORD = f"{PREFIX}/cluster", f"{PREFIX}/record"
ID = "ehpc-known00001"
OTHER_ID = "ehpc-other00001"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CRD_NAME = "hpcclusters.hpc.qingcloud.com"
MERGE, APPLY, JSON_PATCH = (
    f"application/{each}" for each in ("merge-patch+json", "apply-patch+yaml", "json-patch+json")
)


def record(cluster: str | None = ID) -> str:
    account = {"endpoint": "https://api.example.com", "zone": "jn1a", "owner": "usr-simulator"}
    whole = {"version": 1, "mark": "a6yvs2rdrgsjgj6", "account": account, "origin": "Created", "id": cluster}
    return json.dumps({key: value for key, value in whole.items() if value}, separators=(",", ":"))


def secret(name: str, **annotations: str) -> dict[str, Any]:
    marked = {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": marked}}


LAB = (
    ehpc("plain", credentialsSecretRef={"name": "key-used"}),
    ehpc("guarded", deletionProtection=True),
    ehpc("known", adminPasswordSecretRef={"name": "password-given", "key": "p"}),
    ehpc("young", adminPasswordSecretRef={"name": "password-needed", "key": "p"}),
    *map(ehpc, ("restored", "ordered", "given-up")),
    ehpc("frees", credentialsSecretRef={"name": "key-freed"}),
    *map(secret, ("key-used", "password-given", "password-needed", "unused")),
    secret("key-freed", allow_deletion="true"),
)
WRITTEN: dict[str, dict[str, str]] = {
    "known": {RECORD: record()},
    "young": {RECORD: record(None)},
    "restored": {RECORD: record(OTHER_ID)},
    "given-up": {RECORD: record(), f"{PREFIX}/abandon": ID},
}
"""What stands under the finalizer, by resource."""


def _other_crd() -> dict[str, Any]:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "others", "kind": "Other", "singular": "other"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return _object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "others.example.com", spec=spec)


def _object(version: str, kind: str, name: str, namespace: str | None = None, **rest: Any) -> dict[str, Any]:
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where}, **rest}


def _bound(user: str, kind: str, role: str) -> dict[str, Any]:
    return _object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        f"{user}-{role}",
        "lab",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        subjects=[{"kind": "ServiceAccount", "name": user, "namespace": "lab"}],
    )


SURROUNDINGS = (
    *(_object("v1", "Namespace", name) for name in ("lab", "elsewhere")),
    _object("v1", "Secret", "key-used", "elsewhere"),
    *(_object("v1", "Secret", "operator-key", namespace) for namespace in ("elsewhere", "hpc-system")),
    _object("v1", "Secret", "other", "hpc-system"),
    _other_crd(),
)
PEOPLE = (
    *(_bound(user, "ClusterRole", role) for user, role in (("editor", "edit"), ("admin", "admin"), ("narrow", "edit"))),
    _bound("narrow", "Role", "adopts-plain"),
    _object(
        "rbac.authorization.k8s.io/v1",
        "Role",
        "adopts-plain",
        "lab",
        rules=[{"apiGroups": [PREFIX], "resources": ["hpcclusters"], "resourceNames": ["plain"], "verbs": ["adopt"]}],
    ),
)


def path(name: str = "", subresource: str = "") -> str:
    return (
        f"{GROUP}/namespaces/lab/hpcclusters"
        + (f"/{name}" if name else "")
        + (f"/{subresource}" if subresource else "")
    )


def secret_path(name: str, namespace: str = "lab") -> str:
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"


def delete(at: str, **query: str) -> Request:
    return lambda who: who.ask("DELETE", at, **query)


def merge(name: str, patch: dict[str, Any], subresource: str = "") -> Request:
    return lambda who: who.ask("PATCH", path(name, subresource), patch, MERGE)


def annotate(name: str, value: str | None, *keys: str) -> Request:
    return merge(name, {"metadata": {"annotations": {f"{PREFIX}/{key}": value for key in keys}}})


def finalizers(name: str, *left: str, **annotations: str) -> Request:
    marked = {f"{PREFIX}/{key}": value for key, value in annotations.items()}
    return merge(name, {"metadata": {"finalizers": list(left), "annotations": marked}})


def create(name: str, *, generated: bool = False, **annotations: str) -> Request:
    made = ehpc(name)
    marked = {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in annotations.items()}
    made["metadata"] = {"generateName" if generated else "name": name, "annotations": marked}
    return lambda who: who.ask("POST", path(), made)


def server_side(made: dict[str, Any]) -> Request:
    at = path(made["metadata"]["name"])
    return lambda who: who.ask("PATCH", at, made, APPLY, fieldManager="somebody", force="true")


def put(name: str, *, strip: tuple[str, ...] = (), **annotations: str) -> Request:
    """What `kubectl replace` sends: the whole object, without what the file lacks."""

    def ask(who: Somebody) -> Answer:
        now = copy.deepcopy(who.kube.cluster(name))
        assert now is not None
        for field in strip:
            now["metadata"].pop(field, None)
        marks = now["metadata"].setdefault("annotations", {})
        marks.update({f"{PREFIX}/{key}": value for key, value in annotations.items()})
        return who.ask("PUT", path(name), now)

    return ask


def uid(name: str) -> Request:
    """Given up by its uid, where no cluster is known."""

    def ask(who: Somebody) -> Answer:
        now = who.kube.cluster(name)
        assert now is not None
        return finalizers(name, abandon=now["metadata"]["uid"])(who)

    return ask


def kubectl(*arguments: str, given: dict[str, Any] | None = None) -> Request:
    return lambda who: who.kubectl(*arguments, given=given)


ORDERED = ehpc("plain", credentialsSecretRef={"name": "key-used"})
ORDERED["metadata"]["annotations"] = {f"{PREFIX}/adopt": ID}
NAKED = ehpc("known", adminPasswordSecretRef={"name": "password-given", "key": "p"})
FILE = ("-f", "-")
STRIPPED: dict[str, Any] = {"metadata": {"finalizers": []}}
