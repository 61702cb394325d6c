"""Uploads as a person makes them, in a real browser: cut on the way, reloaded in the middle, several at once."""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Route
from tests.dashboard.conftest import Browser, sign_in
from tests.e2e.fleet import clip
from tests.media.conftest import make_clip
from tests.serving import Served

from igfleet.media.ffmpeg import locate_ffmpeg

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
MIB = 1024**2


def _large(path: Path, size: int = 20 * MIB) -> Path:
    """A real clip with so much behind it: three parts of 8 MB."""
    content = clip(path, 3).read_bytes()
    fill = size - len(content)
    path.write_bytes(content + fill.to_bytes(4, "big") + b"free" + os.urandom(fill - 8))
    return path


async def test_an_upload_goes_on_after_the_connection_broke(browser: Browser, ui: Served, tmp_path: Path) -> None:
    page, cut = browser.page, []
    large = _large(tmp_path / "large.mp4")

    async def cut_twice(route: Route) -> None:
        if len(cut) < 2 and route.request.headers["upload-offset"] != "0":
            cut.append(route.request.headers["upload-offset"])
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.goto("/media")
    await page.route("**/media/uploads/*", cut_twice)
    await page.locator("[data-upload] input[type=file]").set_input_files(large)
    await page.locator(".uploads").get_by_text("uploaded", exact=True).wait_for(timeout=60_000)

    assert cut == [str(8 * MIB)] * 2
    kept = (ui.context.settings.data_dir / "media").glob("??/*")
    stored = [path for path in kept if path.is_file() and path.suffix != ".jpg"]
    assert [path.read_bytes() for path in stored] == [large.read_bytes()]
    browser.forgive("ERR_CONNECTION_RESET")


async def test_the_same_file_chosen_after_a_reload_goes_on(browser: Browser, ui: Served, tmp_path: Path) -> None:
    page, offsets = browser.page, []
    large = _large(tmp_path / "large.mp4")

    stalled = asyncio.Event()

    async def stall_after_one(route: Route) -> None:
        if route.request.headers["upload-offset"] == "0":
            await route.continue_()
        else:
            stalled.set()

    async def note(route: Route) -> None:
        offsets.append(route.request.headers["upload-offset"])
        await route.continue_()

    await page.goto("/media")
    await page.route("**/media/uploads/*", stall_after_one)
    await page.locator("[data-upload] input[type=file]").set_input_files(large)
    async with asyncio.timeout(60):
        await stalled.wait()
    await page.reload()
    await page.get_by_text("40 % came, then it broke off").wait_for()
    await page.unroute("**/media/uploads/*", stall_after_one)  # sooner, it would let the stalled part go on its way
    await page.route("**/media/uploads/*", note)
    await page.locator("[data-upload] input[type=file]").set_input_files(large)
    await page.locator(".uploads").get_by_text("uploaded", exact=True).wait_for(timeout=60_000)

    assert int(offsets[0]) >= 8 * MIB, "the first part is not sent again"
    assert await page.get_by_text("then it broke off").count() == 0
    assert browser.complaints == []


async def test_several_files_come_at_once_each_with_its_bar(browser: Browser, tmp_path: Path) -> None:
    page = browser.page
    files = [clip(tmp_path / f"clip_{number}.mp4", 3 + number / 10) for number in range(4)]
    empty = tmp_path / "empty.mp4"
    empty.touch()

    await page.goto("/media")
    await page.locator("[data-upload] input[type=file]").set_input_files([*files, empty])

    await page.get_by_text("empty.mp4 is empty.").wait_for(timeout=30_000)
    await page.locator(".uploads").get_by_text("uploaded", exact=True).nth(3).wait_for(timeout=30_000)
    assert await page.locator(".uploads progress").count() == 5
    await page.locator("#live").get_by_text("ready").nth(3).wait_for(timeout=30_000)
    browser.forgive("422")


async def test_a_conversion_is_followed_on_the_file_s_page(browser: Browser, tmp_path: Path) -> None:
    page = browser.page
    old = make_clip(locate_ffmpeg(), tmp_path / "old.mp4", "-c:v", "mpeg4", size="540x960", seconds=4)
    await page.goto("/media")
    await page.locator("[data-upload] input[type=file]").set_input_files(old)
    await page.locator("#live").get_by_text("not publishable").wait_for(timeout=30_000)

    await page.locator("#live").get_by_text("old.mp4").click()
    await page.get_by_role("button", name="Make it publishable").click()
    await page.get_by_role("link", name="old (publishable).mp4").first.wait_for(timeout=60_000)
    await page.get_by_role("link", name="old (publishable).mp4").first.click()

    await page.get_by_role("heading", name="How it was made").wait_for()
    assert browser.complaints == []


async def test_without_script_the_plain_form_uploads(browser: Browser, ui: Served, tmp_path: Path) -> None:
    chromium = browser.page.context.browser
    assert chromium is not None
    context = await chromium.new_context(base_url=ui.address, java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page)

    await page.goto("/media")
    await page.locator("input[type=file]").set_input_files(clip(tmp_path / "plain.mp4", 3))
    await page.get_by_role("button", name="Upload", exact=True).click()

    await page.get_by_text("1 file uploaded").wait_for()
    assert await page.get_by_text("plain.mp4").count() == 1
