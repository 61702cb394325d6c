"""Lets one publish request of the pages through, in its time, and no other at any time."""

import asyncio
import re
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Request, Route

from igfleet import clock
from igfleet.instagram.adapters.browser.valve import Passage, Valve

_PUBLISHES = re.compile(r"/(?:api/v1/media|create)/configure")
_NOTICE_S = 0.05
"""For the browser to see that its connections are gone: then it makes a new one instead of trying an old one."""


class Turnstile:
    """Closed unless it is opened. It stands above the network; the valve sees to what the network repeats by itself.

    Without a valve it stays closed.
    """

    def __init__(self, valve: Valve | None) -> None:
        self._valve = valve
        self._until = 0.0
        self.passed: Request | None = None
        self.passage: Passage | None = None
        self.came = asyncio.Event()
        self.held_back = 0

    async def stand_before(self, context: BrowserContext) -> None:
        await context.route(_PUBLISHES, self._meet)

    def open(self, until: float) -> None:
        """For one request, until that time of the boot clock."""
        self.passed, self.passage, self.held_back = None, None, 0
        self.came.clear()
        self._until = until

    def close(self) -> None:
        """Nothing comes through any more. Safe to repeat."""
        self._until = 0.0

    async def _meet(self, route: Route) -> None:
        if self._valve is None or self.passed is not None or clock.boot_seconds() >= self._until:
            self.held_back += 1
            await route.abort("blockedbyclient")
            return
        self.passed = route.request
        self.passage = self._valve.narrow(urlsplit(route.request.url).hostname or "")
        await asyncio.sleep(_NOTICE_S)
        await route.continue_()
        self.came.set()
