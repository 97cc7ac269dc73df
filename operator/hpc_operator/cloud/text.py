"""Values of the cloud's answers, one at a time: texts, numbers, times, ids. Pure and total: any JSON value goes in.

May be imported by every module of `cloud`. Must never come in: which call an answer belongs to.
An id is believed only when it matches its pattern; a text is cleaned and cut before anybody sees it.
"""

import json
import re
import unicodedata
from datetime import datetime

from hpc_operator.domain.desired import Instant

NAME, DESCRIPTION, MESSAGE, WORD = 1024, 4096, 300, 64

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])|\x9b[0-?]*[ -/]*[@-~]")
_WORD = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{WORD - 1}}}")
_CODE = re.compile(r"0|-?[1-9][0-9]{0,17}")
# No longer than both memories, a label and an order by annotation can hold (kube.names; a test compares them): an id
# that is believed here and cannot be written there would be a cluster that bills and that nobody records.
_CLUSTER_ID = re.compile(r"e?hpc-[A-Za-z0-9](?:[A-Za-z0-9_-]{0,56}[A-Za-z0-9])?")
_JOB_ID = re.compile(r"j-[A-Za-z0-9][A-Za-z0-9_-]{0,61}")
_ANY_ID = re.compile(r"[a-z]{1,16}-[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_BETWEEN_IDS = re.compile(r"[\s,;|\"'\[\]{}()]+")
_LIKE_A_CLUSTER = re.compile(r"hpc[^A-Za-z0-9_]", re.IGNORECASE)  # `hpc_cluster_id` is a field's name
_TIME = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def clean(text: str, limit: int) -> str:
    """One line for people: without control, bidirectional and escape characters, at most `limit` characters long."""
    if len(text) <= limit and text.isprintable():  # nearly always: nothing to take out, and no white space but blanks
        line = " ".join(text.split())
        return text if line == text else line
    ample = text[: 4 * limit + 64]
    plain = _ANSI.sub("", ample)
    kept = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in plain if _shown(c))
    line = " ".join(kept.split())
    cut = len(line) > limit or len(text) > len(ample)
    return f"{line[: limit - 1]}…" if cut else line


def _shown(char: str) -> bool:
    return char in "\t\n\r\v\f\x85\u2028\u2029" or not unicodedata.category(char).startswith("C")


def words(value: object, limit: int = NAME) -> str | None:
    """A text field cleaned and cut; None where it is no text, or nothing is left of it."""
    return clean(value, limit) or None if isinstance(value, str) else None


def word(value: object) -> str | None:
    """A status or role in lower case, exactly as it stands: what must be cleaned first is not believed (None)."""
    return value.lower() if isinstance(value, str) and _WORD.fullmatch(value) else None


def readable(value: object) -> bool:
    """Whether a text field was understood: a text, or nothing in whatever spelling (null, "", [], 0)."""
    return isinstance(value, str) or not value


def code(value: object) -> int | None:
    """A ret_code: a whole number, or exactly its digits as a string. No blanks, signs before 0, fractions or truth.

    0.0 is JSON's number 0 as some writers put it.
    """
    if isinstance(value, str):
        return int(value) if _CODE.fullmatch(value) else None
    return number(value)


def number(value: object) -> int | None:
    """A whole number, also one written as a string or as 1.0; None for anything else (a truth value is no number)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):  # 0.0 is how some JSON writers put 0; beyond 2^53 a digit may be lost already
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    return None


def instant(value: object) -> Instant | None:
    """`2021-08-17T09:11:16Z` as seconds since the epoch. A time that does not name its zone is not readable (None)."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None


def cluster_id(value: object) -> str | None:
    """An id `hpc-…` or `ehpc-…`, or None."""
    return value if isinstance(value, str) and _CLUSTER_ID.fullmatch(value) else None


def job_id(value: object) -> str | None:
    """An id `j-…`, or None."""
    return value if isinstance(value, str) and _JOB_ID.fullmatch(value) else None


def any_id(value: object) -> str | None:
    """An id of any kind of resource (`cln-…`, `usr-…`), or None."""
    return value if isinstance(value, str) and _ANY_ID.fullmatch(value) else None


def as_text(value: object) -> str | None:
    """A text as it is, anything else as JSON; None where it is nested too deep to be written."""
    try:
        return value if isinstance(value, str) else json.dumps(value)
    except (ValueError, RecursionError):
        return None


def ids_in(value: object) -> tuple[tuple[str, ...], bool]:
    """The ids in a space separated string or a list; False where not all could be read.

    That is: where something looks like a cluster but is no id, and where it is of a type that lists nothing.
    """
    text = as_text(value)
    if text is None or (value and not isinstance(value, str | list | dict)):
        return (), False
    tokens = [token for token in _BETWEEN_IDS.split(text) if token]
    found = tuple(token for token in tokens if _ANY_ID.fullmatch(token))
    doubtful = any(_LIKE_A_CLUSTER.search(token) and not _CLUSTER_ID.fullmatch(token) for token in tokens)
    return found, not doubtful
