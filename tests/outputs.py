"""The search for secrets: one checker over whatever leaves a process. Every suite uses it.

Given the secret values in use and texts by the place where they came out, it names each place that tells one, in
whatever encoding, and each signed URL. How values may be encoded is written here anew: nothing of the operator's
scrubber is used. `Searched` counts, so that a search of nothing can be seen.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""A shorter value stands in many a text by chance: it is not searched for, and no test uses one."""
_SIGNED = re.compile(r"signature(?:=|%3d|%253d|\\u003d|&#x3d;)", re.IGNORECASE)


@dataclass
class Searched:
    """How much was searched."""

    outputs: int = 0
    bytes: int = 0
    secrets: int = 0

    def add(self, other: "Searched") -> None:
        self.outputs, self.bytes = self.outputs + other.outputs, self.bytes + other.bytes
        self.secrets += other.secrets

    def __sub__(self, other: "Searched") -> "Searched":
        return Searched(self.outputs - other.outputs, self.bytes - other.bytes, self.secrets - other.secrets)

    def __str__(self) -> str:
        return f"searched {self.outputs} outputs, {self.bytes / 1e6:.1f} MB, for {self.secrets} secret values"


@lru_cache(maxsize=256)
def forms(value: str, *, twice: bool = True) -> frozenset[str]:
    """A value as it is and in every encoding that a text may carry it in; `twice`: escaped texts escaped again too."""
    urls = {quote(value, safe=kept) for kept in ("", "/", "!*'()")} | {quote_plus(value)}
    urls |= {quote(url, safe="") for url in urls}
    urls |= {re.sub("%(25)*[0-9A-F]{2}", lambda found: found[0].lower(), url) for url in urls}
    written = {json.dumps(value, ensure_ascii=each)[1:-1] for each in (True, False)} | {repr(value)[1:-1]}
    gone = json.dumps(value, ensure_ascii=False)[1:-1]
    written.add(gone.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
    written |= {json.dumps(text)[1:-1] for text in written if twice}
    pages = {html.escape(value), html.escape(value, quote=False)}
    return frozenset({value, " ".join(value.split())} | urls | written | pages | _base64(value))


def _base64(value: str) -> set[str]:
    """What is left of the value in base64 whatever stands before and after it: three alignments, two alphabets."""
    found = set()
    for before in range(3):
        data = b"\0" * before + value.encode("utf-8", "replace")
        usable = base64.b64encode(data[: len(data) // 3 * 3]).decode()[(0, 4, 4)[before] :]
        if len(usable) >= SHORTEST:
            found |= {usable, usable.replace("+", "-").replace("/", "_"), quote(usable, safe="")}
    return found


def findings(secrets: Mapping[str, str], outputs: Mapping[str, str], counted: Searched | None = None) -> list[str]:
    """`<place>: tells <name of the secret>` for each; empty when nothing is told. The values are not in it."""
    searched = {name: value for name, value in secrets.items() if len(value) >= SHORTEST}
    found = []
    for name, value in searched.items():
        shown = forms(value)
        found += [f"{place}: tells {name}" for place, text in outputs.items() if any(form in text for form in shown)]
    found += [f"{place}: a signed URL" for place, text in outputs.items() if _SIGNED.search(text)]
    if counted is not None:
        counted.outputs += len(outputs)
        counted.bytes += sum(len(text) for text in outputs.values())
        counted.secrets += len(searched)
    return found


def as_outputs(kind: str, things: Iterable[object]) -> dict[str, str]:
    """Objects by number: as JSON with the letters as they are, beside the bare texts in them."""
    return {f"{kind} {number}": _told(thing) for number, thing in enumerate(things)}


def _told(thing: object) -> str:
    if isinstance(thing, str):
        return thing
    return "\n".join([json.dumps(thing, ensure_ascii=False, default=str), *_texts(thing)])


def _texts(thing: object) -> Iterable[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        for name, inner in thing.items():
            yield from _texts(name)
            yield from _texts(inner)
    elif isinstance(thing, list | tuple):
        for inner in thing:
            yield from _texts(inner)
