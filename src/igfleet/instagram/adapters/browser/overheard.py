"""Listens to one of a page's own requests. The page gets its answer only after we have read it.

Read afterwards it might be lost: a page that goes on makes the browser forget what the page before was answered.
"""

import asyncio
import base64
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as BrowserError

from igfleet.instagram.adapters.browser.answers import SiteAnswer


class Overheard:
    """`async with Overheard(page, path) as overheard: …` around what makes the page ask."""

    def __init__(self, page: Page, path: str) -> None:
        self._page, self._path = page, path
        self._session: CDPSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard: asyncio.Future[SiteAnswer] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        session = self._session = await self._page.context.new_cdp_session(self._page)
        session.on("Fetch.requestPaused", self._hear)
        pattern = {"urlPattern": f"*{self._path}", "requestStage": "Response"}
        await session.send("Fetch.enable", {"patterns": [pattern]})
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if not self._heard.cancel() and not self._heard.cancelled():
            self._heard.exception()  # nobody may have asked
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            with suppress(BrowserError):
                await self._session.detach()

    async def answer(self, seconds: float) -> SiteAnswer:
        """The first answer. Raises Playwright's errors: of the network, or when none has come in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._heard
        except TimeoutError as error:
            raise BrowserError("net::ERR_TIMED_OUT") from error

    def _hear(self, event: dict[str, Any]) -> None:
        task = asyncio.create_task(self._read(event))
        self._tasks.add(task)

    async def _read(self, event: dict[str, Any]) -> None:
        assert self._session is not None
        try:
            if reason := event.get("responseErrorReason"):
                raise BrowserError(f"net::{reason}")
            answer = SiteAnswer(event["responseStatusCode"], await self._body(event["requestId"]))
            if not self._heard.done():
                self._heard.set_result(answer)
        except BrowserError as error:
            if not self._heard.done():
                self._heard.set_exception(error)
        finally:
            with suppress(BrowserError):
                await self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    async def _body(self, request_id: str) -> str:
        assert self._session is not None
        found = await self._session.send("Fetch.getResponseBody", {"requestId": request_id})
        text = str(found["body"])
        return base64.b64decode(text).decode(errors="replace") if found["base64Encoded"] else text
