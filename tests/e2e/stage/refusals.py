"""The table of refusals: who asks for what, which policy refuses it with which words, and what passes.

`QUICK` are single requests by HTTP, `BY_KUBECTL` what kubectl makes of a command.
"""

from dataclasses import dataclass

from stage.laboratory import (
    CRD,
    CRD_NAME,
    FILE,
    FINALIZER,
    ID,
    JSON_PATCH,
    MERGE,
    NAKED,
    ORDERED,
    OTHER_ID,
    PREFIX,
    RECORD,
    annotate,
    create,
    delete,
    finalizers,
    kubectl,
    merge,
    path,
    put,
    record,
    secret_path,
    server_side,
    uid,
)
from stage.policies import Request


@dataclass(frozen=True)
class Row:
    """Who asks for what, and the policy that refuses it with these words; without one it passes."""

    why: str
    who: str
    request: Request
    policy: str = ""
    words: str = ""


NEEDS_ADOPT = "that needs the verb adopt on hpcclusters.hpc.qingcloud.com in namespace lab"
KEEPS_FINALIZER = "only the operator takes the finalizer hpc.qingcloud.com/cluster off"
KEEPS_RECORD = "only the operator changes the annotation hpc.qingcloud.com/record"
CLAIMS = "the annotation hpc.qingcloud.com/record claims a cluster"
NAMES_IT = f"annotate hpc.qingcloud.com/abandon={ID} first"

