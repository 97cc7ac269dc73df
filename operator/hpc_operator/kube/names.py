"""Names and shapes that the resource, its CRD and both memories share. Constants only.

Everybody in `kube` may import it, and `main` and `handlers` for the group, version and plural. No behaviour comes in.
"""

GROUP = "hpc.qingcloud.com"
VERSION = "v1alpha1"
KIND = "HpcCluster"
PLURAL = "hpcclusters"
SINGULAR = "hpccluster"
FINALIZER = f"{GROUP}/cluster"

ANNOTATION_RECORD = f"{GROUP}/record"
ANNOTATION_ADOPT = f"{GROUP}/adopt"
ANNOTATION_TAKE_OVER = f"{GROUP}/take-over"
ANNOTATION_CREATE_BESIDE = f"{GROUP}/create-beside"
ANNOTATION_RECREATE = f"{GROUP}/recreate"
ANNOTATION_PAUSED = f"{GROUP}/paused"
ANNOTATION_RECONCILE_AT = f"{GROUP}/reconcile-at"
ANNOTATIONS = (
    ANNOTATION_RECORD, ANNOTATION_ADOPT, ANNOTATION_TAKE_OVER, ANNOTATION_CREATE_BESIDE, ANNOTATION_RECREATE,
    ANNOTATION_PAUSED, ANNOTATION_RECONCILE_AT,
)  # fmt: skip
"""All that are read."""

RECORD_VERSION = 1
"""The version of the record that this operator writes; a higher one is left alone."""

OPERATION_VERSION = 2
"""The newest version of `status.operation` that this operator knows; a higher one is left alone. 2: changes.

What version 1 could say is written as version 1, so that an operator put back to it goes on with it.
"""

# Whatever enters a URL is bounded to characters that need no encoding there.
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
# The very ids that `cloud.text` believes: what an answer may name, both memories, a label and an order can hold.
CLUSTER_ID_PATTERN = r"^e?hpc-[A-Za-z0-9](?:[A-Za-z0-9_-]{0,56}[A-Za-z0-9])?$"
ZONE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
OWNER_PATTERN = r"^usr-[A-Za-z0-9]{1,58}$"
ENDPOINT_PATTERN = r"^https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~/-]*)?$"
MARK_PATTERN = r"^[a-z][a-z0-9]{0,30}$"
TOKEN_PATTERN = r"^[A-Za-z0-9:._-]{0,128}$"  # noqa: S105 - a shape, not a password
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"

# What the API or a person says is cut to these before it reaches status, so that no text can make a write fail.
TEXT_LIMIT = 256
MESSAGE_LIMIT = 4096
WISH_LIMIT = 1024
LIST_LIMIT = 100
# An intent is never cut: a role has at most 99 nodes, and those added outside do not make it five times as many.
NODES_LIMIT = 500
