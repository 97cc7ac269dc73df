"""What a refusal of the cloud means for the next attempt: one table from ret_code to reason and pace. Pure.

Source: API contract, response envelope. Messages are shown to people and never parsed.
"""

from dataclasses import dataclass

from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Closed, Outcome


@dataclass(frozen=True, slots=True)
class Refusal:
    """`final`: not tried again until the spec changes or a person asks; `person`: Stalled; `slow`: longest pause."""

    reason: Reason
    message: str
    final: bool = False
    person: bool = False
    slow: bool = False


_MEANING: dict[int, tuple[Reason, str, str]] = {
    1100: (Reason.SPEC_REFUSED, "final", "the message was malformed; compare the spec with the API reference"),
    1101: (Reason.SPEC_REFUSED, "final", "a parameter was refused; mend the spec"),
    1200: (
        Reason.CREDENTIALS_REFUSED,
        "slow",
        "the access key or the signature encoding was refused; run the doctor command",
    ),
    1300: (Reason.CLOCK_SKEWED, "retry", "the request was too old on arrival; check the operator's clock"),
    1400: (
        Reason.ACCESS_DENIED,
        "final",
        "the owner or the state of a resource forbids it; mend the spec or the account",
    ),
    2100: (Reason.SPEC_REFUSED, "final", "something that the spec names does not exist"),
    2400: (Reason.NO_BALANCE, "person", "the account's balance does not suffice; top it up"),
    2500: (
        Reason.RESOURCE_QUOTA_EXCEEDED,
        "slow",
        "the account has no room for more resources (its calls are not used up: reads are answered); "
        "raise its quota or delete what is not needed",
    ),
    5200: (Reason.NO_CAPACITY, "slow", "the zone has no room for the nodes at present"),
}


def refusal(closed: Closed) -> Refusal:
    """What the newest refusal means. Unknown codes are treated as final: they never reach here for a create."""
    if closed.outcome is Outcome.NOT_SENT:
        return Refusal(Reason.CLOUD_UNREACHABLE, f"The service cannot be reached: {closed.message}")
    code = closed.code or 0
    if 4000 <= code <= 4005:
        meaning = (
            Reason.LICENCE_REFUSED,
            "person",
            "the service refused for a licence; a person must act in the console",
        )
    else:
        meaning = _MEANING.get(code, (Reason.SPEC_REFUSED, "final", "the configuration was refused; mend the spec"))
    reason, kind, advice = meaning
    said = f" The service said: {closed.message}" if closed.message else ""
    return Refusal(
        reason,
        f"Refused with ret_code {code}: {advice}.{said}",
        final=kind == "final",
        person=kind in ("final", "person"),
        slow=kind in ("slow", "person"),
    )
