"""The sandbox as one thing: start it, ask it, stop it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Self

from igfleet.browser import locate_browser
from igfleet.sandbox import control, http1, mobile, pages, web
from igfleet.sandbox.ca import Authority
from igfleet.sandbox.dolphin import TOKEN, Dolphin
from igfleet.sandbox.dolphin_browser import DolphinBrowser
from igfleet.sandbox.mailbox import MailServer
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.proxy import ForwardProxy
from igfleet.sandbox.world import World
from igfleet.settings import Settings, load

_REGISTERED = (mobile, pages, web)
"""Imported for their routes."""


class Sandbox:
    """A simulated Instagram on loopback. `async with Sandbox(folder) as sandbox: …`"""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 0, control_port: int = 0) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = Authority(folder)
        self.ca_file = authority.file
        self.world = World(folder)
        self.proxy = ForwardProxy(self.world, authority.server_context())
        self.mail = MailServer(self.world)
        self.dolphin = Dolphin(folder / "dolphin", self._browser)
        self._host, self._ports = host, (port, control_port)
        self._servers: list[asyncio.Server] = []

    async def __aenter__(self) -> Self:
        port, control_port = self._ports
        self._servers = [
            await asyncio.start_server(self.proxy.accept, self._host, port),
            await asyncio.start_server(self._control, self._host, control_port),
            await asyncio.start_server(self.mail.accept, self._host, 0),
            await asyncio.start_server(self.dolphin.accept, self._host, 0),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dolphin.close()
        self.proxy.stop()
        for server in self._servers:
            server.close()
        self.world.close()

    @property
    def proxy_url(self) -> str:
        """The address to give to clients as their proxy."""
        return self._address(0)

    @property
    def control_url(self) -> str:
        """The address of the control API and of the pages of published reels."""
        return self._address(1)

    @property
    def mail_address(self) -> str:
        """Host and port of the simulated mailboxes (IMAP, plain)."""
        return self._address(2).removeprefix("http://")

    @property
    def dolphin_url(self) -> str:
        """The address of the stand-in for Dolphin Anty's local API."""
        return self._address(3)

    def addresses(self) -> dict[str, str]:
        return {
            "proxy_url": self.proxy_url,
            "control_url": self.control_url,
            "mail_address": self.mail_address,
            "dolphin_url": self.dolphin_url,
            "dolphin_token": TOKEN,
            "ca_file": str(self.ca_file),
        }

    def _browser(self, folder: Path) -> DolphinBrowser:
        return DolphinBrowser(folder, locate_browser(load(Settings).chromium), self.proxy_url, self.ca_file)

    def _address(self, number: int) -> str:
        host, port = self._servers[number].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answer(request: Request) -> Answer:
            return await control.handle(self, request)

        try:
            await http1.serve(reader, writer, answer)
        except (ConnectionError, OSError):
            pass
        finally:
            writer.close()


async def serve(
    folder: Path,
    host: str,
    port: int,
    control_port: int,
    announce: Callable[[dict[str, str]], None],
    stop: asyncio.Event,
) -> None:
    """Run until `stop` is set; `announce` is called once with the addresses."""
    async with Sandbox(folder, host=host, port=port, control_port=control_port) as sandbox:
        announce(sandbox.addresses())
        await stop.wait()
