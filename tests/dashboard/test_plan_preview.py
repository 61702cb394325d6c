"""The plan before its start: how it lies in time, what is left, where to mend, and what changed since."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.planning.draft import CaptionForm
from igfleet.ui.planning.plan import plan

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def _planned(ui: Served, captions: str = "Hello", form: CaptionForm = CaptionForm.ONE) -> None:
    async with ui.context.database.sessions.begin() as session:
        who, what = await make.accounts(session, 2), await make.videos(session, 2)
        task = await make.draft(session, ui.context.settings, who, what, captions=captions, form=form)
        await plan(session, ui.context.settings, task.id)


async def _changed(ui: Served, statement: str) -> None:
    async with ui.context.database.sessions.begin() as session:
        await session.execute(text(statement))


async def test_posts_are_drawn_by_the_hour_and_the_whole_plan_is_a_file(visitor: Visitor, ui: Served) -> None:
    first = (datetime.now(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    times = [first, first + timedelta(hours=3)]
    rows = [f"clip_{number}.mp4,Sea,{at:%Y-%m-%dT%H:%M}Z" for number, at in enumerate(times, start=1)]
    await _planned(ui, "\n".join(["video,caption,publish_at", *rows]), CaptionForm.CSV)

    page = await visitor.read("/tasks/1/plan")
    sheet = list(csv.DictReader(io.StringIO(await visitor.read("/tasks/1/plan.csv"))))

    assert 'aria-label="Posts per hour: at most 1"' in page
    assert page.count('<rect class="bar-blue"') == 2
    assert f'x="{3 * 10 + 1}"' in page
    assert [(row["account"], row["video"], row["caption"]) for row in sheet] == [
        ("nord_01", "clip_1.mp4", "Sea"),
        ("nord_02", "clip_2.mp4", "Sea"),
    ]


async def test_each_problem_has_one_place_where_it_is_mended(visitor: Visitor, ui: Served) -> None:
    await _planned(ui)
    await _changed(ui, "UPDATE accounts SET status = 'blocked' WHERE id = 2")
    await _changed(ui, "UPDATE media SET state = 'broken' WHERE id = 1")

    page = (await visitor.send("/tasks/1/plan", "/tasks/1/replan")).text

    assert 'href="/accounts?status=blocked">These accounts</a>' in page
    assert 'href="/media">Media</a>' in page


async def test_the_difference_says_why(visitor: Visitor, ui: Served) -> None:
    await _planned(ui)
    await _changed(ui, "UPDATE accounts SET status = 'blocked' WHERE id = 2")
    seen = (await visitor.read("/tasks/1/plan")).partition('name="plan_hash" value="')[2].partition('"')[0]

    answer = await visitor.send("/tasks/1/plan", "/tasks/1/start", plan_hash=seen)

    assert answer.status_code == 409
    assert "1 post would no longer be made (nord_02: clip_2.mp4)" in answer.text
    assert "The account is stopped: blocked (1 more: nord_02)" in answer.text


async def test_what_is_left_of_an_accounts_day_stands_beside_each_post(visitor: Visitor, ui: Served) -> None:
    await _planned(ui)

    page = await visitor.read("/tasks/1/plan")

    most = ui.context.settings.publish_budget_per_day
    assert page.count(f'<td data-label="Left that day">{most - 1}</td>') == 2


async def test_an_edited_caption_is_told_as_one(visitor: Visitor, ui: Served) -> None:
    await _planned(ui)
    await _changed(ui, """UPDATE tasks SET captions = captions || '{"text": "Another"}'""")

    answer = await visitor.send("/tasks/1/plan", "/tasks/1/start")

    assert "2 posts would have another caption or time (nord_01: clip_1.mp4, nord_02: clip_2.mp4)" in answer.text
