"""Where the API server is and how this process proves itself to it: plain values, read anew when a token changes.

Made by `store`, used by `handlers` for Kopf's own session. No client library comes in.
"""

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Connection:
    """One way to reach the API server. The token never reaches a repr; files are PEM."""

    server: str
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify: bool = True
    server_name: str | None = None
    proxy: str | None = None

    def ssl_context(self) -> ssl.SSLContext:
        """A context with this authority and client certificate; reads the files."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def headers(self) -> dict[str, str]:
        """What each request carries to be recognised."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
