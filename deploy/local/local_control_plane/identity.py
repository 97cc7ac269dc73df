"""Who a server is and who may use it: its own certificate authority, its random token, its ServiceAccount key.

Only `server` imports it. Everything is made once per folder, so that a folder started again is the same server.
A client that checks the authority knows which server it reached; with a fixed token and port, one run could write into
another's server.
"""

import base64
import datetime
import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ADMIN = "local-admin"
NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
LIFETIME = datetime.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Identity:
    """The files of one server's identity, all in `folder`, readable by this user alone."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate that a client must check the server against (PEM)."""
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        """Served by etcd and the API server, and shown by the API server to etcd (PEM)."""
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        """The key of `certificate` (PEM)."""
        return self.folder / "server.key"

    @property
    def service_account_key(self) -> Path:
        """Signs and checks ServiceAccount tokens (PEM, RSA)."""
        return self.folder / "service-accounts.key"

    @property
    def tokens(self) -> Path:
        """kube-apiserver's token file: the one administrator."""
        return self.folder / "tokens.csv"

    @property
    def admin_token(self) -> str:
        """The administrator's bearer token."""
        return self.tokens.read_text().split(",")[0]

    def kubeconfig(self, server: str, token: str, namespace: str = "default") -> str:
        """A kubeconfig (YAML) for whoever holds `token`, trusting this server alone."""
        trusted = base64.b64encode(self.authority.read_bytes()).decode()
        name = "local"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": trusted}}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
            "current-context": name,
        }
        return yaml.safe_dump(document, sort_keys=False)


def load_or_make(folder: Path) -> Identity:
    """The identity kept in `folder`; a new one where there is none, or where making it was cut short."""
    identity = Identity(folder)
    if not identity.tokens.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_certificates(identity)
        _write(identity.service_account_key, _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
        _write(identity.tokens, f"{secrets.token_urlsafe(32)},{ADMIN},{ADMIN},system:masters\n".encode())
    return identity


def _make_certificates(identity: Identity) -> None:
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # A serial of its own in the name: two runs' authorities never look alike in a message.
    authority_name = _name(f"hpc-operator local control plane {secrets.token_hex(4)}")
    authority = (
        _certificate(authority_name, authority_name, authority_key.public_key(), authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = [*map(x509.DNSName, NAMES), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = (
        _certificate(_name("local-control-plane"), authority_name, server_key.public_key(), authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    _write(identity.authority, authority.public_bytes(serialization.Encoding.PEM))
    _write(identity.certificate, server.public_bytes(serialization.Encoding.PEM))
    _write(identity.key, _pem(server_key))


def _certificate(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """What both certificates have in common; the key identifiers are what strict verifiers ask for."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and readable by this user alone."""
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)
