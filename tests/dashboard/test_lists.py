"""The lists besides the accounts: their filters answer while one types, their rows are selected for bulk jobs."""

import re

import pytest
from playwright.async_api import Route, expect
from tests.dashboard.conftest import Browser, Visitor
from tests.dashboard.stage import half_done
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.models import Proxy, Task

pytestmark = pytest.mark.anyio
_LISTS = (
    "accounts",
    "tasks",
    "proxies?q=zzz",
    "media",
    "logs",
    "schedule?view=list",
    "audit",
    "users",
    "captions?q=zzz",
)
_FILTER = re.compile(r'data-live-filter="([^"]+)"')


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_what_a_filter_changes_is_there_whatever_it_finds(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)
    for path in _LISTS:
        page = await visitor.read(f"/{path}")
        found = _FILTER.search(page)

        assert found, path
        for place in found[1].split():
            assert page.count(f'id="{place.removeprefix("#")}"') == 1, (path, place)


async def test_a_list_follows_the_filter_and_its_rows_are_selected_by_key(browser: Browser, ui: Served) -> None:
    await half_done(ui)
    async with ui.context.database.sessions.begin() as session:
        (await session.get_one(Task, 2)).name = "Winter stories"
    page = browser.page
    await page.goto("/tasks")
    await expect(page.locator("tbody tr")).to_have_count(2)

    await page.keyboard.press("/")
    await page.keyboard.type("reel")
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert page.url.endswith("/tasks?q=reel")
    assert await page.get_by_role("link", name="CSV").get_attribute("href") == "/tasks.csv?q=reel"
    await page.locator("h1").click()
    await page.get_by_label("Name", exact=True).blur()
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.get_by_text("1 selected").wait_for()
    await page.get_by_label("What to do with the selected").select_option("pause")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Pause", exact=True).click()
    await page.get_by_text("1 task paused").wait_for()

    await page.goto("/media")  # whose part that lives goes on living
    await page.get_by_label("Name", exact=True).fill("clip_2")
    await expect(page.locator("#live").get_by_text("clip_1.mp4")).to_have_count(0)

    async with ui.context.database.sessions.begin() as session:
        [third] = await make.videos(session, 1, name="clip_22.mp4", sha256="b" * 64)
    ui.context.bus.tell("media", third.id)

    await page.locator("#live").get_by_text("clip_22.mp4").wait_for()
    assert browser.complaints == []


async def test_a_page_whose_stream_was_refused_lives_on(browser: Browser, ui: Served) -> None:
    async def refuse_once(route: Route) -> None:
        await route.fulfill(status=503)

    await browser.page.route("**/events?*", refuse_once, times=1)
    await browser.page.goto("/media")
    async with ui.context.database.sessions.begin() as session:
        [video] = await make.videos(session, 1, name="clip_22.mp4")
    ui.context.bus.tell("media", video.id)

    await browser.page.locator("#live").get_by_text("clip_22.mp4").wait_for()
    browser.forgive("503")
    assert browser.complaints == []


async def test_a_bulk_job_on_proxies_is_asked_for_and_told(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.proxies(session, 52)

    page = await visitor.read("/proxies?q=exit")
    question = "/bulk/new/proxies?act=tag&all=52&q=exit"
    answer = await visitor.send(question, "/bulk/new/proxies", act="tag", all="52", q="exit", option="fast")

    assert "Select all 52 that match" in page
    assert "exit-1.example:8080 (no. 1)" in await visitor.read(question)
    assert "52 proxies tagged" in await visitor.until(str(answer.url.path), "52 proxies tagged")
    assert "none: take theirs away" not in await visitor.read("/bulk/new/proxies?act=replace&row=1")
    async with ui.context.database.sessions() as session:
        assert (await session.get_one(Proxy, 7)).tags == ["fast"]


async def test_people_are_found_by_name_and_limited_to_clients(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await make.accounts(session, 1, client="Bakery")
    await visitor.send(
        "/users", "/users", name="lena", role="operator", way="password", password="a long password", clients="Bakery"
    )

    assert "Bakery" in await visitor.read("/users?q=LEN")
    assert "Nobody matches." in await visitor.read("/users?q=zzz")
    freed = await visitor.send("/users/2", "/users/2/clients")
    again = await visitor.send("/users/2", "/users/2/clients", clients="Bakery")
    assert "lena sees all accounts" in freed.text
    assert "lena sees the accounts of Bakery only" in again.text
