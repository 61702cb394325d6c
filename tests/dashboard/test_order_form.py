"""A bulk upload that cannot be made as asked: the form comes back filled in, the plan with what changed."""

import re

import pytest
from sqlalchemy import func, select
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.models import Account, Media, Task

pytestmark = pytest.mark.anyio


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def _stock(ui: Served) -> tuple[list[Account], list[Media]]:
    async with ui.context.database.sessions.begin() as session:
        return await make.accounts(session, 2), await make.videos(session, 2)


async def _tasks(ui: Served) -> int:
    async with ui.context.database.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Task)) or 0


async def test_an_empty_form_says_what_is_missing(visitor: Visitor) -> None:
    answer = await visitor.send("/tasks/new/bulk_upload", "/tasks/new/bulk_upload", name="Spring campaign")

    assert answer.status_code == 422
    assert "Choose at least one account" in answer.text
    assert "Choose at least one video" in answer.text
    assert "Spring campaign" in answer.text


async def test_captions_that_cannot_be_read_leave_no_task_behind(visitor: Visitor, ui: Served) -> None:
    accounts, videos = await _stock(ui)
    fields = {
        "accounts": [str(one.id) for one in accounts],
        "media": [str(one.id) for one in videos],
        "caption_form": "template",
        "caption_text": "{Good morning|Good evening from {{username}}",
    }

    answer = await visitor.send("/tasks/new/bulk_upload", "/tasks/new/bulk_upload", **fields)

    assert answer.status_code == 422
    assert "line 1" in answer.text
    assert answer.text.count(" checked>") >= 4
    assert await _tasks(ui) == 0


async def test_a_plan_that_changed_meanwhile_is_shown_with_the_difference(visitor: Visitor, ui: Served) -> None:
    accounts, videos = await _stock(ui)
    chosen = {"accounts": [str(one.id) for one in accounts], "media": [str(one.id) for one in videos]}
    made = await visitor.send("/tasks/new/bulk_upload", "/tasks/new/bulk_upload", **chosen)
    plan_hash = re.search(r'name="plan_hash" value="([^"]+)"', made.text)
    assert plan_hash, made.text
    await visitor.send("/accounts/1", "/accounts/1/stop")

    answer = await visitor.send("/tasks/1/plan", "/tasks/1/start", plan_hash=plan_hash.group(1))

    assert answer.status_code == 409
    assert "Start 2 posts" in answer.text
    assert "− nord_01: clip_1.mp4" in answer.text
