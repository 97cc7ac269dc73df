"""Accounts and their quota of calls.

Lives here: who holds which key, and the counting of calls in a window. The core may import it.
Never comes in: clusters.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import ClassVar

from hpc_simulator.settings import Settings


@dataclass(slots=True)
class Account:
    """One access key and the account behind it. Values are made up; nothing here is a real credential."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    key: str = "SIMULATOR-ACCESS-KEY"
    secret: str = "simulator-secret-for-tests-only"  # noqa: S105  # obviously fake, and meant to be known
    owner: str = "usr-simulator"
    zone: str = "jn1a"
    uid_number: int = 11017754
    gid_number: int = 11017754
    arrears: bool = False
    """Whether what costs more is refused with 2400: creates, starts, more nodes, resizes."""


@dataclass(slots=True)
class Quota:
    """Times of the counted calls of one key, oldest first."""

    times: deque[float] = field(default_factory=deque)

    def exceeded(self, now: float, settings: Settings) -> bool:
        """Whether one more call at `now` would be over the quota."""
        fixed = settings.quota_window == "fixed"
        begin = now - (now % settings.quota_period if fixed else settings.quota_period)
        while self.times and self.times[0] <= begin:
            self.times.popleft()
        return len(self.times) >= settings.call_quota

    def count(self, now: float, settings: Settings) -> None:
        """Note one call; only as many are kept as can ever matter."""
        self.times.append(now)
        while len(self.times) > max(settings.call_quota, 1):
            self.times.popleft()
