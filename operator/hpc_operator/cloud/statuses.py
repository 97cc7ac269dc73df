"""How a cluster stands where its line does not say it: asked by the documented filter, over a function that reads.

May be imported by `cloud.observer`. Must never come in: HTTP, caching, what a status means.

`cluster_status` stands only in the reference's example, not in its table of fields; the filter `status` with its four
words stands in the table. What goes wrong without: where lines carry no status, no cluster would ever count as active.
A filter that is ignored shows every cluster under every word: only a cluster under exactly one word has a status.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from hpc_operator.cloud.unsorted import Swept
from hpc_operator.domain.observed import Cluster

WORDS = ("pending", "active", "stopped", "suspended")
"""The filter's words, in the API reference's order; two of them tell already whether the filter is heeded."""


async def told(lines: Sequence[Cluster], ask: Callable[[str], Awaitable[Swept[Cluster]]]) -> tuple[Cluster, ...]:
    """The lines, with a status where it could be had; where not, it stays None: unknown."""
    under: defaultdict[str, list[str]] = defaultdict(list)
    for number, word in enumerate(WORDS):
        if number >= 2 and all(line.status or len(under[line.id]) == 1 for line in lines):
            break
        swept = await ask(word)
        if swept.problem:
            return tuple(lines)
        for line in swept.items:
            under[line.id].append(word)
    return tuple(line if line.status else replace(line, status=_only(under[line.id])) for line in lines)


def _only(words: Sequence[str]) -> str | None:
    return words[0] if len(words) == 1 else None
