"""One Chromium for many tests: each opening gets a context of its own, with its own way out."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from igfleet.browser import locate_browser
from igfleet.instagram.adapters.browser.authorities import trust
from igfleet.instagram.adapters.browser.had import Had
from igfleet.instagram.adapters.browser.valve import Valve
from igfleet.instagram.gateway import Opening
from igfleet.sandbox.ca import Authority
from igfleet.settings import Settings, load


@dataclass
class SharedChromium:
    """A browser that trusts one authority, which every sandbox of these tests has to use."""

    browser: Browser
    authority: Path
    on_had: Callable[[Had], None] = lambda _: None
    valve: type[Valve] = Valve

    def lend_authority(self, sandbox_folder: Path) -> None:
        """Call it before the sandbox starts."""
        shutil.copytree(self.authority, sandbox_folder)

    async def have(self, opening: Opening) -> Had:
        """A context of its own, by the way that adapters take to have a browser."""
        async with AsyncExitStack() as stack:
            valve = self.valve(opening.proxy_url)
            stack.push_async_callback(valve.close)
            context = await self.browser.new_context(
                proxy=await valve.open(), locale=opening.account.locale.replace("_", "-"), service_workers="block"
            )
            stack.push_async_callback(context.close)
            had = Had(context, valve, stack.pop_all().aclose)
        self.on_had(had)
        return had


@asynccontextmanager
async def shared_chromium(folder: Path) -> AsyncIterator[SharedChromium]:
    authority = Authority(folder / "authority")
    trust(folder / "home", authority.file)
    async with async_playwright() as playwright:
        program = locate_browser(load(Settings).chromium)
        environment: dict[str, str | float | bool] = {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}
        browser = await playwright.chromium.launch(executable_path=program, env=environment)
        yield SharedChromium(browser, folder / "authority")
        await browser.close()
