"""The account's own mailbox, read over IMAP for a code that Instagram has just mailed.

It is asked from the worker itself, because most proxies carry web traffic only, or with `MAILBOX_VIA_PROXY` through the
run's egress gate and the account's proxy: then never another way. Only the inbox is opened, and for reading only:
nothing is marked, moved or deleted. Only the newest mail counts that came after the request, is from Instagram and
holds a code.
"""

import asyncio
import email
import email.policy
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import getaddresses
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Self, cast

from igfleet import clock
from igfleet.contracts.leases import LeasedAccount
from igfleet.mail_servers import MailRules, MailSecurity, MailServer
from igfleet.worker.mail_tunnel import TunnelledIMAP4, TunnelledIMAP4WithTls, TunnelRefused

_CONNECT_S = 15.0
_LOOK_EVERY_S = 3.0
_SKEW = timedelta(seconds=10)
"""What the mail server's clock may be behind ours."""
_NEWEST = 20
_LONGEST_MAIL = 256 * 1024
_CODE = re.compile(r"(?<![\d#])(\d{3}[ -]?\d{3})(?!\d)")
_MARKUP = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_RECEIVED = re.compile(rb"\bUID (\d+)\b")


class MailTrouble(Exception):
    """The mailbox cannot be read; a sentence without secrets. The run goes on and asks a person."""


@dataclass(frozen=True)
class Mailbox:
    """One account's."""

    address: str
    server: MailServer
    rules: MailRules
    _password: str = field(repr=False)

    @classmethod
    def of(cls, account: LeasedAccount, rules: MailRules) -> Self | None:
        """The account's mailbox; None when address, password or server are not known."""
        if not account.email or account.email_password is None:
            return None
        server = rules.server_of(account.email)
        return cls(account.email, server, rules, account.email_password.get_secret_value()) if server else None

    async def code(self, since: datetime, stop_if_asked: Callable[[], None]) -> str | None:
        """The code of the newest fitting mail, waited for at most the rules' time. Raises `MailTrouble`."""
        until = clock.boot_seconds() + self.rules.wait_s
        while True:
            stop_if_asked()
            found = await asyncio.to_thread(self.look, since)
            if found is not None or clock.boot_seconds() + _LOOK_EVERY_S > until:
                return found
            await asyncio.sleep(_LOOK_EVERY_S)

    def look(self, since: datetime) -> str | None:
        """One look, with a connection of its own. Raises `MailTrouble`."""
        with _in_words(self.server.host), self._opened() as box:
            for uid in _newest_first(box, since - _SKEW):
                mail = _fetched(box, uid)
                code = code_in(mail) if mail is not None and self._is_from_instagram(mail) else None
                if code is not None:
                    return code
        return None

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        box = self._connected()
        try:
            box.login(self.address, self._password)
            box.select("INBOX", readonly=True)
            yield box
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                box.logout()

    def _connected(self) -> imaplib.IMAP4:
        server, gate = self.server, self.rules.gate
        self._check_address()
        if server.security is MailSecurity.TLS and gate:
            return TunnelledIMAP4WithTls(server.host, server.port, gate, _CONNECT_S, self._trust())
        if server.security is MailSecurity.TLS:
            return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=self._trust(), timeout=_CONNECT_S)
        if gate:
            box: imaplib.IMAP4 = TunnelledIMAP4(server.host, server.port, gate, _CONNECT_S)
        else:
            box = imaplib.IMAP4(server.host, server.port, timeout=_CONNECT_S)
        if server.security is MailSecurity.STARTTLS:
            box.starttls(self._trust())
        return box

    def _check_address(self) -> None:
        """What a proxy is to reach is looked up by the proxy. Raises `MailTrouble`."""
        server, rules = self.server, self.rules
        is_looked_up_here = rules.only_loopback or not rules.gate
        addresses = _addresses(server.host) if is_looked_up_here else []
        is_here = is_looked_up_here and all(address.is_loopback for address in addresses)
        if rules.only_loopback and not is_here:
            raise MailTrouble(f"{server.host} is not this machine, and IGFLEET_MODE is sandbox")
        if server.is_derived and not rules.only_loopback and not all(one.is_global for one in addresses):
            raise MailTrouble(f"{server.host} is not a public address; name its server by a rule of its own")
        if server.security is MailSecurity.PLAIN and not is_here:
            raise MailTrouble(f"{server.host} would get the password in the clear; write /tls or /starttls")

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.rules.ca_file is not None:
            context.load_verify_locations(self.rules.ca_file)
        return context

    def _is_from_instagram(self, mail: EmailMessage) -> bool:
        domains = [address.rpartition("@")[2].lower() for _, address in getaddresses([str(mail.get("from", ""))])]
        return any(
            domain == known or domain.endswith(f".{known}") for domain in domains for known in self.rules.senders
        )


