"""One task's page: what is done, what is not and why, who needs a person."""

import html
import re

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Browser, Visitor
from tests.dashboard.stage import half_done
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.models import Role
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

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


async def test_ticks_outlast_live_updates_and_are_retried_alone(browser: Browser, ui: Served) -> None:
    await half_done(ui)
    async with ui.context.database.sessions.begin() as session:
        await session.execute(
            text("UPDATE account_tasks SET state = 'discarded', reason_code = 'rate_limited' WHERE id = 3")
        )
        await session.execute(text("UPDATE posts SET state = 'failed' WHERE account_task_id = 3"))
    page = browser.page
    await page.goto("/tasks/1")
    await page.get_by_label("Select nord_02").check()
    await page.get_by_label("What to do with the selected").select_option("retry")
    await page.evaluate("document.querySelector('form.bulk').isSame = true")

    async with ui.context.database.sessions.begin() as session:
        await session.execute(
            text("INSERT INTO log_lines (task_id, level, event, text) VALUES (1, 'info', 'x', 'It moves')")
        )
    ui.context.bus.tell("task", 1)
    await page.locator("#log").get_by_text("It moves").wait_for()
    assert await page.locator("[data-bulk-count]").inner_text() == "1 selected"
    assert await page.locator("#tick-all").is_visible()
    assert await page.evaluate("document.querySelector('form.bulk').isSame"), (
        "an open list of choices would have closed"
    )
    await page.get_by_role("button", name="Go on").click()
    await page.locator(".tag", has_text="@nord_02").wait_for()
    await page.locator("main").get_by_role("button", name="Retry").click()
    await page.get_by_text("1 account task retried").wait_for()
    await page.get_by_role("link", name="Back to the list").click()
    await page.wait_for_url("**/tasks/1")

    async with ui.context.database.sessions() as session:
        states = list(await session.scalars(text("SELECT state FROM account_tasks WHERE task_id = 1 ORDER BY id")))
    assert states == ["suspended", "available", "discarded"]


async def test_without_javascript_all_that_match_are_cancelled(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        who, what = await make.accounts(session, 101), await make.videos(session, 101)
        task = await make.draft(session, ui.context.settings, who, what)
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")
        await session.execute(text("UPDATE account_tasks SET state = 'completed', head = false WHERE id = 7"))
    page = await visitor.read("/tasks/1")
    assert "Select all 101 that match" in _text(page)
    assert page.count('form="bulk"') == 100
    assert "Retry" not in page[page.index('name="act"') : page.index("</select>")]

    asked = "/bulk/new/account_tasks?task=1&state=available&act=cancel&all=100"
    assert "@nord_01" in await visitor.read(asked)
    given = {"task": "1", "state": "available", "act": "cancel", "all": "100", "typed": "100"}
    answer = await visitor.send(asked, "/bulk/new/account_tasks", **given)

    told = await visitor.until(str(answer.url.path), "100 account tasks cancelled")
    assert "state waiting" in _text(told)
    assert 'href="/tasks/1"' in told


async def test_what_can_be_done_is_offered_to_who_may_do_it(ui: Served) -> None:
    await half_done(ui)
    async with ui.signed_in("vera", Role.VIEWER) as viewer, ui.signed_in("otto", Role.OPERATOR) as operator:
        pages = [(await one.get("/tasks/1")).text for one in (viewer, operator)]

    assert ['form="bulk"' in page for page in pages] == [False, True]
    assert all(f">{act}</option>" in pages[1] for act in ("Retry", "Resume", "Cancel"))
