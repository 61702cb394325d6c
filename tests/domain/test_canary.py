"""The first account tasks run alone; the others are held until somebody, or their success, lets them go."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.errors import NothingToDo, WrongState
from igfleet.settings import UiSettings
from igfleet.ui.cancelling import cancel
from igfleet.ui.models import AccountTask, AuditEntry, Post, Task
from igfleet.ui.pausing import end_pause, pause
from igfleet.ui.planning.canary import Canary, canary_of, follow, go_on
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.stale import PlanStale
from igfleet.ui.planning.start import start
from igfleet.ui.queue.rescue import let_through
from igfleet.ui.schedule.due import Stretch
from igfleet.ui.schedule.holding import Narrowed, hold_day, release
from igfleet.ui.schedule.moving import move
from igfleet.ui.task_state import settle_state
from igfleet.ui.why_waiting import why_waiting

pytestmark = pytest.mark.anyio
ANNA = "user:anna"
_A = AccountTaskState


async def _begun(session: AsyncSession, settings: UiSettings, count: int = 5, **canary: bool) -> Task:
    made = await make.accounts(session, count), await make.videos(session, count)
    task = await make.draft(session, settings, *made)
    await plan(session, settings, task.id)
    first = Canary(2, **canary)
    return await start(session, settings, task.id, plan_hash=task.plan_hash, actor=ANNA, canary=first)


async def _states(session: AsyncSession, task: Task) -> list[str]:
    return [row.state for row in await make.account_tasks_of(session, task)]


async def _ended(session: AsyncSession, task: Task, *states: AccountTaskState) -> None:
    for row, state in zip(await make.account_tasks_of(session, task), states, strict=False):
        await session.execute(update(AccountTask).where(AccountTask.id == row.id).values(state=state, head=False))
    await settle_state(session, task)


async def test_only_the_first_can_be_claimed_and_the_others_say_what_they_wait_for(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _begun(session, settings)

    rows = await make.account_tasks_of(session, task)
    waiting = await why_waiting(session, task.id)

    assert [row.state for row in rows] == [_A.AVAILABLE] * 2 + [_A.SCHEDULED] * 3
    assert [row.head for row in rows] == [True] * 2 + [False] * 3
    assert [one.count for one in waiting if one.why.startswith("canary:")] == [3]


async def test_when_the_first_have_ended_the_task_is_not_over_and_the_others_go_on(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _begun(session, settings)
    await _ended(session, task, _A.COMPLETED, _A.DISCARDED)
    seen = await canary_of(session, task)

    count = await go_on(session, task.id, ANNA, plan_hash=task.plan_hash)

    assert seen is not None
    assert (seen.left, seen.held, seen.counts) == (0, 3, {"completed": 1, "discarded": 1})
    assert (count, task.state) == (3, TaskState.RUNNING)
    assert (await _states(session, task))[2:] == [_A.AVAILABLE] * 3
    assert await canary_of(session, task) is None
    audited = await session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"task:{task.id}"))
    assert list(audited)[-2:] == ["task_started", "canary_ended"]
    with pytest.raises(NothingToDo):
        await go_on(session, task.id, ANNA)


async def test_neither_a_pause_nor_a_paused_day_nor_a_move_lets_the_others_go(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _begun(session, settings)
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    await session.execute(update(Post).where(Post.task_id == task.id).values(scheduled_at=later))

    await pause(session, task.id, ANNA)
    await end_pause(session, task.id, ANNA)
    hold = await hold_day(session, later.date(), "UTC", Narrowed(), ANNA)
    await release(session, hold.id, ANNA)
    await move(
        session,
        settings,
        Stretch(later, later + timedelta(hours=1), task.id),
        datetime.now(UTC) - timedelta(seconds=30),
        ANNA,
    )

    assert (await _states(session, task))[2:] == [_A.SCHEDULED] * 3
    held = [row.available_at for row in await make.account_tasks_of(session, task)][2:]
    assert held == [None] * 3
    await go_on(session, task.id, ANNA)
    assert (await _states(session, task))[2:] == [_A.AVAILABLE] * 3


async def test_what_has_a_time_of_its_own_still_waits_for_it(session: AsyncSession, settings: UiSettings) -> None:
    task = await _begun(session, settings)
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    await session.execute(update(Post).where(Post.task_id == task.id).values(scheduled_at=later))

    await go_on(session, task.id, ANNA)

    rows = (await make.account_tasks_of(session, task))[2:]
    assert {(row.state, row.available_at) for row in rows} == {(_A.SCHEDULED, later)}


async def test_another_plan_does_not_go_on_and_a_cancelled_task_neither(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _begun(session, settings)

    with pytest.raises(PlanStale):
        await go_on(session, task.id, ANNA, plan_hash="another")
    await cancel(session, task.id, ANNA)

    assert set(await _states(session, task)) == {_A.CANCELLED}
    with pytest.raises(WrongState):
        await go_on(session, task.id, ANNA)


async def test_as_many_first_as_there_are_is_no_canary(session: AsyncSession, settings: UiSettings) -> None:
    task = await _begun(session, settings, 2)

    assert task.canary is None
    assert await _states(session, task) == [_A.AVAILABLE] * 2


@pytest.mark.parametrize(
    ("ends", "goes_on", "held"),
    [
        ((_A.COMPLETED, _A.COMPLETED), True, 0),
        ((_A.COMPLETED, _A.COMPLETED), False, 3),
        ((_A.COMPLETED, _A.DISCARDED), True, 3),
        ((_A.COMPLETED, _A.RUNNING), True, 3),
    ],
)
async def test_the_others_follow_by_themselves_only_when_asked_to_and_all_of_the_first_were_done(
    house: House, settings: UiSettings, ends: tuple[AccountTaskState, ...], goes_on: bool, held: int
) -> None:
    async with house.database.sessions.begin() as session:
        task = await _begun(session, settings, goes_on=goes_on)
        await _ended(session, task, *ends)

    await let_through(house.database)
    followed = await follow(house.database)

    async with house.database.sessions() as session:
        found = text("SELECT count(*) FROM account_tasks WHERE behind_canary")
        assert (await session.scalar(found), followed) == (held, [] if held else [task.id])
