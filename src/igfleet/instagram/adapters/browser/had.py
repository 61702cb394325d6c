"""How the browser is had. Launching one is the first way; attaching to one of Dolphin Anty is the other."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.async_api import BrowserContext, async_playwright
from playwright.async_api import Error as BrowserError

from igfleet import log
from igfleet.errors import NeedsPerson
from igfleet.instagram.adapters.browser.authorities import trust
from igfleet.instagram.adapters.browser.courier import Courier
from igfleet.instagram.adapters.browser.stray import Stray
from igfleet.instagram.adapters.browser.valve import Valve
from igfleet.instagram.gateway import Opening
from igfleet.reasons import ReasonCode

_log = log.get(__name__)
_LAUNCH_MS = 60_000
_FAREWELL_S = 3
_HEADLESS_ONLY = "headless"
FLAGS = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disk-cache-size=52428800",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
"""Nothing leaves but through the proxy, and nothing of the browser's own."""


@dataclass(slots=True)
class Had:
    """A browser of one account, and its way out."""

    context: BrowserContext
    valve: Valve
    end: Callable[[], Awaitable[None]]
    """Close it. When this returns no process of it is left, and nothing more can leave."""
    courier: Courier | None = None
    """Sends the publish request in the browser's place. None: the browser sends it, by the narrowed valve."""
    stray: Stray | None = None
    """Watches a browser that may leave the valve's way. None: it cannot."""

    async def has_strayed(self) -> bool:
        """Whether anything came by another way than the valve's: nothing that it says counts then."""
        return self.stray is not None and await self.stray.has_strayed()


type HaveBrowser = Callable[[Opening], Awaitable[Had]]


async def launched(opening: Opening) -> Had:
    """A browser of our own, with a profile that is gone when the browser is.

    Raises `NeedsPerson` without a browser that can do it, and Playwright's errors.
    """
    program = _program(opening)
    async with AsyncExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="browser-", dir=opening.folder))  # nobody else may look into it
        profile = home / "profile"
        stack.push_async_callback(_wipe, home)
        if opening.ca_file is not None:
            await asyncio.to_thread(trust, home, opening.ca_file)
        stack.push_async_callback(_kill, profile)
        playwright = await async_playwright().start()
        stack.push_async_callback(quietly, playwright.stop)
        valve = Valve(opening.proxy_url)
        stack.push_async_callback(valve.close)
        context = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=program,
            headless=opening.browser.headless,
            args=list(FLAGS),
            chromium_sandbox=_has_sandbox(),
            env=_environment(opening, home),
            proxy=await valve.open(),
            locale=opening.account.locale.replace("_", "-"),
            service_workers="block",
            timeout=_LAUNCH_MS,
        )
        stack.push_async_callback(quietly, context.close)
        return Had(context, valve, stack.pop_all().aclose)
    raise AssertionError("unreachable")


def _program(opening: Opening) -> Path:
    browser = opening.browser
    if browser.executable is None:
        raise NeedsPerson("There is no browser on the worker. IGFLEET_CHROMIUM names one.", ReasonCode.TOOL_MISSING)
    if not browser.headless and _HEADLESS_ONLY in browser.executable.name:
        name = browser.executable.name
        text = f"{name} has no window. IGFLEET_CHROMIUM must name a whole Chromium for a visible browser."
        raise NeedsPerson(text, ReasonCode.TOOL_MISSING)
    return browser.executable


async def _wipe(home: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


def _has_sandbox() -> bool:
    """Chromium refuses its own sandbox to root."""
    is_root = os.geteuid() == 0
    if is_root:
        _log.warning("browser_without_sandbox", advice="Run the worker as a user of its own, not as root")
    return not is_root


def _environment(opening: Opening, home: Path) -> dict[str, str | float | bool]:
    """Only what a browser needs: no proxy variables, no secrets."""
    kept = ("PATH", "LANG", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR")
    inherited: dict[str, str | float | bool] = {name: os.environ[name] for name in kept if name in os.environ}
    return inherited | {"HOME": str(home), "TZ": opening.account.timezone}


async def quietly(close: Callable[[], Awaitable[None]]) -> None:
    """What hangs or is gone already is killed afterwards."""
    with suppress(BrowserError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_S):
            await close()


async def _kill(profile: Path) -> None:
    """End every process that works on the profile, and wait until it is gone."""
    left = [child for child in psutil.Process().children(recursive=True) if _works_on(child, profile)]
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    await asyncio.to_thread(psutil.wait_procs, left, _FAREWELL_S)


def _works_on(process: psutil.Process, profile: Path) -> bool:
    try:
        return any(str(profile) in word for word in process.cmdline())
    except psutil.Error:
        return False
