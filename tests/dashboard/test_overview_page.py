"""The first page: its chart with a table beside it, what may still be published, and what is due."""

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Browser, Visitor
from tests.dashboard.stage import half_done
from tests.serving import Served

pytestmark = pytest.mark.anyio
_FULL = """
INSERT INTO posts (task_id, account_task_id, account_id, media_id, media_sha256, position, state, upload_id,
  permitted_at)
SELECT task_id, account_task_id, account_id, media_id, media_sha256, n, 'cancelled', 'u' || n, now()
FROM posts, generate_series(1, 25) n WHERE account_task_id = 3
"""
_SOON = "UPDATE posts SET scheduled_at = now() + interval '9 minutes' WHERE state = 'planned'"


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_the_day_stands_as_a_chart_and_as_a_table_that_stays_open(browser: Browser, ui: Served) -> None:
    await half_done(ui)
    page = browser.page
    await page.goto("/")

    chart = page.get_by_role("img", name="The last 24 hours: 1 post published, 0 other work done, 1 failed")
    assert await chart.locator("rect:not(.day-slot)").count() == 2
    await page.get_by_text("Hour by hour").click()
    async with ui.as_owner() as session:
        await session.execute(text("UPDATE posts SET state = 'failed' WHERE state = 'planned'"))
    ui.context.bus.tell("task", 1)
    await page.get_by_role("cell", name="3", exact=True).wait_for()
    assert await page.locator("details.day-hours").get_attribute("open") is not None


async def test_who_is_at_the_limit_and_what_is_due_are_linked(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)
    empty = await visitor.read("/")
    async with ui.as_owner() as session:
        await session.execute(text(_FULL))
        await session.execute(
            text("UPDATE posts SET scheduled_at = now() + interval '9 minutes' WHERE state = 'planned'")
        )

    full = await visitor.read("/")

    assert "No account is at its limit." in empty
    assert "Nothing is due." in empty
    assert '<a href="/accounts?today=full">1 account</a> at the limit' in full
    assert '<span class="strong">1 post</span>' in full
    assert "25</span>" in full
