"""What the first exchange with the endpoint came to, as the transport saw it.

Lives here: `Witness`, a transport that remembers its newest exchange, and `Contact`, the facts drawn from it. Never
comes in: what they mean. A body is looked at only to tell a web page from JSON; nothing of it is kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hpc_operator.cloud.envelope import Read
from hpc_operator.cloud.transport import Reply, Stage, Transport, TransportNoAnswer, TransportNotSent

_USER = re.compile(r"//[^/]*@")


@dataclass(frozen=True, slots=True)
class Contact:
    """`stage` None: a connection was made. `status` None: no whole answer came. `read`: what the client made of it."""

    endpoint: str
    verify_tls: bool
    read: Read
    stage: Stage | None = None
    cause: str = ""
    status: int | None = None
    page: bool = False
    location: str | None = None
    dated: bool = False


class Witness:
    """Transport around another one; `last` is its newest reply or error."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.last: Reply | TransportNotSent | TransportNoAnswer | None = None

    async def send(self, method: str, url: str, body: str | None, headers: Mapping[str, str], timeout: float) -> Reply:  # noqa: ASYNC109 - as in Transport
        """See Transport."""
        try:
            reply = await self._inner.send(method, url, body, headers, timeout)
        except (TransportNotSent, TransportNoAnswer) as error:
            self.last = error
            raise
        self.last = reply
        return reply

    def contact(self, endpoint: str, read: Read, *, verify_tls: bool) -> Contact:
        """The facts of the newest exchange; a user name or password in the endpoint is not repeated."""
        endpoint = _USER.sub("//", endpoint)
        match self.last:
            case TransportNotSent(stage=stage, cause=cause):
                return Contact(endpoint, verify_tls, read, stage=stage, cause=cause)
            case TransportNoAnswer(cause=cause):
                return Contact(endpoint, verify_tls, read, cause=cause)
            case Reply(status=status, body=body, date=date, location=location):
                page = body.lstrip()[:1] == b"<"
                return Contact(
                    endpoint, verify_tls, read, status=status, page=page, location=location, dated=date is not None
                )
            case None:
                return Contact(endpoint, verify_tls, read, cause="nothing was sent")
