"""The rules of kstatus for a custom resource, as Helm 4, kubectl and Argo CD's libraries read it. Small and separate.

Written from its published rules, and seen so on a genuine server with Helm 4. Nothing of the operator comes in.
"""

from collections.abc import Mapping
from typing import Any

CURRENT, IN_PROGRESS, FAILED, TERMINATING = "Current", "InProgress", "Failed", "Terminating"


def kstatus(resource: Mapping[str, Any]) -> str:
    """What a watcher makes of an object as JSON."""
    metadata, status = resource["metadata"], resource.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return TERMINATING
    if status.get("observedGeneration", metadata.get("generation", 0)) < metadata.get("generation", 0):
        return IN_PROGRESS
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    if conditions.get("Stalled") == "True":
        return FAILED
    if conditions.get("Reconciling") == "True" or conditions.get("Ready", "True") != "True":
        return IN_PROGRESS
    return CURRENT
