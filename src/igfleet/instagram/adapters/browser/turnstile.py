"""Lets one publish request of the pages through, in its time, and no other at any time."""

import asyncio
import re
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Request, Route
from playwright.async_api import Error as BrowserError

from igfleet import clock
from igfleet.faultpoints import reach
from igfleet.instagram.adapters.browser.courier import Courier, NotWhole, Parcel
from igfleet.instagram.adapters.browser.had import Had
from igfleet.instagram.adapters.browser.valve import Passage
from igfleet.instagram.adapters.commit_answers import Answer

_PUBLISHES = re.compile(r"/(?:api/v1/media|create)/configure")
_NOTICE_S = 0.05
"""For the browser to see that its connections are gone: then it makes a new one instead of trying an old one."""


class Turnstile:
    """Closed unless it is opened. It stands above the network; the valve sees to what the network repeats by itself.

    Where there is a courier the browser sends none at all: the request is over for it, and the courier sends it.
    """

    def __init__(self, had: Had) -> None:
        self._had = had
        self._until = 0.0
        self._errand: asyncio.Task[Answer] | None = None
        self.passed: Request | None = None
        self.passage: Passage | None = None
        self.came = asyncio.Event()
        self.held_back = 0

    async def stand_before(self, context: BrowserContext) -> None:
        await context.route(_PUBLISHES, self._meet)

    def open(self, until: float) -> None:
        """For one request, until that time of the boot clock."""
        self.passed, self.passage, self.held_back, self._errand = None, None, 0, None
        self.came.clear()
        self._until = until

    @property
    def carried(self) -> Answer | None:
        """What the courier was answered; None without one, or while it is under way."""
        return self._errand.result() if self._errand is not None and self._errand.done() else None

    async def close(self) -> Answer | None:
        """Nothing comes through any more, nor is anything under way. What the courier was answered, if it was sent.

        Safe to repeat.
        """
        self._until = 0.0
        return None if self._errand is None else await asyncio.shield(self._errand)

    async def _meet(self, route: Route) -> None:
        if self.passed is not None or clock.boot_seconds() >= self._until:
            self.held_back += 1
            await route.abort("blockedbyclient")
            return
        self.passed = route.request
        host = urlsplit(route.request.url).hostname or ""
        if self._had.courier is not None:
            self._had.valve.shut(host)
            self._errand = asyncio.create_task(self._carried(self._had.courier, route))
            await asyncio.shield(self._errand)
            self.came.set()
            return
        self.passage = self._had.valve.narrow(host)
        await asyncio.sleep(_NOTICE_S)
        await route.continue_()
        self.came.set()

    async def _carried(self, courier: Courier, route: Route) -> Answer:
        """Take the request over. The browser has given it up before a byte leaves."""
        parcel: Parcel | None = None
        refused: Exception | None = None
        try:
            cookies = await self._had.context.cookies(route.request.url)
            if await self._had.has_strayed():
                raise NotWhole("The browser lost its way out, and its cookies with it")
            parcel = Parcel.of(route.request, cookies)
        except (NotWhole, BrowserError) as error:
            refused = error
        reach("taken")
        try:
            await route.abort("blockedbyclient")
        except BrowserError as error:
            return Answer(None, b"", error=error)
        reach("given_up")
        left = self._until - clock.boot_seconds()
        if parcel is None or left <= 0:
            return Answer(None, b"", error=refused, has_left=False, is_late=left <= 0)
        delivery = await courier.deliver(parcel, left)
        with suppress(BrowserError):
            await self._had.context.add_cookies(cast(Any, delivery.cookies))  # plain dicts, in Playwright's form
        return delivery.answer
