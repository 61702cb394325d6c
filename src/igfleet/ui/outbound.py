"""The ui's one way to ask an address that somebody typed in. It cannot be turned against our own network.

The name is resolved once and the checked address is the one that is asked; no redirect is followed; the answer is
short and comes in time.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

import httpx

from igfleet.addresses import AddressRefused, AddressRule, Names, system_names
from igfleet.errors import UserError
from igfleet.log import redactor
from igfleet.settings import UiSettings

_LIMIT_S = 20.0
_MOST_BYTES = 64 * 1024
_SHOWN = 300
_SHORTEST_PART = 4
_METHOD_NOT_ALLOWED = 405


class NoAnswer(UserError):
    """The address was not asked, or did not answer. The message never names it."""

    status_code = 502
    reason_code = "no_answer"
    retryable = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `text` is the beginning of it, without the address and without anything unprintable."""

    status: int
    text: str

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class Outbound:
    """Asks addresses by the rule of this installation."""

    def __init__(self, settings: UiSettings, names: Names = system_names) -> None:
        self._rule = AddressRule(settings, names)
        self._is_live = settings.is_live
        self._ca_file = settings.egress_ca_file

    async def post(self, address: str) -> Answer:
        """POST without a body; GET when the other side says that it takes no POST. Raises `NoAnswer`."""
        async with self._asking():
            answer = await self._ask("POST", address)
            return await self._ask("GET", address) if answer.status == _METHOD_NOT_ALLOWED else answer
        raise AssertionError  # the block above returned or raised

    async def send(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST with a body. Raises `NoAnswer`."""
        async with self._asking():
            return await self._ask("POST", address, body, headers)
        raise AssertionError  # the block above returned or raised

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once, when it is needed: to read all authorities takes 20 ms."""
        context = httpx.create_ssl_context()
        if self._ca_file is not None:
            context.load_verify_locations(self._ca_file)
        return context

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Within the time there is; what goes wrong is told without the address."""
        try:
            async with asyncio.timeout(_LIMIT_S):
                yield
        except AddressRefused:
            where = "a public address" if self._is_live else "on this machine, and this is the sandbox"
            raise NoAnswer(f"It was not asked: its host is not {where}.") from None
        except TimeoutError:
            raise NoAnswer(f"It did not answer within {_LIMIT_S:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            raise NoAnswer(f"It could not be asked ({type(error).__name__}).") from None

    async def _ask(
        self, method: str, address: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        url = httpx.URL(address)
        ip = await self._rule.resolve(url.host)
        transport = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        async with httpx.AsyncClient(transport=transport, timeout=_LIMIT_S, follow_redirects=False) as client:
            told = {**(headers or {}), "Host": url.netloc.decode()}
            request = client.build_request(method, url.copy_with(host=ip), headers=told, content=body or None)
            request.extensions["sni_hostname"] = url.raw_host.decode()
            response = await client.send(request, stream=True)
            try:
                found = bytearray()
                async for piece in response.aiter_bytes():
                    found += piece
                    if len(found) > _MOST_BYTES:
                        break
            finally:
                await response.aclose()
        return Answer(response.status_code, _shown(bytes(found), address))


def _shown(body: bytes, address: str) -> str:
    """A line that a person may read: an answer may well repeat the address that was asked."""
    text = " ".join(body.decode(errors="replace").split())
    parts = urlsplit(address)
    values = [value for _, value in parse_qsl(parts.query)]
    for part in sorted((address, parts.netloc, parts.hostname or "", parts.path, *values), key=len, reverse=True):
        if len(part) >= _SHORTEST_PART:
            text = text.replace(part, "***")
    printable = "".join(character for character in text if character.isprintable())
    return redactor.text(printable)[:_SHOWN]
