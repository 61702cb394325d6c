"""Notices a browser that goes another way than by the valve, and ends what it does there.

A browser that was not launched by us keeps the way of a context only as long as its network process lives: after a
crash of that process it goes on by the proxy it was started with. It has forgotten the context's cookies by then too,
which shows at once: one of ours, for a host that nobody asks, is among them.
"""

import asyncio
from contextlib import suppress

from playwright.async_api import BrowserContext, Response
from playwright.async_api import Error as BrowserError

from igfleet import log
from igfleet.instagram.adapters.browser.valve import Valve

_log = log.get(__name__)
_LOOK_S = 5
_MARK = "valve.invalid"


class Stray:
    """Of one context. What shows that it goes another way closes it."""

    def __init__(self, context: BrowserContext, valve: Valve) -> None:
        self._context, self._valve = context, valve
        self._looks: set[asyncio.Task[None]] = set()
        self._has_strayed = False
        context.on("response", self._came)

    @classmethod
    async def of(cls, context: BrowserContext, valve: Valve) -> "Stray":
        """Before anything is loaded. Raises Playwright's errors."""
        await context.add_cookies([{"name": "way", "value": str(valve.port), "domain": _MARK, "path": "/"}])
        return cls(context, valve)

    async def has_strayed(self) -> bool:
        """Judged by what the browser remembers, and by every answer that has come so far."""
        if self._looks:
            await asyncio.wait(set(self._looks), timeout=_LOOK_S)
        with suppress(BrowserError):
            if not await self._context.cookies(f"http://{_MARK}/"):
                await self._end()
        return self._has_strayed

    def _came(self, response: Response) -> None:
        look = asyncio.create_task(self._look(response))
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)

    async def _look(self, response: Response) -> None:
        try:
            address = await response.server_addr()
            if address is not None and address["port"] != self._valve.port:
                await self._end()
        except BrowserError:
            return  # it is gone

    async def _end(self) -> None:
        if not self._has_strayed:
            self._has_strayed = True
            _log.warning("browser_astray", advice="Its network process has crashed: the browser is ended")
            await self._context.close()
