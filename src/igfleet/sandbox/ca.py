"""A local certificate authority, known to nobody but those who are given its file."""

import ipaddress
import ssl
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from igfleet import clock

HOSTS = (
    "instagram.com",
    "*.instagram.com",
    "*.i.instagram.com",
    "cdninstagram.com",
    "*.cdninstagram.com",
)
_LIFE = timedelta(days=3650)


class Authority:
    """Makes the authority and one leaf certificate for Instagram's hosts, kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ca.pem"
        """The certificate to trust."""
        self._leaf = folder / "leaf.pem"
        if not (self.file.exists() and self._leaf.exists()):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make()

    def server_context(self) -> ssl.SSLContext:
        """TLS for the side of the server, HTTP/2 preferred."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._leaf)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    def _make(self) -> None:
        root_key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "igfleet sandbox authority")])
        root = _certificate(name, root_key.public_key(), name, is_authority=True).sign(root_key, hashes.SHA256())
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "instagram.com (sandbox)")])
        leaf = _certificate(subject, key.public_key(), name, is_authority=False).sign(root_key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._leaf.touch(mode=0o600)
        self._leaf.write_bytes(private + _pem(leaf) + _pem(root))
        self.file.write_bytes(_pem(root))


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name, *, is_authority: bool
) -> x509.CertificateBuilder:
    now = clock.now()
    names = [x509.DNSName(host) for host in HOSTS]
    local = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if is_authority:
        return builder
    return builder.add_extension(x509.SubjectAlternativeName([*names, *local]), critical=False)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
