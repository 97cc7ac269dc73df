"""What cluster/list shows of one cluster beside its line: how it is paid, its storage, its scheduler. Pure and total.

May be imported by the room `importing`. Must never come in: I/O, what a field means. The operator keeps none of this:
a thousand lines are held at once, and no decision rests on it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hpc_operator.cloud.envelope import Answered
from hpc_operator.cloud.text import cluster_id, words

_SPELLED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paid_type": ("paid_type",),
        "nas_id": ("nas_id",),
        "nas_path": ("nas_path",),
        "scheduler_type": ("scheduler_type", "schedule_type"),
    }
)
"""Parameters of createCluster that the list shows, and how: the reference's table misspells one of them."""


def terms(answered: Answered, wanted: str) -> Mapping[str, str]:
    """By createCluster's names, what a list says of this cluster; what is empty or no text is not there."""
    items = answered.fields.get("cluster_set")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            wrapped = item.get("app_cluster")
            fields = {**item, **wrapped} if isinstance(wrapped, dict) else item
            if cluster_id(fields.get("cluster_id")) == wanted:
                said = {name: _first(fields, spellings) for name, spellings in _SPELLED.items()}
                return {name: value for name, value in said.items() if value}
    return {}


def _first(fields: Mapping[str, object], spellings: tuple[str, ...]) -> str | None:
    return next((value for name in spellings if (value := words(fields.get(name)))), None)
