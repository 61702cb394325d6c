"""The web site in one browser: where it is, what it answers, and what it puts in the way."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Locator, Page
from playwright.async_api import Error as BrowserError

from igfleet.contracts.leases import LeasedAccount
from igfleet.instagram.adapters.browser.answers import SiteAnswer
from igfleet.instagram.adapters.browser.chronicle import Chronicle
from igfleet.instagram.adapters.browser.cookies import user_id
from igfleet.instagram.adapters.browser.had import Had
from igfleet.instagram.adapters.browser.labels import label
from igfleet.instagram.adapters.browser.overheard import Overheard
from igfleet.instagram.adapters.browser.trouble import lost_way, stop_at
from igfleet.instagram.adapters.refusal import Phase

WWW = "www.instagram.com"
_OK = 200
_APP_ID = "936619743392459"
"""The site's own pages send it with every read."""
_READ = """
async ([path, app]) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? "";
  const headers = {"X-CSRFToken": token, "X-IG-App-ID": app, "X-Requested-With": "XMLHttpRequest"};
  const answer = await fetch(path, {headers, signal: AbortSignal.timeout(30000)});
  const date = answer.headers.get("date") ?? "";
  return {status: answer.status, text: await answer.text(), url: answer.url, date};
}
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the site may take, in seconds."""

    page_s: float = 60
    """To load."""
    step_s: float = 20
    """To show what comes next."""
    suggestion_s: float = 6
    """To suggest places or people, or to offer a code."""


PATIENCE = Patience()


class Site:
    """One page of a browser. Methods raise `RunError` for what the site says, Playwright's errors for the rest."""

    def __init__(self, had: Had, page: Page, account: LeasedAccount, patience: Patience) -> None:
        self.had, self.page, self.patience = had, page, patience
        self.username = account.username
        self.gone = asyncio.Event()
        """The page has crashed or was closed."""
        page.on("crash", lambda _: self.gone.set())
        page.on("close", lambda _: self.gone.set())

    @classmethod
    async def opened(cls, had: Had, account: LeasedAccount, patience: Patience, chronicle: Chronicle) -> "Site":
        context = had.context
        context.set_default_timeout(patience.step_s * 1000)
        context.set_default_navigation_timeout(patience.page_s * 1000)
        chronicle.listen(context)
        site = cls(had, context.pages[0] if context.pages else await context.new_page(), account, patience)
        await site._wave_aside("decline_cookies", "not_now", "ok")
        return site

    @property
    def context(self) -> BrowserContext:
        return self.had.context

    @property
    def place(self) -> str:
        """Path of the present page."""
        return urlsplit(self.page.url).path

    async def go(self, path: str) -> None:
        """Load a page anew: nothing of an earlier try is left on it. Raises for a dead end."""
        answer = await self.page.goto(f"https://{WWW}{path}", wait_until="domcontentloaded")
        if await self.had.has_strayed():
            raise lost_way(self.username, f"loading {path}")
        if answer is not None and answer.status > _OK + 99:
            text = ""
            with suppress(BrowserError):
                text = await answer.text()
            raise SiteAnswer(answer.status, text).refusal(self.username, Phase.READ)
        stopped = stop_at(self.username, self.place)
        if stopped is not None and self.place != urlsplit(path).path:
            raise stopped

    async def read(self, path: str) -> SiteAnswer:
        """One of the site's own JSON addresses, by the page's session. Leaves the page as it is."""
        if urlsplit(self.page.url).hostname != WWW:
            await self.go("/")
        found: dict[str, Any] = await self.page.evaluate(_READ, [path, _APP_ID])
        answer = SiteAnswer(found["status"], found["text"], urlsplit(found["url"]).path, found["date"])
        if not answer.is_ok:
            raise answer.refusal(self.username, Phase.READ)
        return answer

    async def user_id(self) -> str:
        """Of the session; empty without one."""
        return user_id(await self.context.cookies())

    async def answer_to(self, path: str, act: Callable[[], Awaitable[None]]) -> SiteAnswer:
        """What the page's own request to `path` is answered after `act`."""
        async with Overheard(self.page, path) as overheard:
            await act()
            return await overheard.answer(self.patience.page_s)

    async def _wave_aside(self, *names: str) -> None:
        """Questions that may come at any time and cover everything are answered with the least."""
        for name in names:
            button = self.page.get_by_role("dialog").get_by_role("button", name=label(name))
            await self.page.add_locator_handler(button.first, _press)


async def _press(button: Locator) -> None:
    await button.click()
