"""Each look at a list, counted on its way to whoever notices what it shows. `main` puts it between the two.

Staleness is what an outside change can have reached when it was first seen: it happened after the complete look before
had begun, and is seen when this one has ended. It is promised for lists that are swept, and counted for them only.
"""

from collections.abc import Callable, Container
from typing import Protocol

from hpc_operator.domain.desired import Instant
from hpc_operator.domain.observed import ListLook, LogLook
from hpc_operator.domain.record import Account
from hpc_operator.measuring.counting import Metrics


class Seen(Protocol):
    """What is known of one account."""

    @property
    def complete_begun(self) -> Instant | None:
        """When its newest complete look began."""


class Noticer(Protocol):
    """Who is told of each look (reconcile.noticing)."""

    def seen(self, account: Account) -> Seen:
        """What is known of the account."""

    def shown(self, account: Account, look: ListLook | LogLook, ended: Instant, pages: int) -> None:
        """A look ended."""


class CountedLooks:
    """`watched` answers the accounts that are swept; until `main` has set it, none is."""

    def __init__(self, metrics: Metrics, noticer: Noticer) -> None:
        self._metrics, self._noticer = metrics, noticer
        self.watched: Callable[[], Container[Account]] = tuple

    def shown(self, account: Account, look: ListLook | LogLook, ended: Instant, pages: int) -> None:
        """Count a look at the list, and hand on whatever was looked at."""
        if isinstance(look, ListLook):
            begun = self._noticer.seen(account).complete_begun if account in self.watched() else None
            staleness = None if begun is None else ended - begun
            self._metrics.swept(complete=look.complete, seconds=ended - look.begun, staleness=staleness)
        self._noticer.shown(account, look, ended, pages)
