"""One request as it arrived, taken apart.

Lives here: `Request` and its tolerant parsing. Everyone in the core may import it.
Never comes in: judgement; whatever the bytes are, parsing yields a value and never raises.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from hpc_simulator.envelope import Refused

BASE = "/api/"

MISPRINTED_START = "startClusrer"
"""How one page of the reference prints the path of startCluster; whether it leads there is a setting."""

OFFERED = (
    *("createCluster", "deleteCluster", "modifyCluster", "resizeCluster", "startCluster", "stopCluster"),
    *("addNodes", "deleteNodes", "restartNodes", "list", "operation", "listNodes", "permission"),
)
"""The calls this simulator carries out, by the name that faults, log and counts use."""


@dataclass(frozen=True, slots=True)
class Request:
    """The raw parts, and what they say."""

    method: str
    path: str
    query: str
    body: bytes
    call: str
    """The path without `/api/` and a leading `cluster/`; `permission` for `permission/{user}`."""
    pairs: tuple[tuple[str, str], ...]
    """Name and value of each query parameter as sent, still percent-encoded."""
    parameters: Mapping[str, str]
    """The same, decoded; the last of several values of one name."""
    via: str = ""
    """The HTTP header `Via`: the proxies that it came through."""

    def fields(self) -> dict[str, object]:
        """The JSON object in the body. Raises Refused(1100) when there is none."""
        try:
            found = read_json(self.body.decode())
        except ValueError:
            raise Refused(1100, "the body is not JSON") from None
        if not isinstance(found, dict):
            raise Refused(1100, "the body is not a JSON object")
        return found


def read_json(text: str) -> object:
    """What a JSON text says. Raises ValueError, also for nesting without end and for lone surrogates."""
    try:
        found: object = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\ud" in text.lower():
        json.dumps(found, ensure_ascii=False).encode()
    return found


def parse(method: str, path: str, query: str, body: bytes, via: str = "") -> Request:
    """Take a request apart; `query` is the raw text after the question mark."""
    clean = _clean(query)
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in clean.split("&") if part))
    return Request(
        method=_clean(method),
        path=_clean(path),
        query=clean,
        body=body,
        call=call_of(path),
        pairs=pairs,
        parameters={unquote(name): unquote(value) for name, value in pairs},
        via=_clean(via),
    )


def call_of(path: str) -> str:
    """The name of the call at a path."""
    rest = _clean(path).removeprefix(BASE).strip("/").removeprefix("cluster/")
    rest = "startCluster" if rest == MISPRINTED_START else rest
    return "permission" if rest.startswith("permission/") else rest


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
