"""Start with some: on the plan's page, on the task's page, and in the operator API."""

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.serving import Served
from tests.ui_api.holding import holder
from tests.ui_api.playing import Player

from igfleet.ui.planning.canary import Canary
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def _draft(ui: Served, count: int, **options: int) -> str:
    """Planned, about so many new accounts; its plan's hash."""
    async with ui.context.database.sessions.begin() as session:
        [proxy] = await make.proxies(session, 1)
        who = await make.accounts(session, count, proxy_id=proxy.id)
        ids = tuple(one.id for one in who)
        order = Draft(kind="bulk_login", name="Sign in", account_ids=ids, options=options)
        task = await create(session, ui.context.settings, order, "user:anna")
        summary = await plan(session, ui.context.settings, task.id)
    return str(summary.plan_hash)


async def test_the_first_run_and_one_button_lets_the_others_go(visitor: Visitor, player: Player) -> None:
    seen = await _draft(player.ui, 4)
    before = await visitor.read("/tasks/1/plan")

    at_work = (await visitor.send("/tasks/1/plan", "/tasks/1/start", plan_hash=seen, first="1")).text
    await player.end(await player.leased(), "completed")
    nothing, ended = await player.lease(), await visitor.read("/tasks/1")
    after = (await visitor.send("/tasks/1", "/tasks/1/canary/end", plan_hash=seen)).text

    assert "Start with 3" in before
    assert "canary: for the first account tasks to end" in at_work
    assert nothing is None
    assert "they have ended" in ended
    assert "Go on with the other 3" in ended
    assert "Cancel the other 3" in ended
    assert 'id="canary"' not in after
    assert await player.lease() is not None


async def test_a_changed_plan_does_not_start_with_some_either(visitor: Visitor, ui: Served) -> None:
    await _draft(ui, 3)

    answer = await visitor.send("/tasks/1/plan", "/tasks/1/start", plan_hash="another", first="1")

    assert answer.status_code == 409


async def test_a_program_starts_with_some_and_goes_on(player: Player) -> None:
    ui = player.ui
    seen = await _draft(ui, 3)
    async with holder(ui) as client:
        started = await client.post("/api/v1/tasks/1/start", json={"plan_hash": seen, "first": 2})
        held = [row["behind_canary"] for row in (await client.get("/api/v1/tasks/1/rows")).json()["items"]]
        gone = await client.post("/api/v1/tasks/1/canary/end", json={})
        again = await client.post("/api/v1/tasks/1/canary/end", json={})

    assert started.status_code == 200
    assert sorted(held) == [False, False, True]
    assert (gone.json(), again.status_code) == ({"account_tasks": 1}, 409)


async def test_a_stop_rule_counts_among_the_first_and_keeps_the_others_held(player: Player) -> None:
    seen = await _draft(player.ui, 3, stop_in_a_row=1)
    async with holder(player.ui) as client:
        await client.post("/api/v1/tasks/1/start", json={"plan_hash": seen, "first": 1, "goes_on": True})

    await player.end(await player.leased(), "gave_up", "bad_password")

    async with player.ui.context.database.sessions() as session:
        found = "SELECT paused_why, (SELECT count(*) FROM account_tasks WHERE behind_canary) FROM tasks"
        assert (await session.execute(text(found))).all() == [("1 attempts in a row failed.", 2)]


async def test_in_a_task_by_rounds_the_first_do_not_wait_for_who_is_held(player: Player) -> None:
    ui = player.ui
    async with ui.context.database.sessions.begin() as session:
        [proxy] = await make.proxies(session, 1)
        who, what = await make.accounts(session, 2, proxy_id=proxy.id), await make.videos(session, 2)
        given = {"distribution": "every_video_to_every_account", "rounds": True}
        task = await make.draft(session, ui.context.settings, who, what, **given)
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna", canary=Canary(1))
    first = await player.lease("bulk_upload")
    assert first is not None
    async with ui.context.database.sessions.begin() as session:
        done = text("UPDATE posts SET state = 'published', media_pk = 1, changed_at = now() WHERE id = :id")
        await session.execute(done, {"id": first["posts"][0]["id"]})
    await player.end(first, "completed")

    second = await player.lease("bulk_upload")

    assert second is not None
    assert [post["round"] for lease in (first, second) for post in lease["posts"]] == [0, 1]
