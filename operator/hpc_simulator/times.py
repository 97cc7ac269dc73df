"""Times of day as the API writes them.

Lives here: formatting and parsing of `YYYY-MM-DDThh:mm:ssZ`. Everyone in the simulator may import it.
Never comes in: a clock.
"""

import re
from calendar import timegm
from datetime import UTC, datetime
from functools import lru_cache

_SHAPE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)


def written(stamp: float) -> str:
    """Epoch seconds as the API writes them (UTC, whole seconds)."""
    return _written(int(stamp))


@lru_cache(maxsize=32_768)
def _written(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> int | None:
    """Epoch seconds of a documented time, or None when the text is not one."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    try:
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return timegm((year, month, day, hour, minute, second))
