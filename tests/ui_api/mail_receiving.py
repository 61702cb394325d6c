"""A mail server on loopback: a real one, that keeps what it is given."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.peers import free_port


@dataclass
class MailServer:
    """`answers` are given in their order to a recipient, then 250."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    users: list[tuple[str, str]] = field(default_factory=list)
    were_sealed: list[bool] = field(default_factory=list)
    """Whether each came through TLS."""

    async def handle_RCPT(  # noqa: N802  # the server's word
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        self.were_sealed.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.users.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password == b"canary-mail-word", handled=False)


@contextmanager
def mail_server(*answers: str, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[MailServer]:
    """It listens within the block; with a context it offers STARTTLS, and takes nothing without."""
    kept = MailServer(answers=list(answers))
    more: dict[str, Any] = {"tls_context": tls, "require_starttls": True, "auth_required": True} if tls else {}
    controller = Controller(
        kept, hostname="127.0.0.1", port=port or free_port(), authenticator=kept.authenticate, **more
    )
    controller.start()
    try:
        kept.port = controller.port
        yield kept
    finally:
        controller.stop()
