"""The manifest as YAML with comments for whoever applies it. Pure; the words of the service come out scrubbed."""

from collections.abc import Callable
from textwrap import wrap

import yaml

from hpc_operator.importing.manifest import Manifest
from hpc_operator.importing.reading import Found, place
from hpc_operator.kube.instants import clean

Scrub = Callable[[str], str]
_WIDTH = 116
_HEAD = (
    "Apply it as it stands: the operator adopts the cluster and, with Observe, never changes or deletes it. Then set "
    "managementPolicy to Plan and read status.plan; with Full the operator does what the plan lists: first of all it "
    "adds its mark to the cluster's name and description."
)
_UNTOLD = (
    "What no answer of the API tells, and a cluster that exists does not need: {fields}. Whoever knows them fills them "
    "in before applying; once the cluster is recorded they cannot be changed. Only a create needs version_id, vxnet, "
    "controller and compute."
)
_FIELDS = "version_id, deploy_mode, duration, is_auto_renewal, cluster_conf.cluster.vxnet, cluster_conf.env"
_LONGEST = 300


def as_yaml(found: Found, made: Manifest, scrub: Scrub) -> str:
    """One document; every comment stands before it, so that the object can be edited as a whole."""
    cluster = found.cluster
    stands = f"{cluster.id}, {cluster.status or 'of unknown status'}, of {place(found.account)}."
    said = [stands, _HEAD, _UNTOLD.format(fields=_FIELDS)]
    said += [f"Left out: {each}." for each in made.left_out]
    comments = [line for text in said for line in _comment(text)]
    body = yaml.safe_dump(made.object, sort_keys=False, allow_unicode=True, width=10_000)
    return scrub("\n".join([*comments, body.rstrip()]))


def _comment(text: str) -> list[str]:
    line = " ".join(clean(text, 4 * _LONGEST).split())
    return wrap(line, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
