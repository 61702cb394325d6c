"""Many callers at the same moment, over HTTP: one of them wins, the others get the same answer or nothing."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select
from tests.domain.factories import accounts, draft, videos
from tests.serving import Served
from tests.ui_api.stage import Stage, form_token, staged

from igfleet.ui.models import Account, AuditEntry
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio
CLAIMERS = 200


async def test_f27_two_hundred_claimers_never_run_two_tasks_of_one_account(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies, 1)
    await _more_tasks_for_the_same_account(stage, 1)
    turns = [[lease["account_task_id"] for lease in stage.leases]]
    held = stage.leases[0]["id"]
    while held:
        assert await _claimed_at_once(stage) == [], "the account is busy"
        async with stage.ui.client() as client:
            await client.put(f"/api/leases/{held}/outcome", json={"outcome": "gave_up", "reason_code": "not_supported"})
        claimed = await _claimed_at_once(stage)
        assert len(claimed) <= 1
        turns.append([lease["account_task_id"] for lease in claimed])
        held = claimed[0]["id"] if claimed else ""

    assert Counter(one for turn in turns for one in turn) == {1: 1, 2: 1}


async def test_f13_fifty_clicks_on_start_are_one_start(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    task = await _planned(ui)
    async with ui.signed_in() as anna:
        form = {"csrf": await form_token(anna)}
        clicks = [anna.post(f"/tasks/{task}/start", data=form) for _ in range(50)]
        answers = await asyncio.gather(*clicks)

    assert Counter((one.status_code, one.headers.get("location")) for one in answers) == {(303, f"/tasks/{task}"): 50}
    assert await _audited(ui, "task_started") == 1


async def test_f13_a_double_click_gets_the_answer_of_the_first(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies, 2)
    async with stage.client("w1") as client:
        for lease in stage.leases:
            told = {"outcome": "gave_up", "reason_code": "not_supported"}
            await client.put(f"/api/leases/{lease['id']}/outcome", json=told)
    async with stage.ui.signed_in() as anna:
        form = {"csrf": await form_token(anna)}
        for verb, done in (("retry", "task_retried"), ("cancellation", "task_cancelled")):
            answers = await asyncio.gather(*(anna.post(f"/tasks/{stage.task}/{verb}", data=form) for _ in range(2)))

            assert [one.status_code for one in answers] == [303, 303], verb
            assert await _audited(stage.ui, done) == 1, verb


async def test_calls_that_lock_in_different_orders_do_not_wait_in_a_ring(ui_without_proxies: Served) -> None:
    """A worker of the first contract ends account tasks while a person cancels and resumes."""
    stage = await staged(ui_without_proxies, 6)
    rows = [lease["account_task_id"] for lease in stage.leases]
    async with stage.ui.client() as worker, stage.ui.signed_in() as anna:
        form = {"csrf": await form_token(anna)}
        calls = [
            worker.post(f"/api/bulk-accounts/{row}/status", json={"status": "HUMAN_VERIFICATION_REQUIRED"})
            for row in rows
        ]
        calls += [anna.post(f"/tasks/{stage.task}/resumption", data=form) for _ in range(6)]
        calls += [worker.post(f"/api/bulk-accounts/{row}/status", json={"status": "COMPLETED"}) for row in rows]
        calls += [anna.post(f"/tasks/{stage.task}/cancellation", data=form) for _ in range(3)]
        answers = await asyncio.wait_for(asyncio.gather(*calls), 60)

    assert not [one.text for one in answers if one.status_code >= 500]


async def _claimed_at_once(stage: Stage) -> list[dict[str, str]]:
    asked = {"kinds": ["bulk_upload"], "limit": 5}
    async with stage.ui.client() as client:
        names = list(stage.workers)
        answers = await asyncio.gather(
            *(
                client.post("/api/leases", json={**asked, "worker_id": stage.workers[names[number % len(names)]]})
                for number in range(CLAIMERS)
            )
        )
    assert {one.status_code for one in answers} <= {200, 503}, "on a busy machine some are told to come back"
    return [lease for one in answers if one.status_code == 200 for lease in one.json()]


async def _more_tasks_for_the_same_account(stage: Stage, count: int) -> None:
    async with stage.ui.context.database.sessions.begin() as session:
        who = list(await session.scalars(select(Account)))
        for number in range(count):
            what = await videos(session, 1, name=f"more_{number}.mp4", sha256=f"{number}" * 64)
            task = await draft(session, stage.ui.context.settings, who, what)
            await plan(session, stage.ui.context.settings, task.id)
            await start(session, stage.ui.context.settings, task.id, plan_hash=None, actor="test")


async def _planned(ui: Served) -> int:
    async with ui.context.database.sessions.begin() as session:
        who, what = await accounts(session, 3), await videos(session, 3)
        task = await draft(session, ui.context.settings, who, what)
        await plan(session, ui.context.settings, task.id)
        return task.id


async def _audited(ui: Served, action: str) -> int:
    async with ui.context.database.sessions() as session:
        counted = select(func.count()).where(AuditEntry.action == action)
        return int(await session.scalar(counted) or 0)
