"""The dashboard as a person uses it, in a real browser: every policy violation and console error fails the test."""

import asyncio
from pathlib import Path

import pytest
from playwright import async_api as playwright
from playwright.async_api import Page
from tests.dashboard.conftest import Browser, sign_in
from tests.e2e.fleet import clip
from tests.serving import Served

from igfleet.ui.models import Role

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
PROXY = "http://via:canary-pw-proxy@127.0.0.1:9000"
ACCOUNTS = f"""username,password,tags,proxy
nord_01,canary-pw-one,fjord,{PROXY}
nord_02,canary-pw-two,fjord,{PROXY}
bad name,canary-pw-bad,,
"""


async def _import_accounts(page: Page) -> None:
    await page.goto("/accounts/import")
    await page.get_by_label("Paste lines or CSV").fill(ACCOUNTS)
    await page.get_by_label("Who authorised you").fill("owner of all, in writing")
    await page.get_by_role("button", name="Check the lines").click()
    await page.get_by_role("button", name="Import 2 accounts").wait_for()
    assert "canary-pw" not in await page.content()
    await page.get_by_role("button", name="Import 2 accounts").click()
    await page.get_by_text("2 accounts imported").wait_for()


async def _upload(page: Page, files: list[Path]) -> None:
    await page.goto("/media")
    await page.locator("[data-upload] input[type=file]").set_input_files(files)
    for file in files:
        await page.locator(".uploads").get_by_text(file.name).wait_for()


async def test_from_import_to_a_started_task(browser: Browser, ui: Served, tmp_path: Path) -> None:
    page = browser.page
    good = clip(tmp_path / "good.mp4", 4)
    fake = tmp_path / "fake.mp4"
    fake.write_text("This is a text that calls itself a video.")

    await _import_accounts(page)
    await _upload(page, [good, fake])
    await page.locator("#live").get_by_text("ready").wait_for()
    await page.locator("#live").get_by_text("This is a text file").wait_for()

    await page.goto("/tasks/new/bulk_upload")
    await page.get_by_label("All accounts with the tag").select_option("fjord")
    await page.locator(".tile-pick", has_text="good.mp4").click()
    await page.get_by_label("Distribution").select_option("every_video_to_every_account")
    await page.get_by_label("Text", exact=True).fill("Hello from {{username}}")
    await page.get_by_label("Template with").check()
    await page.get_by_role("button", name="See the plan").click()
    await page.get_by_text("2 posts on 2 accounts").wait_for()
    assert await page.get_by_text("Hello from nord_02").count() == 1

    await page.get_by_role("button", name="Start 2 posts").click()
    await page.wait_for_url("**/tasks/1")
    await page.locator("#task-head").get_by_text("waiting").wait_for()
    assert browser.complaints == []


async def test_the_task_page_follows_without_a_reload(browser: Browser, ui: Served, tmp_path: Path) -> None:
    page = browser.page
    await _import_accounts(page)
    await _upload(page, [clip(tmp_path / "good.mp4", 4)])
    await page.locator("#live").get_by_text("ready").wait_for()
    await page.goto("/tasks/new/bulk_upload")
    await page.get_by_label("All accounts with the tag").select_option("fjord")
    await page.locator(".tile-pick", has_text="good.mp4").click()
    await page.get_by_role("button", name="See the plan").click()
    await page.get_by_role("button", name="Start 2 posts").click()
    await page.wait_for_url("**/tasks/1")
    await page.evaluate("window.stillHere = true")

    async with ui.client() as worker:
        body = {"name": "w1", "version": "0", "kinds": ["bulk_upload"], "methods": ["instagrapi"], "slots": 2}
        key = (await worker.post("/api/workers/register", json=body)).json()["worker_id"]
        asked = {"worker_id": key, "kinds": ["bulk_upload"], "wait_s": 5}
        leases = (await worker.post("/api/leases", json=asked)).json()
        report = {"seq": 1, "step": "uploading 40 %"}
        await worker.post(f"/api/leases/{leases[0]['id']}/reports", json=report)

    await page.get_by_text("uploading 40 %").wait_for(timeout=10_000)
    assert await page.evaluate("window.stillHere")
    assert browser.complaints == []


async def test_no_page_overflows_a_phone_or_a_laptop(browser: Browser) -> None:
    await _import_accounts(browser.page)
    for width in (390, 1024, 1440):
        await browser.page.set_viewport_size({"width": width, "height": 800})
        for path in ("/", "/tasks", "/tasks/new", "/accounts", "/accounts/1", "/accounts/import", "/proxies", "/media"):
            await browser.page.goto(path)
            found = await browser.page.evaluate("document.documentElement.scrollWidth")
            assert found <= width, (path, width, found)
    assert browser.complaints == []


async def test_the_theme_is_kept(browser: Browser) -> None:
    page = browser.page
    await page.goto("/")
    before = await page.evaluate("document.documentElement.dataset.bsTheme")
    await page.get_by_role("button", name="Light or dark").click()
    await page.reload()
    await asyncio.sleep(0)

    assert await page.evaluate("document.documentElement.dataset.bsTheme") != before


async def test_the_core_path_works_without_javascript(ui: Served, chromium: playwright.Browser) -> None:
    await ui.user("anna", Role.ADMIN)
    async with await chromium.new_context(base_url=ui.address, java_script_enabled=False) as context:
        page = await context.new_page()
        await sign_in(page)
        await _import_accounts(page)
        await page.get_by_role("link", name="Workers").first.click()
        await page.get_by_label("Its name").fill("worker-1")
        await page.get_by_role("button", name="Make a token").click()
        await page.get_by_text("It is shown only now").wait_for()
