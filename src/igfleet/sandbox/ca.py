"""A local certificate authority, known to nobody but those who are given its file."""

import ipaddress
import ssl
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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
        root = _root(name, root_key.public_key()).sign(root_key, hashes.SHA256())
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "instagram.com (sandbox)")])
        leaf = _leaf(subject, key.public_key(), root).sign(root_key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._leaf.touch(mode=0o600)
        self._leaf.write_bytes(private + _pem(leaf) + _pem(root))
        self.file.write_bytes(_pem(root))


def _root(name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        _certificate(name, key, name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )


def _leaf(subject: x509.Name, key: ec.EllipticCurvePublicKey, root: x509.Certificate) -> x509.CertificateBuilder:
    """A server's certificate with all that a strict check (RFC 5280; the default since Python 3.13) asks for."""
    names = [x509.DNSName(host) for host in HOSTS]
    local = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signer = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _certificate(subject, key, root.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*names, local]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False)
    )


def _certificate(subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
