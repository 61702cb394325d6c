"""Pictures of every screen: the demo is started in a folder of its own, played through, and looked at by Chromium."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright
from playwright.async_api import Error as BrowserError

from igfleet import processes
from igfleet.browser import locate_browser
from igfleet.errors import SetupError
from igfleet.settings import Settings, load

WIDTHS = (1440, 1024, 390)
THEMES = ("light", "dark")
_HEIGHT = 900
_START_S, _END_S, _PLAY_S = 120, 40, 240
_LINK = re.compile(r"(http://\S+)/signin\?token=(\S+)")
_NUMBER = re.compile(r"\d+")
_NO_SCREEN = re.compile(
    r"\.(csv|json|css|js|svg)$|/(content|thumbnail|file|download|live|events)$|^/(signin|setup|static)"
)
_MOST = 80
_FILTERED = {
    "accounts-filtered": "/accounts?client=Nord&health=good",
    "accounts-none": "/accounts?q=nobody&health=poor",
    "bulk-new": "/bulk/new/accounts?act=archive&all=50",
    "find-nord": "/find?q=nord",
    "logs-none": "/logs?q=nothing+like+it",
    "schedule-clocks": "/schedule?view=day&date=2026-10-25&zone=Europe/Berlin",
    "schedule-month": "/schedule?view=month",
    "schedule-list": "/schedule?view=list",
}
"""Pages of an address that no link leads to."""


async def take(out: Path, heard: Callable[[str], None]) -> int:
    """Write one picture for each screen, width and theme into `out`. Returns how many. Raises `SetupError`."""
    out.mkdir(parents=True, exist_ok=True)
    async with _demo() as (address, token), async_playwright() as playwright:
        program = locate_browser(load(Settings).chromium)
        chromium = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        door = await _context(chromium, address, WIDTHS[0], "light")
        page = await door.new_page()
        await page.goto(f"/signin?token={token}")
        await page.get_by_role("button").first.click()
        heard("playing the demo through")
        await _play(page)
        screens = {**await _screens(page, address), **_FILTERED}
        heard(f"{len(screens)} screens")
        state = await door.storage_state()
        count = 0
        for theme in THEMES:
            for width in WIDTHS:
                context = await _context(chromium, address, width, theme, state)
                count += await _shoot(await context.new_page(), screens, out, f"{width}-{theme}")
                await context.close()
                heard(f"{width} px, {theme}: done")
        await chromium.close()
    return count


@asynccontextmanager
async def _demo() -> AsyncIterator[tuple[str, str]]:
    """A demo of our own; its address and its one-time token."""
    with TemporaryDirectory(prefix="igfleet-screens-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "igfleet", "demo", "--port", "0",
            env={**os.environ, "IGFLEET_DATA_DIR": folder}, stdin=DEVNULL, stdout=PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            yield await asyncio.wait_for(_announced(process), _START_S)
        finally:
            await processes.end(process, _END_S)


async def _announced(process: Process) -> tuple[str, str]:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := _LINK.search(line.decode()):
            return found[1], found[2]
    raise SetupError("The demo did not start; the reason stands above.")


async def _context(
    chromium: Browser, address: str, width: int, theme: str, state: StorageState | None = None
) -> BrowserContext:
    context = await chromium.new_context(
        base_url=address, viewport={"width": width, "height": _HEIGHT}, storage_state=state, reduced_motion="reduce"
    )
    await context.add_init_script(f"try {{ localStorage.setItem('theme', '{theme}') }} catch (error) {{}}")
    return context


async def _play(page: Page) -> None:
    """Start everything that waits as a draft, and let it come to its end."""
    await page.goto("/tasks?state=draft")
    drafts = await page.locator("main tbody a[href^='/tasks/']").evaluate_all("all => all.map(one => one.pathname)")
    for path in dict.fromkeys(drafts):
        await page.goto(f"{path}/plan")
        start = page.locator("form.inline[action$='/start'] button.btn-primary")
        if await start.count():
            await start.click()
            await page.wait_for_load_state()
    async with asyncio.timeout(_PLAY_S):
        while await _is_busy(page):  # noqa: ASYNC110  # the pages themselves are asked
            await asyncio.sleep(2)


async def _is_busy(page: Page) -> bool:
    busy = 0
    for state in ("queued", "running"):
        await page.goto(f"/tasks?state={state}")
        busy += await page.locator("main tbody tr").count()
    return busy > 1


async def _screens(page: Page, address: str) -> dict[str, str]:
    """One address for each sort of page that is linked from another, by name."""
    found: dict[str, str] = {}
    waiting = ["/"]
    while waiting and len(found) < _MOST:
        path = waiting.pop(0)
        name = _name(path)
        if name in found:
            continue
        answer = await page.goto(path)
        if answer is None or not answer.ok or "html" not in answer.headers.get("content-type", ""):
            continue
        found[name] = path
        hrefs = await page.locator("a[href]").evaluate_all("all => all.map(one => one.href)")
        waiting += [link for link in _own(hrefs, address) if _name(link) not in found]
    return found


def _own(hrefs: list[str], address: str) -> Iterator[str]:
    for href in hrefs:
        parts = urlsplit(urljoin(address, href))
        if href.startswith(address) and not _NO_SCREEN.search(parts.path) and not parts.query:
            yield parts.path


def _name(path: str) -> str:
    return _NUMBER.sub("n", path).strip("/").replace("/", "-") or "overview"


async def _shoot(page: Page, screens: dict[str, str], out: Path, label: str) -> int:
    count = 0
    for name, path in screens.items():
        try:
            await page.goto(path)
            await page.screenshot(path=out / f"{name}--{label}.png", full_page=True)
            count += 1
        except BrowserError as error:
            raise SetupError(f"{path} could not be shown: {str(error).splitlines()[0]}") from error
    return count
