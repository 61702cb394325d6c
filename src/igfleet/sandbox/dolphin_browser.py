"""A Chromium with a profile of its own, whose only way out is the sandbox's proxy."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Error as BrowserError
from playwright.async_api import async_playwright
from pydantic import JsonValue

from igfleet.instagram.adapters.browser.authorities import trust
from igfleet.instagram.adapters.browser.had import FLAGS

_START_S = 45
_STOP_S = 5
_LOOK_S = 0.05
_SAME_SITE = {"None": "no_restriction", "Lax": "lax", "Strict": "strict"}


class DolphinBrowser:
    """Start it, attach to it by DevTools, stop it. What it keeps lies in its folder."""

    def __init__(self, folder: Path, program: Path | None, proxy_url: str, ca_file: Path) -> None:
        self._folder, self._program, self._proxy_url, self._ca_file = folder, program, proxy_url, ca_file
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint = ""

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> tuple[int, str]:
        """Port and path of its DevTools. Raises `OSError` and `TimeoutError`."""
        if self._program is None:
            raise FileNotFoundError("there is no Chromium; IGFLEET_CHROMIUM names one")
        profile = self._folder / "profile"
        profile.mkdir(mode=0o700, parents=True, exist_ok=True)
        noted = profile / "DevToolsActivePort"
        noted.unlink(missing_ok=True)
        await asyncio.to_thread(trust, self._folder, self._ca_file)
        self._process = await asyncio.create_subprocess_exec(
            str(self._program),
            *self._arguments(profile),
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port, path = await self._noted(noted)
        except BaseException:
            await self._end()
            raise
        self._endpoint = f"ws://127.0.0.1:{port}{path}"
        return port, path

    async def stop(self) -> list[dict[str, JsonValue]]:
        """End it; its cookies as browser extensions write them. None of one that is gone already."""
        cookies: list[dict[str, JsonValue]] = []
        if self.runs:
            with suppress(BrowserError):
                cookies = await self._farewell()
        await self._end()
        return cookies

    def _arguments(self, profile: Path) -> list[str]:
        own = [
            "--headless",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            f"--proxy-server={self._proxy_url}",
            "--proxy-bypass-list=<-loopback>",
            "--password-store=basic",
            "--disable-breakpad",
        ]
        return [*FLAGS, *own, *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank"]

    async def _noted(self, noted: Path) -> tuple[int, str]:
        """What the browser writes down when its DevTools listen."""
        async with asyncio.timeout(_START_S):
            while True:
                if not self.runs:
                    raise ChildProcessError("it ended at once")
                lines = noted.read_text().splitlines() if noted.is_file() else []
                if len(lines) > 1:
                    return int(lines[0]), lines[1]
                await asyncio.sleep(_LOOK_S)

    async def _farewell(self) -> list[dict[str, JsonValue]]:
        """Read the cookies, then ask it to close: so it writes its profile down."""
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(self._endpoint)
            found = [_extension_form(dict(cookie)) for cookie in await browser.contexts[0].cookies()]
            with suppress(BrowserError):
                await (await browser.new_browser_cdp_session()).send("Browser.close")
            return found

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        try:
            await asyncio.wait_for(process.wait(), _STOP_S if self._endpoint else 0)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _extension_form(cookie: dict[str, Any]) -> dict[str, JsonValue]:
    expires = cookie["expires"]
    lasting: dict[str, JsonValue] = {} if expires < 0 else {"expirationDate": expires}
    return lasting | {
        **{name: cookie[name] for name in ("name", "value", "domain", "path", "secure", "httpOnly")},
        "sameSite": _SAME_SITE.get(cookie.get("sameSite", ""), "unspecified"),
        "hostOnly": not cookie["domain"].startswith("."),
        "session": expires < 0,
    }
