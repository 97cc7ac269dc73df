"""The command lines of etcd, kube-apiserver and kube-controller-manager for one local server.

Only `server` imports it. Pure: it reads and starts nothing. Flags: the reference pages of the three programs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_control_plane.endpoint import HOST
from local_control_plane.identity import Identity

Command = list[str | Path]


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one start."""

    apiserver: int
    etcd: int
    etcd_peer: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One server: its folder, its ports, the programs to run and who they are; `durable` data outlives a power cut."""

    folder: Path
    ports: Ports
    binaries: Mapping[str, Path]
    identity: Identity
    durable: bool

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://{HOST}:{self.ports.apiserver}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    def log(self, program: str) -> Path:
        """Where a program writes what it has to say."""
        return self.folder / "logs" / f"{program}.log"


def etcd(layout: Layout) -> Command:
    """A single member that only holders of this server's certificates can talk to."""
    client, peer = f"https://{HOST}:{layout.ports.etcd}", f"http://{HOST}:{layout.ports.etcd_peer}"
    identity = layout.identity
    return [
        layout.binaries["etcd"],
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--cert-file={identity.certificate}",
        f"--key-file={identity.key}",
        f"--trusted-ca-file={identity.authority}",
        "--client-cert-auth",
        "--log-level=warn",
        *([] if layout.durable else ["--unsafe-no-fsync"]),
    ]


def apiserver(layout: Layout, extra: Sequence[str]) -> Command:
    """The API server with RBAC, one administrator and real ServiceAccount tokens; `extra` flags come last and win."""
    identity = layout.identity
    return [
        layout.binaries["kube-apiserver"],
        f"--etcd-servers=https://{HOST}:{layout.ports.etcd}",
        f"--etcd-cafile={identity.authority}",
        f"--etcd-certfile={identity.certificate}",
        f"--etcd-keyfile={identity.key}",
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        f"--secure-port={layout.ports.apiserver}",
        f"--cert-dir={identity.folder}",
        f"--tls-cert-file={identity.certificate}",
        f"--tls-private-key-file={identity.key}",
        f"--token-auth-file={identity.tokens}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={identity.service_account_key}",
        f"--service-account-signing-key-file={identity.service_account_key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
        *extra,
    ]


def controllers(layout: Layout, names: Sequence[str], extra: Sequence[str]) -> Command:
    """The named controllers, with the administrator's rights; `extra` flags come last and win."""
    return [
        layout.binaries["kube-controller-manager"],
        f"--kubeconfig={layout.kubeconfig}",
        f"--controllers={','.join(names)}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--service-account-private-key-file={layout.identity.service_account_key}",
        *extra,
    ]
