"""Whether the HPC API is reached, tells the right time, and takes our signature: facts to findings. Pure.

`cloud` puts these into its table. Never comes in: I/O, settings as a whole. A judgement stands on codes and kinds of
errors, never on a message's text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hpc_operator.cloud.envelope import CALLS_EXHAUSTED, Answered, Read
from hpc_operator.cloud.refused import UNAUTHORIZED
from hpc_operator.cloud.signing import Encoding
from hpc_operator.cloud.transport import Stage
from hpc_operator.doctor.contact import Contact
from hpc_operator.doctor.finding import Finding, error, not_tried, warning, well

EXPIRED = 1300
_ENDPOINT = "set HPC_OPERATOR_ENDPOINT"
_STAGES: Mapping[Stage, tuple[str, str]] = {
    Stage.NAME: (
        "its name cannot be resolved",
        f"{_ENDPOINT} to the right host, or mend the DNS of this machine (in a Pod: its dnsPolicy)",
    ),
    Stage.CONNECT: (
        "no connection can be made",
        f"open the way to it (firewall, NetworkPolicy, HTTPS_PROXY), or {_ENDPOINT}",
    ),
    Stage.CERTIFICATE: (
        "its certificate is not trusted",
        "check that nothing stands in between, and name the right authority in SSL_CERT_FILE; "
        "HPC_OPERATOR_VERIFY_TLS=false is for tests only",
    ),
    Stage.TLS: ("it does not speak TLS here", f"{_ENDPOINT} to the right scheme and port"),
    Stage.OTHER: ("the request cannot be sent", f"{_ENDPOINT} to a URL such as https://hpc-api.qingcloud.com/api"),
}


def code_of(read: Read) -> int | None:
    """The ret_code, None where there is none."""
    return read.code if isinstance(read, Answered) else None


def endpoint(seen: Contact) -> Finding:
    """Name, connection, certificate."""
    if seen.stage is not None:
        what, advice = _STAGES[seen.stage]
        return error(f"{seen.endpoint}: {what} ({seen.cause})", advice)
    if seen.status is None:
        return error(
            f"{seen.endpoint}: no answer ({seen.cause})",
            f"look for a proxy or firewall on the way that breaks connections, or {_ENDPOINT}",
        )
    if not seen.endpoint.startswith("https://"):
        return warning(
            f"{seen.endpoint} is reached, but without TLS: everybody on the way reads and changes what is said",
            "use https:// in HPC_OPERATOR_ENDPOINT everywhere but on one machine",
        )
    if not seen.verify_tls:
        return warning(
            f"{seen.endpoint} is reached; its certificate was not checked", "remove HPC_OPERATOR_VERIFY_TLS=false"
        )
    return well(f"{seen.endpoint} is reached, its certificate is trusted")


def speaks(seen: Contact) -> Finding:
    """Whether it is the HPC API that answers there."""
    if isinstance(seen.read, Answered):
        return well(f"answers as the HPC API does (HTTP {seen.status}, ret_code {seen.read.code})")
    if seen.status is not None and 300 <= seen.status < 400:
        return error(
            f"HTTP {seen.status}: a redirect to {seen.location or 'nowhere'}; redirects are never followed",
            f"{_ENDPOINT} to the final address, once you know that it is QingCloud's",
        )
    if seen.page:
        return error(
            f"HTTP {seen.status} with a web page instead of JSON: a proxy, a gateway or a login page answers",
            f"let this machine reach the API directly (NO_PROXY, HTTPS_PROXY), or {_ENDPOINT}",
        )
    if seen.status is not None and seen.status >= 500:
        return error(f"HTTP {seen.status}: the service is disturbed", "try again later; if it stays, ask QingCloud")
    return error(
        f"HTTP {seen.status} without a ret_code: this is not the HPC API", f"{_ENDPOINT}: its path ends in /api"
    )


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """`offset`: the service's clock minus ours, seconds; None without a `Date` header. `code` of the first exchange."""

    offset: float | None
    allowance: float
    code: int | None


def clock(facts: ClockFacts) -> Finding:
    """How far the clocks are apart, against the setting clock_skew."""
    if facts.offset is None and facts.code == EXPIRED:
        return error(
            "1300: the service finds a fresh request expired, and sends no Date header that would tell by how much",
            "set this machine's clock (chrony or ntpd)",
        )
    if facts.offset is None:
        return warning(
            "the service sends no Date header: the clocks cannot be compared",
            "keep this machine's clock right (chrony or ntpd): nothing else guards it",
        )
    apart = f"the service's clock is {abs(facts.offset):.0f} s {'ahead of' if facts.offset > 0 else 'behind'} ours"
    if abs(facts.offset) > facts.allowance:
        return error(
            f"{apart}; HPC_OPERATOR_CLOCK_SKEW allows {facts.allowance:g} s: nothing would be created (ClockSkewed)",
            "set this machine's clock (chrony or ntpd); the checks below are signed by the service's clock",
        )
    return well(
        f"the clocks agree (allowed: {facts.allowance:g} s)" if not facts.offset else f"{apart}, which is allowed"
    )


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """`used`: calls of this process; `closed`: 2500 was answered, or the own budget is used up."""

    used: int
    limit: int
    share: float
    closed: bool


def quota(facts: QuotaFacts) -> Finding:
    """What is known of the hourly quota: our own calls, and whether the service has said 2500."""
    most = max(1, int(facts.limit * facts.share))
    share = f"HPC_OPERATOR_QUOTA {facts.limit} and HPC_OPERATOR_QUOTA_SHARE {facts.share:g} allow {most} calls an hour"
    if facts.closed:
        return error(
            f"2500: the account's calls of this hour are used up; {share}",
            "find who else calls with this account (console, scripts, another operator), lower "
            "HPC_OPERATOR_QUOTA_SHARE, and try again within the hour",
        )
    return well(f"not used up ({facts.used} call(s) by this process so far); {share}; what others use is not told")


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """The same harmless read, signed in both ways, with the key from `where`."""

    where: str
    configured: Encoding
    reads: Mapping[Encoding, Read]


def signature(facts: SignatureFacts) -> Finding:
    """Which encoding the service takes. Any code but 1200 comes from behind the signature's check."""
    configured = facts.configured
    other = Encoding.ONCE if configured is Encoding.TWICE else Encoding.TWICE
    mine, theirs = configured.name.lower(), other.name.lower()
    codes = code_of(facts.reads[configured]), code_of(facts.reads[other])
    if undecided := _undecided(codes):
        return not_tried(f"not decided: {undecided}")
    match codes[0] == UNAUTHORIZED, codes[1] == UNAUTHORIZED:
        case True, True:
            return error(
                f"1200: the key of {facts.where} is refused, signed either way",
                "check access_key_id and secret_access_key (both of one key, enabled, of this service's account); "
                "make a new key in the console if in doubt",
            )
        case True, False:
            return error(
                f"1200 with HPC_OPERATOR_SIGNATURE_ENCODING={mine}; encoded {theirs} the key is taken",
                f"set HPC_OPERATOR_SIGNATURE_ENCODING={theirs}",
            )
        case False, True:
            return well(f"the key is taken, signature encoded {mine} (as set); encoded {theirs} it is refused")
        case _:
            return well(f"the key is taken, signature encoded {mine} (as set) or {theirs}")


def _undecided(codes: tuple[int | None, int | None]) -> str:
    """Why nothing can be concluded from two answers; empty when something can."""
    if CALLS_EXHAUSTED in codes:
        return "the quota is used up (2500)"
    if EXPIRED in codes:
        return "no request is taken before the clocks agree (1300)"
    return "there was no answer to it" if None in codes else ""
