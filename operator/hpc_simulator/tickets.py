"""Answers that wait.

Lives here: the answers behind `Held` and `Delayed` replies. The cloud owns one `Tickets`; the server looks into it.
Never comes in: connections; who waits for an answer is the transport's business.
"""

from dataclasses import dataclass

from hpc_simulator.replies import Answer


@dataclass(slots=True)
class HeldAnswer:
    """An answer that waits for its release; `answer` is None while its request is itself still on its way."""

    call: str
    since: float
    seq: int
    """Of the call's record in the log of calls."""
    answer: Answer | None


class Tickets:
    """Held and delayed answers by ticket."""

    def __init__(self) -> None:
        self.held: dict[str, HeldAnswer] = {}
        self._delayed: dict[str, Answer | None] = {}

    def hold(self, ticket: str, held: HeldAnswer) -> None:
        """Keep an answer until it is released."""
        self.held[ticket] = held

    def delay(self, ticket: str, answer: Answer | None) -> None:
        """Keep an answer that the transport will collect by itself."""
        self._delayed[ticket] = answer

    def fill(self, ticket: str, answer: Answer) -> None:
        """The late request behind a ticket has taken effect; nothing happens when nobody waits any more."""
        if ticket in self.held:
            self.held[ticket].answer = answer
        elif ticket in self._delayed:
            self._delayed[ticket] = answer

    def collect(self, ticket: str) -> Answer | None:
        """The answer, once."""
        if ticket in self.held:
            return self.held.pop(ticket).answer
        return self._delayed.pop(ticket, None)
