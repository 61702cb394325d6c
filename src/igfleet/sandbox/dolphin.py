"""A stand-in for Dolphin Anty: its local API on loopback, and a real Chromium for each profile that is started."""

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from igfleet.sandbox import http1
from igfleet.sandbox.dolphin_browser import DolphinBrowser
from igfleet.sandbox.messages import Answer, Request

_PATH = re.compile(r"/v1\.0/browser_profiles/([A-Za-z0-9_-]{1,64})/(start|stop)")
TOKEN = "sandbox-dolphin-token"
_FREE = "Automation is not possible on the Free plan"


class Dolphin:
    """Any profile id is a profile. `browser` makes one, given its folder."""

    def __init__(self, folder: Path, browser: Callable[[Path], DolphinBrowser]) -> None:
        self._folder, self._browser = folder, browser
        self._running: dict[str, DolphinBrowser] = {}
        self._cookies: dict[str, list[dict[str, JsonValue]]] = {}
        self._is_signed_in = False
        self._lock = asyncio.Lock()
        self.is_simulated = True
        """Whether it says what it is. A real one does not."""
        self.is_free = False
        """Of the plan that cannot be automated."""
        self.calls: list[str] = []
        """Of its API: the last word of each path, in order."""

    @property
    def running(self) -> list[str]:
        """The profiles whose browser runs."""
        return sorted(profile for profile, browser in self._running.items() if browser.runs)

    def shown(self) -> dict[str, JsonValue]:
        """For the control API."""
        return {"running": list[JsonValue](self.running), "plan": "free" if self.is_free else "paid"}

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            await http1.serve(reader, writer, self._answer)
        except OSError:
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        """End all browsers."""
        async with self._lock:
            for profile in list(self._running):
                await self._stop(profile)

    async def _answer(self, request: Request) -> Answer:
        self.calls.append(request.path.rpartition("/")[2])
        if request.path == "/v1.0/auth/login-with-token":
            self._is_signed_in = request.json().get("token") == TOKEN
        if not self._is_signed_in:
            return _bad(HTTPStatus.UNAUTHORIZED, "unauthorized")
        if request.path.endswith("/login-with-token"):
            return _good(simulated=self.is_simulated)
        if request.path == "/v1.0/export-cookies":
            return self._export(request)
        found = _PATH.fullmatch(request.path)
        if found is None:
            return _bad(HTTPStatus.NOT_FOUND, "not found")
        async with self._lock:
            return await (self._start(found[1]) if found[2] == "start" else self._stop(found[1]))

    async def _start(self, profile: str) -> Answer:
        if self.is_free:
            return _bad(HTTPStatus.PAYMENT_REQUIRED, _FREE)
        if profile in self.running:
            told = {"code": "E_BROWSER_RUN_DUPLICATE", "text": "The profile runs already"}
            return _bad(HTTPStatus.BAD_REQUEST, told["text"], errorObject=told)
        browser = self._browser(self._folder / profile)
        try:
            port, path = await browser.start()
        except (OSError, TimeoutError) as error:
            return _bad(HTTPStatus.INTERNAL_SERVER_ERROR, f"no browser: {error}")
        self._running[profile] = browser
        return _good(automation={"port": port, "wsEndpoint": path})

    async def _stop(self, profile: str) -> Answer:
        browser = self._running.pop(profile, None)
        if browser is None:
            return _bad(HTTPStatus.NOT_FOUND, "The profile does not run")
        self._cookies[profile] = await browser.stop()
        return _good()

    def _export(self, request: Request) -> Answer:
        asked: Any = request.json().get("browserProfiles", [])
        found = [cookie for one in asked for cookie in self._cookies.get(str(one["id"]), [])]
        return _good(cookies=found)


def _good(**more: Any) -> Answer:
    return Answer.of({"success": True, **more})


def _bad(status: HTTPStatus, text: str, **more: Any) -> Answer:
    return Answer.of({"success": False, "error": text, **more}, status)
