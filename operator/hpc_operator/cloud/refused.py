"""Which keys the service refuses: what it said of each key last.

Lives here: a memory of 1200s. May be imported by `cloud.calls`. Must never come in: where a key is from, what follows.

What goes wrong without: a wrong key reads like a network that is down, and nobody is told which Secret to mend. The
signature is looked at before all else, so any other answer shows that the key is taken.
"""

UNAUTHORIZED = 1200
_MOST = 256


class RefusedKeys:
    """Keys by fingerprint. The oldest of very many are forgotten: they are refused again at their next read."""

    def __init__(self) -> None:
        self._refused: dict[str, None] = {}

    def answered(self, fingerprint: str, code: int) -> None:
        """The service answered a read under this key."""
        self._refused.pop(fingerprint, None)
        if code == UNAUTHORIZED:
            self._refused[fingerprint] = None
            if len(self._refused) > _MOST:
                del self._refused[next(iter(self._refused))]

    def __contains__(self, fingerprint: object) -> bool:
        return fingerprint in self._refused
