"""What one pass holds against the others of this process: an account's first create, a place below max_clusters.

Passes run side by side, and each decides by a cache that shows what another is about to do only afterwards. Only
`gathering` imports it. After a restart nothing is held, and nobody is in the middle of a pass.
"""

from collections.abc import Iterable

from hpc_operator.decide import guards
from hpc_operator.decide.facts import FirstCreate, Scene
from hpc_operator.decide.firsts import first_create
from hpc_operator.domain.desired import Ref
from hpc_operator.domain.record import Account, Resource
from hpc_operator.reconcile.fleet import Fleet


class Holds:
    """Who holds what, by resource; given back by `release`."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._buying: set[str] = set()
        self._first: dict[Account, Ref] = {}

    def first(self, scene: Scene, account: Account) -> FirstCreate:
        """Whether this resource may begin one more create in its account."""
        if scene.resource.id is not None or scene.resource.deleting or guards.account_shows_marks(scene):
            return FirstCreate.FREE
        holder = self._first.get(account)
        if holder is not None and holder != scene.resource.ref:
            return FirstCreate.FREE if scene.policy.accept_invisible_marks else FirstCreate.HELD
        return first_create(self._others(scene.resource, account), scene.newest, scene.policy)

    def _others(self, resource: Resource, account: Account) -> Iterable[Resource]:
        known = (self._fleet.get(ref) for ref in self._fleet.of_account(account) if ref.uid != resource.ref.uid)
        return (other for other in known if other is not None)

    def claim(self, scene: Scene) -> bool:
        """Hold the account's first create for this pass; False when another pass holds it."""
        account = scene.account
        if guards.account_shows_marks(scene) or scene.policy.accept_invisible_marks:
            return True
        return self._first.setdefault(account, scene.resource.ref) == scene.resource.ref

    def room(self, scene: Scene) -> bool:
        """Hold a place below max_clusters for this pass; False when others that buy just now have the last one."""
        most, uid = scene.policy.max_clusters, scene.resource.ref.uid
        if most is None or not scene.facts.own_key:
            return True
        if len({*self._fleet.spenders(), *self._buying} - {uid}) >= most:
            return False
        self._buying.add(uid)
        return True

    def release(self, ref: Ref) -> None:
        """The pass is over: what it created is in the cache now."""
        self._buying.discard(ref.uid)
        self._first = {account: holder for account, holder in self._first.items() if holder != ref}
