"""The order in which lists, log and nodes come: as asked, or as the service pleases.

Lives here: the one function. The calls that answer pages import it.
Never comes in: which items there are, pages.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context

Item = TypeVar("Item")


class Begun(Protocol):
    """What began at a moment of the injected clock."""

    began: float


Thing = TypeVar("Thing", bound=Begun)


def begun_by(found: list[Thing], now: float, lag: float) -> list[Thing]:
    """Those that have become visible, when news takes `lag` seconds; they come oldest first. The same list if all."""
    if not found or found[-1].began + lag <= now:
        return found
    return [each for each in found if each.began + lag <= now]


def ordered(ctx: Context, found: Sequence[Item], stamp_of: Callable[[Item], object]) -> list[Item]:
    """The items, which come oldest first or sorted as asked. `stamp_of`: an item's time, equal where it shows equal."""
    items = list(found)
    backwards = parameters.reversed_order(ctx.request.parameters, ctx.settings.default_reverse)
    match ctx.settings.order:
        case "oldest":
            backwards = False
        case "newest":
            backwards = True
        case "any":
            items = _shuffled(ctx, items)
        case "ties":
            groups: dict[object, list[Item]] = {}
            for item in items:
                groups.setdefault(stamp_of(item), []).append(item)
            items = [item for group in groups.values() for item in _shuffled(ctx, group)]
        case "asked":
            pass
    return items[::-1] if backwards else items


def sorts(ctx: Context) -> bool:
    """Whether `sort_key` is heeded."""
    return ctx.settings.order == "asked"


def _shuffled(ctx: Context, items: list[Item]) -> list[Item]:
    """Another order at each call, the same in each run."""
    seed = f"{ctx.world.seed}/{ctx.turn}"
    keys = [hashlib.sha256(f"{seed}/{place}".encode()).digest() for place in range(len(items))]
    return [items[place] for place in sorted(range(len(items)), key=keys.__getitem__)]
