"""Elements of a list, written once and kept as text until something about them changes.

Lives here: the texts of clusters. `World` keeps one `Lines`; `calls.listing` asks it. Never comes in: which clusters.
A page of a hundred lines costs a millisecond to write anew: more than all else that its call takes.
"""

import json
from collections.abc import Sequence
from math import inf

from hpc_simulator.clusters import Cluster, rendered
from hpc_simulator.envelope import Written
from hpc_simulator.settings import Settings

_Key = tuple[object, ...]


class Lines:
    """The text of each cluster's element, as the settings have it written."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._texts: dict[str, tuple[_Key, str]] = {}

    def written(self, clusters: Sequence[Cluster], settings: Settings, then: float = inf) -> Written:
        """The elements of these clusters, in their order; nodes counted as of `then`."""
        if settings is not self._settings:
            self._settings, self._texts = settings, {}
        return Written(tuple(self._text(cluster, settings, then) for cluster in clusters))

    def _text(self, cluster: Cluster, settings: Settings, then: float) -> str:
        key, kept = _changeable(cluster, then), self._texts.get(cluster.cluster_id)
        if kept is not None and kept[0] == key:
            return kept[1]
        text = json.dumps(rendered(cluster, settings, then))
        self._texts[cluster.cluster_id] = key, text
        return text


def _changeable(cluster: Cluster, then: float) -> _Key:
    """What calls, jobs and people change of what an element shows."""
    return (
        cluster.status,
        cluster.renamed_to,
        cluster.person_name,
        cluster.description,
        cluster.person_description,
        cluster.doing,
        tuple(cluster.job_counts.items()),
        len(cluster.nodes_at(then)),
    )
