"""What earlier lives of a resource left behind: those that went without being let go (forced away, finalizer stripped).

`main` makes it; the cache tells it who went, `gathering` asks it before a create, `engine` tells it who was let go in
good order. Without it, a manifest forced away and applied again within the lag of the list buys a second cluster: no
look shows the first one yet, but this process knew of it. It is memory only: a process that starts knows of no earlier
lives, and looks at the account are all there is.
"""

from collections import OrderedDict
from collections.abc import Callable

from hpc_operator.decide import guards
from hpc_operator.decide.facts import Earlier
from hpc_operator.domain.desired import Instant, Ref
from hpc_operator.domain.record import Resource

_MOST = 10_000


class Lives:
    """Earlier lives by namespace and name. `now` is the own clock."""

    def __init__(self, now: Callable[[], Instant], most: int = _MOST) -> None:
        self._now, self._most = now, most
        self._left: OrderedDict[tuple[str, str], tuple[Earlier, ...]] = OrderedDict()
        self._released: OrderedDict[str, None] = OrderedDict()

    def went(self, resource: Resource) -> None:
        """The resource is gone; who has something at the cloud, or may have, is remembered."""
        left = _left_by(resource, self._now())
        if left is None or resource.ref.uid in self._released:
            return
        key = (resource.ref.namespace, resource.ref.name)
        self._left[key] = (*self._left.get(key, ()), left)
        self._left.move_to_end(key)
        while len(self._left) > self._most:
            self._left.popitem(last=False)

    def released(self, ref: Ref) -> None:
        """This life is let go in good order: nothing of it is left unseen.

        It may go later than that: another's finalizer holds it, or the answer to the patch is lost.
        """
        self._released[ref.uid] = None
        while len(self._released) > self._most:
            self._released.popitem(last=False)
        key = (ref.namespace, ref.name)
        rest = tuple(life for life in self._left.get(key, ()) if life.ref.uid != ref.uid)
        if rest:
            self._left[key] = rest
        else:
            self._left.pop(key, None)

    def before(self, ref: Ref) -> tuple[Earlier, ...]:
        """The earlier lives of this namespace and name."""
        return tuple(life for life in self._left.get((ref.namespace, ref.name), ()) if life.ref.uid != ref.uid)


def _left_by(resource: Resource, now: Instant) -> Earlier | None:
    memory, operation = resource.memory, resource.memory.operation
    marks, log_from = guards.recorded_marks(resource), None
    key = operation.key if operation else resource.record.key if resource.record else ""
    if resource.id is not None:
        key = ""
        since = memory.recorded_at if memory.recorded_at is not None else now
    elif operation is not None:
        since, log_from = operation.started_at, operation.log_from
    elif guards.explains_nothing(resource, unsent=False):
        since, log_from = now, resource.created_at
    else:
        return None
    return Earlier(resource.ref, marks[0] if marks else None, resource.id, resource.account, since, log_from, key)