def code_in(mail: EmailMessage) -> str | None:
    """The six digits of the subject, else of the text."""
    for text in (str(mail.get("subject", "")), _text_of(mail)):
        found = _CODE.search(text)
        if found:
            return re.sub(r"\D", "", found.group(1))
    return None


def _text_of(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = str(part.get_content())
    return _MARKUP.sub(" ", text) if part.get_content_subtype() == "html" else text


def _newest_first(box: imaplib.IMAP4, since: datetime) -> list[str]:
    """The ids of what came at or after the moment, newest first; a server's search knows days only."""
    day = (since - timedelta(days=1)).astimezone(UTC)
    criterion = f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
    found = _asked(box, "SEARCH", "SINCE", criterion)
    ids = found[0].split()[-_NEWEST:] if found and found[0] else []
    if not ids:
        return []
    rows = _asked(box, "FETCH", b",".join(ids).decode(), "(UID INTERNALDATE)")
    dated = []
    for row in rows:
        line = cast(bytes, row[0] if isinstance(row, tuple) else row or b"")
        uid, moment = _RECEIVED.search(line), _moment(line)
        if uid is not None and moment is not None and moment >= since.replace(microsecond=0):
            dated.append((moment, int(uid.group(1))))
    return [str(uid) for _, uid in sorted(dated, reverse=True)]


def _asked(box: imaplib.IMAP4, *command: str) -> list[Any]:
    answer, found = box.uid(*command)
    if answer != "OK":
        raise MailTrouble(f"The mail server {box.host} refuses to show the inbox")
    return found


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(rb'INTERNALDATE "\s?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')


def _moment(line: bytes) -> datetime | None:
    """The time at which the server received a mail."""
    found = _DATE.search(line)
    if found is None or found.group(2).decode().title() not in _MONTHS:
        return None
    day, year, hour, minute, second, zone_hours, zone_minutes = (int(found.group(at)) for at in (1, 3, 4, 5, 6, 8, 9))
    east = timedelta(hours=zone_hours, minutes=zone_minutes) * (-1 if found.group(7) == b"-" else 1)
    month = _MONTHS.index(found.group(2).decode().title()) + 1
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - east


def _fetched(box: imaplib.IMAP4, uid: str) -> EmailMessage | None:
    for row in _asked(box, "FETCH", uid, f"(BODY.PEEK[]<0.{_LONGEST_MAIL}>)"):
        if isinstance(row, tuple):
            return email.message_from_bytes(row[1], policy=email.policy.default)
    return None


@contextmanager
def _in_words(host: str) -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise MailTrouble(f"The mail server {host} ended the connection") from error
    except imaplib.IMAP4.error as error:
        raise MailTrouble(f"The mail server {host} refuses the mailbox's address or password") from error
    except ssl.SSLError as error:
        raise MailTrouble(f"The mail server {host} shows a certificate that cannot be trusted") from error
    except TunnelRefused as error:
        text = f"The mail server {host} cannot be reached through the account's proxy: {error.strerror}"
        raise MailTrouble(text) from error
    except OSError as error:
        raise MailTrouble(
            f"The mail server {host} does not answer ({error.strerror or type(error).__name__})"
        ) from error
    except (ValueError, LookupError) as error:
        raise MailTrouble(f"The mail server {host} answers what cannot be read ({type(error).__name__})") from error


def _addresses(host: str) -> list[IPv4Address | IPv6Address]:
    """Of the name. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(str(entry[4][0]).split("%")[0]) for entry in found]
