"""When faults strike.

Lives here: `Rule`, and the book that counts matching calls. The cloud and the control endpoint import it.
Never comes in: what a fault does.
"""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from hpc_simulator.faults import Fault
from hpc_simulator.request import Request


@dataclass(slots=True)
class Rule:
    """When a fault strikes: at matching calls number `nth` to `nth + count - 1` (count None: for ever)."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}
    fault: Fault
    call: str = "*"
    """A call's name as in `request.OFFERED`, or `*`; a leading `cluster/` is ignored."""
    contains: str | None = None
    """Text that must occur in the decoded query or in the body."""
    owner: str | None = None
    """The account behind the key."""
    page: int | None = None
    """For lists: the number of the page asked for, from 1."""
    nth: int = 1
    count: int | None = 1
    rule_id: str = ""
    seen: int = 0
    """Matching calls so far."""
    hits: int = 0
    """Calls that the fault struck."""

    def matches(self, request: Request, owner: str) -> bool:
        """Whether this call is one of those the rule is about."""
        if self.call not in ("*", request.call, f"cluster/{request.call}"):
            return False
        if self.owner is not None and self.owner != owner:
            return False
        if self.page is not None and self.page != page_of(request):
            return False
        return self.contains is None or self.contains in _text(request)

    def strikes(self) -> bool:
        """Count one matching call; whether the fault strikes it."""
        self.seen += 1
        struck = self.seen >= self.nth and (self.count is None or self.seen < self.nth + self.count)
        self.hits += struck
        return struck


def page_of(request: Request) -> int:
    """The number of the page that a list call asks for, from 1."""
    limit, offset = request.parameters.get("limit", "10"), request.parameters.get("offset", "0")
    if not (limit.isascii() and limit.isdigit() and offset.isascii() and offset.isdigit()):
        return 1
    return int(offset[:9]) // max(1, min(100, int(limit[:9]))) + 1


def _text(request: Request) -> str:
    return unquote(request.query) + "\n" + request.body.decode("utf-8", "replace")


class RuleBook:
    """The rules in force, in the order of their making; the first that strikes decides."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._made = 0

    def add(self, rule: Rule) -> str:
        """Enter a rule; its new id."""
        self._made += 1
        rule.rule_id = f"f-{self._made}"
        self.rules.append(rule)
        return rule.rule_id

    def clear(self, rule_id: str | None = None) -> None:
        """Take out one rule, or all."""
        self.rules = [rule for rule in self.rules if rule_id is not None and rule.rule_id != rule_id]

    def take(self, request: Request, owner: str) -> Fault | None:
        """The fault that strikes this call, if any. Every matching rule counts the call."""
        struck = [rule for rule in self.rules if rule.matches(request, owner) and rule.strikes()]
        return struck[0].fault if struck else None
