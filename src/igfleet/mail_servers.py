"""Where the accounts' mailboxes are: by the part of the address after the @, from the worker's own settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_RULE = re.compile(r"(?P<domain>[\w.*-]+)=(?P<host>[\w.{}:\[\]-]+?):(?P<port>\d{1,5})(?:/(?P<security>\w+))?", re.ASCII)


class MailSecurity(StrEnum):
    """How the connection to a mail server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"
    """Not at all: to this machine only."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """One IMAP server. `{domain}` in the host stands for the address's own domain."""

    host: str
    port: int
    security: MailSecurity = MailSecurity.TLS
    is_derived: bool = False
    """The host was made from an account's address: then it must not lead into a private network."""


@dataclass(frozen=True, slots=True)
class MailRules:
    """How codes are looked for in mailboxes."""

    servers: Mapping[str, MailServer]
    """By domain, in lower case; `*` stands for all others."""
    senders: tuple[str, ...]
    """Domains of senders whose mails may carry a code."""
    wait_s: float
    only_loopback: bool
    """In the sandbox nothing leaves this machine."""
    ca_file: Path | None = None
    gate: str = field(default="", repr=False)
    """The run's egress gate with its password, when mailboxes are read through the account's proxy."""

    def server_of(self, address: str) -> MailServer | None:
        """The server of a mailbox; None when no rule names it."""
        _, at, domain = address.strip().lower().rpartition("@")
        found = self.servers.get(domain) or self.servers.get("*")
        if found is None or not (at and domain):
            return None
        host = found.host.replace("{domain}", domain)
        return MailServer(host, found.port, found.security, is_derived=host != found.host)


def parse(text: str) -> dict[str, MailServer]:
    """`example.com=imap.example.com:993/tls, *=mail.{domain}:143/starttls`. Raises ValueError with what is wrong."""
    found = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        rule = _RULE.fullmatch(part)
        security = (rule["security"] or "tls").lower() if rule else ""
        if rule is None or security not in set(MailSecurity) or not 0 < int(rule["port"]) < 65536:
            raise ValueError(f"{part!r} is no mail server: write domain=host:port/tls, as in *=imap.{{domain}}:993/tls")
        found[rule["domain"].lower()] = MailServer(rule["host"], int(rule["port"]), MailSecurity(security))
    return found
