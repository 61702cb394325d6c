"""The ui's one way to a mail server: by the host rule of every other address, and with nothing in the clear."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx

from igfleet.addresses import AddressRefused, AddressRule, Names, system_names
from igfleet.errors import UserError
from igfleet.log import redactor
from igfleet.settings import UiSettings

_LIMIT_S = 30.0
_SHOWN = 300
_PERMANENT = 500
_PORTS = {"smtp": 587, "smtps": 465}


class NotDelivered(UserError):
    """The server was not reached, or did not take the mail. The message never holds the server's password."""

    status_code = 502
    reason_code = "no_answer"

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final
        """Trying again would be answered the same."""


class Postman:
    """Hands mails to the server of this installation."""

    def __init__(self, settings: UiSettings, names: Names = system_names) -> None:
        parts = urlsplit(settings.smtp_url.get_secret_value() if settings.smtp_url else "")
        self._host, self._is_tls = parts.hostname or "", parts.scheme == "smtps"
        self._port = parts.port or _PORTS.get(parts.scheme, 0)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        redactor.learn(self._password)
        self._is_live, self._rule = settings.is_live, AddressRule(settings, names)
        self._tls = httpx.create_ssl_context()
        if settings.egress_ca_file is not None:
            self._tls.load_verify_locations(settings.egress_ca_file)

    async def deliver(self, message: EmailMessage) -> None:
        """Once. Raises `NotDelivered`."""
        if not self._host:
            raise NotDelivered("No mail server is set up (SMTP_URL).")
        try:
            async with asyncio.timeout(_LIMIT_S), self._connected() as client:
                await client.send_message(message)
        except AddressRefused:
            where = "a public address, nor within PRIVATE_NETWORKS" if self._is_live else "on this machine"
            raise NotDelivered(f"The mail server was not asked: its host is not {where}.") from None
        except TimeoutError:
            raise NotDelivered(f"The mail server did not answer within {_LIMIT_S:g} s.") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise NotDelivered(self._told(first), is_final=first.code >= _PERMANENT) from None
        except aiosmtplib.SMTPResponseException as error:
            is_final = isinstance(error, aiosmtplib.SMTPDataError) and error.code >= _PERMANENT
            raise NotDelivered(self._told(error), is_final=is_final) from None
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            raise NotDelivered(f"The mail server was not reached: {self._shown(str(error))}") from None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """The name is resolved once, and the checked address is the one that is connected to."""
        found = ip_address(await self._rule.resolve(self._host))
        family = socket.AF_INET if found.version == 4 else socket.AF_INET6
        plain = socket.socket(family, socket.SOCK_STREAM)
        try:
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, (str(found), self._port))
        except BaseException:
            plain.close()
            raise
        client = aiosmtplib.SMTP(  # it closes the socket, whatever happens
            hostname=self._host,
            sock=plain,
            use_tls=self._is_tls,
            start_tls=not self._is_tls and not _is_this_machine(self._host),
            tls_context=self._tls,
            username=self._user,
            password=self._password,
            timeout=_LIMIT_S,
        )
        async with client:
            yield client

    def _told(self, error: aiosmtplib.SMTPResponseException) -> str:
        return f"The mail server answered {error.code} {self._shown(error.message)}"

    def _shown(self, text: str) -> str:
        line = " ".join(text.split())
        for secret in filter(None, (self._password, self._user)):
            line = line.replace(secret, "***")
        return redactor.text("".join(character for character in line if character.isprintable()))[:_SHOWN]


def _is_this_machine(host: str) -> bool:
    """By how it is written: what a name stands for may change."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
