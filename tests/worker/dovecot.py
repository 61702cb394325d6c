"""A real mail server on loopback: dovecot with one mailbox, over TLS and in the clear."""

import datetime as dt
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ADDRESS, PASSWORD = "nord_01@example.com", "canary-mail password"
_START_S = 15


@dataclass
class Dovecot:
    """Deliver by writing a file, as a mail server does."""

    folder: Path
    port: int
    tls_port: int

    @property
    def ca_file(self) -> Path:
        return self.folder / "cert.pem"

    def deliver(self, mail: bytes, at: dt.datetime | None = None, box: str = "") -> None:
        """Into the inbox, or another folder of the mailbox; `at` is when it was received."""
        place = _maildir(self.folder / "mail" / box)
        moment = time.time() if at is None else at.timestamp()
        name = f"{moment:.6f}.{time.monotonic_ns()}.test"
        path = place / "tmp" / name
        path.write_bytes(mail)
        shutil.chown(path, *_owner())
        os.utime(path, (moment, moment))
        path.rename(place / "new" / name)

    def flags(self) -> str:
        """The flags of all mails in the inbox: a read one has an S."""
        return "".join(path.name.partition(":2,")[2] for path in (self.folder / "mail").glob("*/*.test*"))


@contextmanager
def dovecot(folder: Path) -> Iterator[Dovecot]:
    """Run one until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    made = Dovecot(folder, _free_port(), _free_port())
    _make_certificate(folder)
    _maildir(folder / "mail")
    (folder / "passwd").write_text(f"{ADDRESS}:{{PLAIN}}{PASSWORD}::::::\n")
    (folder / "passwd").chmod(0o644)
    (folder / "dovecot.conf").write_text(_configuration(made))
    process = subprocess.Popen(
        [shutil.which("dovecot", path="/usr/sbin:/usr/bin") or "dovecot", "-F", "-c", str(folder / "dovecot.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_it_listens(made, process)
        yield made
    finally:
        process.terminate()
        process.wait(20)


def _configuration(made: Dovecot) -> str:
    user, group = _owner()
    return f"""
base_dir = {made.folder}/run
state_dir = {made.folder}/state
log_path = {made.folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{made.folder}/cert.pem
ssl_key = <{made.folder}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{made.folder}/mail
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {made.port}
  }}
  inet_listener imaps {{
    port = {made.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {made.folder}/passwd
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={made.folder}/mail
}}
"""


def _maildir(folder: Path) -> Path:
    for place in (folder, folder / "tmp", folder / "new", folder / "cur"):
        place.mkdir(exist_ok=True)
        shutil.chown(place, *_owner())
    return folder


def _owner() -> tuple[str, str]:
    """Whom dovecot may read mail as: it refuses to do so as root."""
    return ("nobody", "nogroup") if os.getuid() == 0 else (pwd.getpwuid(os.getuid()).pw_name,) * 2


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_listens(made: Dovecot, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        log = made.folder / "dovecot.log"
        assert process.poll() is None, log.read_text() if log.exists() else "dovecot did not start"
        try:
            with socket.create_connection(("127.0.0.1", made.tls_port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("dovecot does not listen")


def _make_certificate(folder: Path) -> None:
    """For 127.0.0.1, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail for tests")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, True, True, False, False),  # its order is fixed
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
