"""What happens when many do the same at the same moment, each in a transaction of its own."""

import asyncio

import pytest
from sqlalchemy import func, select, update
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.states import AccountTaskState
from igfleet.ui.cancelling import cancel
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.imports.verdicts import Verdict
from igfleet.ui.models import Account, AccountTask, AuditEntry
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.stale import PlanStale
from igfleet.ui.planning.start import start
from igfleet.ui.queue.rescue import let_through

pytestmark = pytest.mark.anyio


async def _drafts(house: House, count: int) -> list[int]:
    """Planned drafts of the same video for the same accounts."""
    async with house.database.sessions.begin() as session:
        accounts, videos = await make.accounts(session, 3), await make.videos(session, 3)
        tasks = [await make.draft(session, house.settings, accounts, videos) for _ in range(count)]
        for task in tasks:
            await plan(session, house.settings, task.id)
        return [task.id for task in tasks]


async def _start(house: House, task_id: int) -> None:
    async with house.database.sessions.begin() as session:
        await start(session, house.settings, task_id, plan_hash=None, actor="user:anna")


async def _cancel(house: House, task_id: int) -> None:
    async with house.database.sessions.begin() as session:
        await cancel(session, task_id, "user:anna")


async def test_fifty_starts_are_one_start(house: House) -> None:
    (task_id,) = await _drafts(house, 1)

    await asyncio.gather(*(_start(house, task_id) for _ in range(50)))

    async with house.database.sessions() as session:
        started = AuditEntry.action == "task_started"
        assert await session.scalar(select(func.count()).where(started)) == 1


async def test_of_two_tasks_with_the_same_posts_one_is_started(house: House) -> None:
    tasks = await _drafts(house, 5)

    ended = await asyncio.gather(*(_start(house, task_id) for task_id in tasks), return_exceptions=True)

    assert sum(result is None for result in ended) == 1
    assert sum(isinstance(result, PlanStale) for result in ended) == 4


async def test_starts_and_cancels_at_once_wait_for_each_other(house: House) -> None:
    (task_id,) = await _drafts(house, 1)
    calls = [_start(house, task_id), *(_cancel(house, task_id) for _ in range(10))]

    await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)

    async with house.database.sessions() as session:
        states = set(await session.scalars(select(AccountTask.state).where(AccountTask.task_id == task_id)))
    assert states == {AccountTaskState.CANCELLED}


async def test_cancelling_while_account_tasks_become_due_waits_for_them(house: House) -> None:
    tasks = await _drafts(house, 1)
    await _start(house, tasks[0])
    async with house.database.sessions.begin() as session:
        await session.execute(update(AccountTask).values(state=AccountTaskState.RETRYABLE, available_at=func.now()))
    calls = [let_through(house.database), _cancel(house, tasks[0]), let_through(house.database)]

    await asyncio.wait_for(asyncio.gather(*calls), 20)

    async with house.database.sessions() as session:
        assert set(await session.scalars(select(AccountTask.state))) == {AccountTaskState.CANCELLED}


async def test_the_same_file_imported_twice_at_once_makes_each_account_once(house: House) -> None:
    text = "".join(f"nord_{number}:secret {number}\n" for number in range(50))

    async def run() -> int:
        async with house.database.sessions.begin() as session:
            given = {"authorised_by": "the agency", "actor": "user:anna"}
            return (await apply_accounts(session, house.vault, text, **given)).preview.counts[Verdict.NEW]

    made = await asyncio.gather(run(), run(), run())

    assert sorted(made) == [0, 0, 50]
    async with house.database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 50
