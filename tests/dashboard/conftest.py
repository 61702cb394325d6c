"""Two who use the pages: one without a browser, by reading and filling in forms, and one with a real one."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright import async_api as playwright
from playwright.async_api import ConsoleMessage, Page
from tests.authorities import PUBLIC
from tests.serving import PASSWORD, Served

from igfleet.ui.models import Role

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Visitor:
    """Signed in; every form is sent with the token that its page carries."""

    client: httpx.AsyncClient

    async def read(self, path: str) -> str:
        answer = await self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    async def until(self, path: str, text: str, seconds: float = 60) -> str:
        """Read a page again and again until the text stands on it."""
        async with asyncio.timeout(seconds):
            while text not in (page := await self.read(path)):  # noqa: ASYNC110  # any page, any text
                await asyncio.sleep(0.2)
        return page

    async def send(self, form: str, path: str, **fields: str | list[str]) -> httpx.Response:
        """Post to `path` the form that stands on the page `form`."""
        token = _TOKEN.search(await self.read(form))
        assert token, f"{form} has no form"
        return await self.client.post(path, data={"csrf": token.group(1), **fields}, follow_redirects=True)


@pytest.fixture
async def visitor(ui: Served) -> AsyncIterator[Visitor]:
    """An admin who is signed in."""
    await ui.user("anna", Role.ADMIN)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(
        base_url=ui.address, headers=headers, trust_env=False, verify=PUBLIC, timeout=30
    ) as client:
        somebody = Visitor(client)
        answer = await somebody.send("/signin", "/signin", name="anna", password=PASSWORD)
        assert "Overview" in answer.text
        yield somebody


@dataclass
class Browser:
    """A page, and everything it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Pages that were gone to: that one of them answered with 422 or 404 is no complaint."""

    def listen(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda one: self.asked.add(one.url) if one.is_navigation_request() else None)
        self.page.on("console", self._hear)

    def forgive(self, part: str) -> None:
        """It was provoked: at least one complaint with this text is none."""
        left = [complaint for complaint in self.complaints if part not in complaint]
        assert len(left) < len(self.complaints), f"nothing complained of {part}"
        self.complaints[:] = left

    def _hear(self, line: ConsoleMessage) -> None:
        is_answer = line.text.startswith("Failed to load resource") and line.location["url"] in self.asked
        if line.type == "error" and not is_answer:
            self.complaints.append(line.text)


@pytest.fixture
async def browser(ui: Served, chromium: playwright.Browser) -> AsyncIterator[Browser]:
    """Somebody who is signed in as admin. Any error of the console and any report of the policy fails the test."""
    await ui.user("anna", Role.ADMIN)
    context = await chromium.new_context(base_url=ui.address, viewport={"width": 1440, "height": 900})
    opened = Browser(await context.new_page())
    opened.listen()
    await sign_in(opened.page)
    yield opened
    await context.close()
    assert opened.complaints == []


async def sign_in(page: Page) -> None:
    """From a page that needs it to where it led."""
    await page.goto("/accounts")
    await page.get_by_label("Name").fill("anna")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/accounts")
