"""Changing fields of an answer, for the fault `patch`.

Lives here: one pure function on JSON text. The cloud imports it.
Never comes in: knowledge of the fields.
"""

import json

from hpc_simulator.faults import Patch


def patched(body: bytes, patch: Patch) -> bytes:
    """The body with the patch's paths replaced or removed; paths that lead nowhere are passed over."""
    document: object = json.loads(body)
    for path, value in patch.replace.items():
        _at(document, path, [value])
    for path in patch.remove:
        _at(document, path, [])
    return json.dumps(document).encode()


def _at(document: object, path: str, value: list[object]) -> None:
    *parents, last = path.split(".")
    place = document
    for step in parents:
        place = _child(place, step)
    if isinstance(place, dict):
        place.pop(last, None)
        place |= dict.fromkeys([last], value[0]) if value else {}
    elif isinstance(place, list) and last.isdigit() and int(last) < len(place):
        place[int(last) : int(last) + 1] = value


def _child(place: object, step: str) -> object:
    if isinstance(place, dict):
        return place.get(step)
    if isinstance(place, list) and step.isdigit() and int(step) < len(place):
        return place[int(step)]
    return None
