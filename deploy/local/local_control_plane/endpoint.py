"""Ports to listen on, and questions to a server that has just been started.

Only `server` imports it. It starts nothing and keeps nothing.
"""

import http.client
import secrets
import socket
import ssl

from local_control_plane.identity import Identity

HOST = "127.0.0.1"
PORTS = range(20000, 32768)
"""Below the ports that outgoing connections get: otherwise a client that keeps trying to reach a stopped server can be
given that very port as its own, connect to itself, and keep the server from coming back."""


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody listened on a moment ago; a start that loses the race asks again."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(PORTS)
        if port not in found and _is_free(port):
            found.append(port)
    return tuple(found)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def connected(port: int, identity: Identity, timeout: float) -> http.client.HTTPSConnection:
    """A client of this identity's etcd or API server, which are believed by the certificates of its authority."""
    trust = ssl.create_default_context(cafile=identity.authority)
    trust.load_cert_chain(identity.certificate, identity.key)
    return http.client.HTTPSConnection(HOST, port, timeout=timeout, context=trust)


def ask(port: int, path: str, identity: Identity, timeout: float = 5.0) -> tuple[int, str]:
    """GET `path` from the server with this identity: HTTP status and body; status 0 and the reason without an answer.

    Only a server that holds a certificate of this authority is believed.
    """
    connection = connected(port, identity, timeout)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {identity.admin_token}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return 0, f"{type(problem).__name__}: {problem}"
    finally:
        connection.close()
