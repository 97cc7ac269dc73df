"""Times between seconds since the epoch and RFC 3339, exactly to the millisecond; and texts made fit for a status.

Pure. `kube` may import it; reading a clock never comes in.
"""

import re
from datetime import UTC, datetime, timedelta

from hpc_operator.domain.desired import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {"h": 3600, "m": 60, "s": 1}


def to_milliseconds(instant: Instant) -> Instant:
    """The instant as it comes back after having been written: rounded to whole milliseconds."""
    return round(instant * 1000) / 1000


def write_time(instant: Instant) -> str:
    """RFC 3339 in UTC with exactly three digits and `Z`: `2026-01-31T09:05:00.250Z`."""
    moment = _EPOCH + round(instant * 1000) * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> Instant:
    """Seconds since the epoch of any RFC 3339 time; ValueError for anything else, also for one without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return round((moment - _EPOCH) / _MILLISECOND) / 1000


def clean(text: str, limit: int) -> str:
    """The text as a status can carry it: encodable, without control characters but line ends, cut to `limit`."""
    if text.isprintable():  # nearly always; and no half of a surrogate pair is
        return text[:limit]
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in encodable if c == "\n" or c.isprintable())[:limit]


def seconds(text: str) -> float:
    """A duration as in `90m` or `1h30m`, in seconds. Its shape has been checked by the schema."""
    return float(sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([hms])", text)))
