"""The dashboard driven by keys alone, in a real browser."""

import pytest
from playwright.async_api import expect
from tests.dashboard.conftest import Browser
from tests.domain import factories as make
from tests.serving import Served

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_rows_are_stepped_through_selected_filtered_and_opened_by_keys(browser: Browser, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 12)
    page = browser.page
    await page.goto("/accounts")

    for key in ("j", "j", "x"):
        await page.keyboard.press(key)
    await page.get_by_text("1 selected").wait_for()
    await page.keyboard.press("/")
    await page.keyboard.type("nord_1")  # "n" and "1" are letters here, no commands
    await expect(page.locator("tbody tr")).to_have_count(3, timeout=60_000)
    assert page.url.endswith("/accounts?q=nord_1")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/accounts/10")

    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await page.wait_for_url("**/proxies")
    assert browser.complaints == []


async def test_the_palette_goes_to_what_the_server_finds(browser: Browser, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 3)
    page = browser.page
    await page.goto("/")

    await page.keyboard.press("Control+k")
    await page.keyboard.type("nord_03")
    await page.locator("#palette-list").get_by_text("@nord_03").wait_for()
    await expect(page.locator("#palette-list a")).to_have_count(1, timeout=60_000)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/accounts/3")

    await page.keyboard.press("?")
    await page.get_by_role("button", name="Keys are on").click()
    await page.get_by_role("button", name="Close").click()
    await page.keyboard.press("?")
    assert not await page.locator("#keys").is_visible()
    assert browser.complaints == []