QUICK = (
    # protectClusters
    Row("a protected one", "root", delete(path("guarded")), "protect-clusters", "patch hpc guarded --type=merge -p"),
    Row(
        "protected among a collection",
        "root",
        delete(path()),
        "protect-clusters",
        "lab/guarded has spec.deletionProtection true",
    ),
    Row("an unprotected one", "editor", delete(path("plain"))),
    Row("the protection is taken off", "editor", merge("guarded", {"spec": {"deletionProtection": False}})),
    # protectCrd
    Row(
        "the CRD",
        "root",
        delete(f"{CRD}/{CRD_NAME}"),
        "protect-crd",
        f"kubectl annotate crd {CRD_NAME} hpc.qingcloud.com/allow-deletion=true",
    ),
    Row("the CRD in a collection", "root", delete(CRD), "protect-crd", "deletes every HpcCluster"),
    Row("another CRD", "root", delete(f"{CRD}/others.example.com")),
    Row(
        "a change of the CRD",
        "root",
        lambda who: who.ask("PATCH", f"{CRD}/{CRD_NAME}", {"metadata": {"labels": {"a": "b"}}}, MERGE),
    ),
    # orders
    *(
        Row(
            f"{order} by who may only edit",
            "editor",
            annotate("plain", ID, order),
            "orders",
            f"hpc.qingcloud.com/{order}: {NEEDS_ADOPT}",
        )
        for order in ("adopt", "take-over", "create-beside", "recreate")
    ),
    *(
        Row(f"{order} by an administrator", "admin", annotate("plain", ID, order))
        for order in ("adopt", "take-over", "create-beside", "recreate")
    ),
    Row("an order is changed", "editor", annotate("ordered", OTHER_ID, "adopt"), "orders", NEEDS_ADOPT),
    Row("an order is taken back", "editor", annotate("ordered", None, "adopt")),
    Row("another change beside an order", "editor", merge("ordered", {"spec": {"description": "x"}})),
    Row(
        "several orders at once",
        "editor",
        annotate("plain", ID, "adopt", "recreate"),
        "orders",
        "hpc.qingcloud.com/adopt, hpc.qingcloud.com/recreate",
    ),
    Row("an empty order", "editor", annotate("plain", "", "adopt"), "orders", NEEDS_ADOPT),
    Row("created with an order", "editor", create("new", adopt=ID), "orders", NEEDS_ADOPT),
    Row(
        "created with an order under a generated name",
        "editor",
        create("new-", generated=True, adopt=ID),
        "orders",
        NEEDS_ADOPT,
    ),
    Row("the same by an administrator", "admin", create("new-", generated=True, adopt=ID)),
    Row("created without an order", "editor", create("new", paused="true")),
    Row("created by an administrator", "admin", create("new", take_over=ID)),
    Row("paused and reconcile-at", "editor", annotate("plain", "true", "paused", "reconcile-at")),
    Row("server-side apply", "editor", server_side(ORDERED), "orders", NEEDS_ADOPT),
    Row("server-side apply by an administrator", "admin", server_side(ORDERED)),
    Row(
        "JSON patch",
        "editor",
        lambda who: who.ask(
            "PATCH",
            path("plain"),
            [{"op": "add", "path": "/metadata/annotations", "value": {f"{PREFIX}/recreate": ID}}],
            JSON_PATCH,
        ),
        "orders",
        NEEDS_ADOPT,
    ),
    Row("the right for one name", "narrow", annotate("plain", ID, "adopt")),
    Row("the right for another name", "narrow", annotate("guarded", ID, "adopt"), "orders", NEEDS_ADOPT),
    Row("the operator gives no orders", "operator", annotate("plain", ID, "adopt"), "orders", NEEDS_ADOPT),
    Row(
        "the operator writes beside an order",
        "operator",
        merge("ordered", {"metadata": {"finalizers": [FINALIZER], "annotations": {RECORD: record()}}}),
    ),
    Row("the operator writes status", "operator", merge("ordered", {"status": {"job_id": "j-1"}}, "status")),
    Row("scale", "editor", merge("plain", {"spec": {"replicas": 2}}, "scale")),
    # protectSecrets
    Row(
        "a key in use",
        "editor",
        delete(secret_path("key-used")),
        "protect-secrets",
        "Secret key-used is needed by HpcCluster plain",
    ),
    Row(
        "a key in use, in a collection",
        "editor",
        delete(secret_path("").rstrip("/")),
        "protect-secrets",
        "is needed by HpcCluster",
    ),
    Row(
        "a password before the create was answered",
        "editor",
        delete(secret_path("password-needed")),
        "protect-secrets",
        "is needed by HpcCluster young",
    ),
    Row("a password that has been used", "editor", delete(secret_path("password-given"))),
    Row("a Secret that nobody names", "editor", delete(secret_path("unused"))),
    Row("a key in use, freed by its annotation", "editor", delete(secret_path("key-freed"))),
    Row("a Secret of that name elsewhere", "root", delete(secret_path("key-used", "elsewhere"))),
    Row(
        "the operator's own key",
        "root",
        delete(secret_path("operator-key", "hpc-system")),
        "protect-key",
        "is the key of the operator",
    ),
    Row("another Secret beside it", "root", delete(secret_path("other", "hpc-system"))),
    Row("a Secret named like the operator's key elsewhere", "root", delete(secret_path("operator-key", "elsewhere"))),
    # keepRecord
    Row("the finalizer is stripped", "root", finalizers("known"), "keep-record", KEEPS_FINALIZER),
    Row("it is stripped by who may adopt", "admin", finalizers("known"), "keep-record", NAMES_IT),
    Row("the record is taken off", "root", annotate("known", None, "record"), "keep-record", KEEPS_RECORD),
    Row("the record is changed", "root", annotate("known", record(OTHER_ID), "record"), "keep-record", KEEPS_RECORD),
    Row("PUT without annotations", "root", put("known", strip=("annotations",)), "keep-record", KEEPS_RECORD),
    Row(
        "PUT without finalizers",
        "root",
        put("known", strip=("finalizers",)),
        "keep-record",
        "kubectl replace strips it",
    ),
    Row("PUT of the whole", "editor", put("known", paused="true")),
    Row("server-side apply of the same file", "editor", server_side(NAKED)),
    Row("another's finalizer", "editor", finalizers("known", FINALIZER, "example.com/other")),
    Row("ours beside another's", "root", finalizers("known", "example.com/other"), "keep-record", KEEPS_FINALIZER),
    Row("the cluster is given up", "admin", finalizers("known", abandon=ID)),
    Row("given up in one PUT", "admin", put("known", strip=("annotations", "finalizers"), abandon=ID)),
    Row("given up by who may only edit", "editor", finalizers("known", abandon=ID), "keep-record", KEEPS_FINALIZER),
    Row("another cluster is named", "admin", finalizers("known", abandon=OTHER_ID), "keep-record", NAMES_IT),
    Row(
        "given up earlier, stripped by who may only edit",
        "editor",
        finalizers("given-up"),
        "keep-record",
        KEEPS_FINALIZER,
    ),
    Row("given up earlier, stripped now", "admin", finalizers("given-up")),
    Row(
        "the word alone frees nothing for a later replace",
        "root",
        put("given-up", strip=("annotations",)),
        "keep-record",
        KEEPS_RECORD,
    ),
    Row(
        "without a status the record names the cluster",
        "root",
        finalizers("restored"),
        "keep-record",
        f"abandon={OTHER_ID} first",
    ),
    Row("and is given up by that", "admin", finalizers("restored", abandon=OTHER_ID)),
    Row("a uid is no answer where a cluster is known", "admin", uid("restored"), "keep-record", KEEPS_FINALIZER),
    Row("without any id it is the uid", "admin", uid("young")),
    Row("a record is forged", "editor", annotate("plain", record(), "record"), "keep-record", CLAIMS),
    Row("a manifest with a record is copied", "editor", create("copy", record=record()), "keep-record", CLAIMS),
    Row("a backup is restored", "admin", create("copy", record=record())),
    Row("the operator takes its finalizer off", "operator", finalizers("known")),
    Row("the operator changes its record", "operator", annotate("known", record(OTHER_ID), "record")),
    Row("the operator writes its first record", "operator", annotate("plain", record(), "record")),
    Row("status, by whom RBAC lets", "root", merge("known", {"status": {"hpc_cluster_id": None}}, "status")),
)
BY_KUBECTL = (
    Row(
        "a protected one, by kubectl",
        "editor",
        kubectl("delete", "hpc", "guarded"),
        "protect-clusters",
        "set that to false first",
    ),
    Row(
        "protected among all",
        "root",
        kubectl("delete", "hpc", "--all"),
        "protect-clusters",
        "lab/guarded has spec.deletionProtection true",
    ),
    Row(
        "kubectl annotate", "editor", kubectl("annotate", "hpc", "plain", f"{PREFIX}/adopt={ID}"), "orders", NEEDS_ADOPT
    ),
    Row("kubectl apply", "editor", kubectl("apply", *FILE, given=ORDERED), "orders", NEEDS_ADOPT),
    Row("kubectl apply by an administrator", "admin", kubectl("apply", *FILE, given=ORDERED)),
    Row("kubectl replace", "editor", kubectl("replace", *FILE, given=ORDERED), "orders", NEEDS_ADOPT),
    Row(
        "a key in use, by kubectl",
        "root",
        kubectl("delete", "secret", "key-used"),
        "protect-secrets",
        "hpc.qingcloud.com/allow-deletion=true",
    ),
    Row("kubectl replace", "root", kubectl("replace", *FILE, given=NAKED), "keep-record", "use kubectl apply"),
    Row("kubectl apply of the same file", "editor", kubectl("apply", *FILE, given=NAKED)),
)
TABLE = (*QUICK, *BY_KUBECTL)
REFUSED = tuple(row for row in TABLE if row.policy)
