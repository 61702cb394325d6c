"""Rounds: everybody's first video before anybody's second."""

import httpx
import pytest
from sqlalchemy import text
from tests.domain.factories import accounts, draft, videos
from tests.serving import Served

from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio


async def _started(ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        who, what = await accounts(session, 2), await videos(session, 2)
        options = {"distribution": "every_video_to_every_account", "rounds": True}
        task = await draft(session, ui.context.settings, who, what, **options)
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="test")


async def _worker(client: httpx.AsyncClient) -> int:
    body = {"name": "w1", "version": "0", "kinds": ["bulk_upload"], "methods": ["instagrapi"], "slots": 5}
    return int((await client.post("/api/workers/register", json=body)).json()["worker_id"])


async def _leases(client: httpx.AsyncClient, worker: int) -> list[dict[str, object]]:
    asked = {"worker_id": worker, "kinds": ["bulk_upload"], "limit": 10}
    found: list[dict[str, object]] = (await client.post("/api/leases", json=asked)).json()
    return found


async def _done(ui: Served, client: httpx.AsyncClient, lease: dict[str, object]) -> str:
    """The lease's posts are live, and the run ends."""
    ids = [post["id"] for post in lease["posts"]]  # type: ignore[attr-defined]
    async with ui.context.database.sessions.begin() as session:
        moved = text("UPDATE posts SET state = 'published', changed_at = now() WHERE id = ANY(:ids)")
        await session.execute(moved, {"ids": ids})
    answer = await client.put(f"/api/leases/{lease['id']}/outcome", json={"outcome": "completed"})
    return str(answer.json()["state"])


async def test_nobody_begins_a_second_video_before_all_have_their_first(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    await _started(ui)
    async with ui.client() as client:
        worker = await _worker(client)
        first, second = await _leases(client, worker)
        rounds = [[post["round"] for post in lease["posts"]] for lease in (first, second)]  # type: ignore[attr-defined]
        assert rounds == [[0], [0]]

        assert await _done(ui, client, first) == "available"
        assert await _leases(client, worker) == []
        assert await _done(ui, client, second) == "available"

        then = await _leases(client, worker)
        assert [[post["round"] for post in lease["posts"]] for lease in then] == [[1], [1]]  # type: ignore[attr-defined]
        assert [await _done(ui, client, lease) for lease in then] == ["completed", "completed"]


async def test_an_account_that_needs_a_person_holds_nobody_up(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    await _started(ui)
    async with ui.client() as client:
        worker = await _worker(client)
        first, second = await _leases(client, worker)
        stopped = {"outcome": "needs_person", "reason_code": "challenge_required"}
        await client.put(f"/api/leases/{second['id']}/outcome", json=stopped)
        await _done(ui, client, first)

        assert len(await _leases(client, worker)) == 1


async def test_two_tasks_by_rounds_never_wait_for_each_other_in_a_ring(ui_without_proxies: Served) -> None:
    """Each task's account that is behind stands in the queue behind the other task, which waits as well."""
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        who, options = await accounts(session, 2), {"distribution": "every_video_to_every_account", "rounds": True}
        for number in range(2):
            what = [
                (await videos(session, 1, name=f"{number}{clip}.mp4", sha256=f"{number}{clip}" * 32))[0]
                for clip in (0, 1)
            ]
            task = await draft(session, ui.context.settings, who, what, **options)
            await plan(session, ui.context.settings, task.id)
            await start(session, ui.context.settings, task.id, plan_hash=None, actor="test")
        rows = list(await session.execute(text("SELECT id, task_id, account_id FROM account_tasks ORDER BY id")))
        at = {(task_id, account_id): row for row, task_id, account_id in rows}
        ahead = [at[1, who[1].id], at[2, who[0].id]]
        await session.execute(text("UPDATE account_tasks SET head = false"))
        await session.execute(text("UPDATE account_tasks SET head = true WHERE id = ANY(:ids)"), {"ids": ahead})
        done = "UPDATE posts SET state = 'published' WHERE round = 0 AND account_task_id = ANY(:ids)"
        await session.execute(text(done), {"ids": ahead})

    async with ui.client() as client:
        leases = await _leases(client, await _worker(client))

    assert {lease["account_task_id"] for lease in leases} == set(ahead)
