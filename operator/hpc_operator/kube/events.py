"""Kubernetes Events about HpcClusters: what `kubectl describe` shows. Used by `resources` only.

An event is a courtesy: failing to post one is logged and never disturbs a pass.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Resource
from hpc_operator.kube import names
from hpc_operator.kube.api import Api
from hpc_operator.reconcile.ports import Conflict, CrdTooOld, Gone, Unavailable

CONTROLLER = f"{names.GROUP}/hpc-operator"
_NOTE_BYTES = 1000
_log = logging.getLogger(__name__)


def cut(text: str, limit: int = _NOTE_BYTES) -> str:
    """The text within `limit` bytes of UTF-8 (the server takes 1024), never cut inside a character."""
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= limit else encoded[: limit - 3].decode("utf-8", "ignore") + "…"


class Announcer:
    """Posts events as `me`. `scrub` takes the values of secrets out of a text."""

    def __init__(self, api: Api, *, me: str, now: Callable[[], Instant], scrub: Callable[[str], str]) -> None:
        self._api, self._me, self._now, self._scrub = api, me[:128], now, scrub

    async def announce(self, resource: Resource, reason: Reason, message: str, *, warning: bool) -> None:
        """Post one event; see `ports.Store.announce`."""
        ref = resource.ref
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": f"{ref.name[:200]}-", "namespace": ref.namespace},
            "eventTime": datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": CONTROLLER,
            "reportingInstance": self._me,
            "action": "Reconcile",
            "reason": reason[:128],
            "regarding": {
                "apiVersion": f"{names.GROUP}/{names.VERSION}",
                "kind": names.KIND,
                "namespace": ref.namespace,
                "name": ref.name,
                "uid": ref.uid,
                "resourceVersion": resource.resource_version,
            },
            "note": cut(self._scrub(message)),
            "type": "Warning" if warning else "Normal",
        }
        try:
            await self._api.request("POST", f"/apis/events.k8s.io/v1/namespaces/{ref.namespace}/events", body=body)
        except (Conflict, CrdTooOld, Gone, Unavailable) as error:
            _log.warning("an event could not be posted: %s", error, extra={"resource": str(ref), "reason": reason})
