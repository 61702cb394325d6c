"""One task's page: what is done, what is not and why, who needs a person."""

import html
import re

import pytest
from tests.dashboard.conftest import Browser, Visitor
from tests.dashboard.stage import half_done
from tests.domain import factories as make
from tests.serving import Served

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
_SQUEEZED = """() => [...document.querySelectorAll("main a, main span, main td, main dd, main h1")]
  .filter((one) => one.checkVisibility() && one.innerText.trim().length > 4 && one.getBoundingClientRect().width < 24)
  .map((one) => one.innerText.trim())"""


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_the_head_says_how_many_need_a_person(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)

    page = _text(await visitor.read("/tasks/1"))

    assert "1 needs you" in page
    assert "1 of 3 posts published" in page


async def test_each_cause_names_whom_it_stopped_and_what_to_do(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)

    page = _text(await visitor.read("/tasks/1"))
    causes = page[page.index("Not done, and why") : page.index("All 3")]

    assert re.search(r"needs you Instagram wants this sign-in confirmed .* @nord_01", causes)
    assert re.search(r"failed The account's proxy does not answer .* @nord_02: The proxy", causes)
    assert "nord_03" not in causes


async def test_the_log_says_whose_line_it_is(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)

    page = _text(await visitor.read("/tasks/1"))

    assert "@nord_01 warning It wants to be confirmed" in page
    assert "@nord_03 clip_1.mp4 is live" in page


async def test_nothing_is_squeezed_on_a_phone(browser: Browser, ui: Served) -> None:
    await half_done(ui)
    await browser.page.set_viewport_size({"width": 390, "height": 844})

    for path in ("/tasks/1", "/tasks", "/accounts", "/", "/media", "/posts/3", "/tasks/new/bulk_upload"):
        await browser.page.goto(path)
        assert await browser.page.evaluate(_SQUEEZED) == [], path
    assert browser.complaints == []


async def test_files_are_taken_in_the_order_of_ticking(browser: Browser, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 1)
        await make.videos(session, 3)
    page = browser.page
    await page.goto("/tasks/new/bulk_upload")
    await page.locator(".pick", has_text="nord_01").click()

    for name in ("clip_3.mp4", "clip_2.mp4", "clip_1.mp4"):
        await page.locator(".tile-pick", has_text=name).click()
    await page.locator(".tile-pick", has_text="clip_2.mp4").click()
    places = await page.locator(".tile-pick").evaluate_all("tiles => tiles.map(tile => tile.dataset.place)")
    await page.get_by_role("button", name="See the plan").click()
    await page.get_by_text("2 posts on 1 account").wait_for()

    assert places == ["2", "", "1"]
    assert await page.locator("td[data-label=Video]").all_inner_texts() == ["clip_3.mp4", "clip_1.mp4"]
    await page.get_by_role("link", name="Change", exact=True).click()
    shown = await page.locator(".tile-pick").evaluate_all("tiles => tiles.map(tile => tile.dataset.place)")
    assert shown == ["1", "2", ""]
    assert browser.complaints == []
