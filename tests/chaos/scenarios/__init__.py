"""The scenarios, each a function that plays on an arena, with what must be measured when it is over.

A scenario ends when it has brought things about; the run waits for the end conditions itself, and counts only when
nothing is written any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from chaos.arena import Arena
from chaos.table import Count, Expected

Play = Callable[[Arena], None]
ROOMS = ("memories", "deleting", "kubernetes", "processes", "replicas", "cloud", "accounts", "clocks")
"""The modules beside this one, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`name` is what ONLY= takes, `what` a sentence for the table."""

    name: str
    what: str
    play: Play
    expected: Expected


SCENARIOS: dict[str, Scenario] = {}
"""All scenarios by name, in the order in which the table shows them."""


def load() -> dict[str, Scenario]:
    """All scenarios: importing a room enters its own."""
    for room in ROOMS:
        import_module(f"{__name__}.{room}")
    return SCENARIOS


def scenario(
    name: str,
    what: str,
    *,
    creates: int,
    ends: Mapping[str, int],
    deletes: int = 0,
    posts: int | None = None,
    lost: int = 0,
) -> Callable[[Play], Play]:
    """Enter a scenario. `posts` None: as many as creates."""
    count = Count(creates, deletes, creates if posts is None else posts, ends)

    def enter(play: Play) -> Play:
        assert name not in SCENARIOS
        SCENARIOS[name] = Scenario(name, what, play, Expected(count, lost))
        return play

    return enter
