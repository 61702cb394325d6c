"""The schedule: what stands on it, moving it, pausing days, and making what repeats."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.contracts.tasks import Mode
from igfleet.errors import Conflict, Invalid, WrongState
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, AccountTask, Check, Occurrence, Post, RecurringTask, Task
from igfleet.ui.planning.draft import CaptionForm, Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.reports.posts import By, Period, report
from igfleet.ui.schedule import recurring
from igfleet.ui.schedule.board import Wanted, board
from igfleet.ui.schedule.calendar import View
from igfleet.ui.schedule.due import Stretch
from igfleet.ui.schedule.holding import Narrowed, hold_day, present, release
from igfleet.ui.schedule.moving import move
from igfleet.ui.schedule.recurrence import Missed, Rule
from igfleet.ui.schedule.recurring import Repeat

pytestmark = pytest.mark.anyio
ANNA = "user:anna"
_HOUR = timedelta(hours=1)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


async def _planned(
    session: AsyncSession, settings: UiSettings, at: Sequence[datetime] = (TOMORROW, TOMORROW + _HOUR)
) -> Task:
    """A started task of two accounts; each publishes a video at each of the times."""
    accounts = await make.accounts(session, 2, tags=["north"])
    videos = await make.videos(session, len(at))
    lines = ["video,caption,publish_at"]
    lines += [f"{video.name},Hello,{when.isoformat()}" for video, when in zip(videos, at, strict=True)]
    csv, every = "\n".join(lines), "every_video_to_every_account"
    task = await make.draft(session, settings, accounts, videos, captions=csv, form=CaptionForm.CSV, distribution=every)
    await plan(session, settings, task.id)
    return await start(session, settings, task.id, plan_hash=None, actor=ANNA)


async def _due(session: AsyncSession, task: Task) -> list[datetime | None]:
    rows = await session.execute(select(Post.scheduled_at).where(Post.task_id == task.id).order_by(Post.id))
    return [row[0] for row in rows]


async def _available(session: AsyncSession, task: Task) -> set[datetime | None]:
    return {row.available_at for row in await make.account_tasks_of(session, task)}


def _hour(task: Task, at: datetime) -> Stretch:
    return Stretch(at, at + _HOUR, task.id)


async def test_a_batch_is_a_task_in_an_hour_by_state(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)
    await session.execute(update(Post).where(Post.id == 1).values(state="published", published_at=TOMORROW))

    shown = await board(session, Wanted(View.DAY, TOMORROW.date(), "UTC"), datetime.now(UTC))
    elsewhere = await board(session, Wanted(View.DAY, TOMORROW.date(), "UTC", tag="south"), datetime.now(UTC))

    [day] = shown.days
    assert [(one.task.id, one.hour.label, one.counts) for one in day.batches] == [
        (task.id, "12:00", {"planned": 1, "published": 1}),
        (task.id, "13:00", {"planned": 2}),
    ]
    assert [one.counts for one in day.by_task()] == [{"planned": 3, "published": 1}]
    assert elsewhere.is_empty


async def test_what_starts_later_stands_at_its_start(session: AsyncSession, settings: UiSettings) -> None:
    accounts = await make.accounts(session, 3)
    ids = tuple(one.id for one in accounts)
    draft = Draft(kind="bulk_login", name="Sign in", account_ids=ids, start_at=TOMORROW)
    task = await create(session, settings, draft, ANNA)
    await plan(session, settings, task.id)
    await start(session, settings, task.id, plan_hash=None, actor=ANNA)

    shown = await board(session, Wanted(View.WEEK, TOMORROW.date(), "UTC", task=task.id), datetime.now(UTC))
    moved = await move(session, settings, _hour(task, TOMORROW), TOMORROW + 5 * _HOUR, ANNA)

    [batch] = [one for day in shown.days for one in day.batches]
    assert (batch.hour.begins, batch.counts, batch.has_open) == (TOMORROW, {"scheduled": 3}, True)
    assert (moved.count, moved.noun) == (3, "account task")
    assert await _available(session, task) == {TOMORROW + 5 * _HOUR}
    assert (await session.get_one(Task, task.id, populate_existing=True)).start_at == TOMORROW + 5 * _HOUR


async def test_a_batch_is_moved_and_the_rest_stays(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)

    moved = await move(session, settings, _hour(task, TOMORROW), TOMORROW + 4 * _HOUR, ANNA)

    assert (moved.count, moved.by) == (2, 4 * _HOUR)
    assert set(await _due(session, task)) == {TOMORROW + _HOUR, TOMORROW + 4 * _HOUR}
    assert await _available(session, task) == {TOMORROW + _HOUR}


async def test_what_has_begun_is_never_moved(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings, [TOMORROW])
    first, second = await make.account_tasks_of(session, task)
    await session.execute(update(Post).where(Post.account_task_id == first.id).values(state=PostState.PREPARING))
    running = update(AccountTask).where(AccountTask.id == second.id).values(state=AccountTaskState.RUNNING, head=True)
    await session.execute(running)

    with pytest.raises(WrongState, match="has not begun"):
        await move(session, settings, _hour(task, TOMORROW), TOMORROW + _HOUR, ANNA)

    assert set(await _due(session, task)) == {TOMORROW}


async def test_a_move_beyond_a_budget_moves_nothing(session: AsyncSession, settings: UiSettings) -> None:
    many = [TOMORROW + number * timedelta(hours=2) for number in range(settings.publish_budget_per_hour + 1)]
    task = await _planned(session, settings, many)
    stretch = Stretch(many[1], many[-1] + _HOUR, task.id)
    crowd = update(Post).where(Post.task_id == task.id, Post.scheduled_at > TOMORROW)
    await session.execute(crowd.values(scheduled_at=many[1]))

    with pytest.raises(Conflict, match="Nothing was moved"):
        await move(session, settings, stretch, TOMORROW + timedelta(minutes=5), ANNA)

    assert set(await _due(session, task)) == {many[0], many[1]}


async def test_nothing_is_moved_into_the_past(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)

    with pytest.raises(Invalid, match="over"):
        await move(session, settings, _hour(task, TOMORROW), datetime.now(UTC) - _HOUR, ANNA)


async def test_a_paused_day_waits_until_it_is_undone(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings, [TOMORROW, TOMORROW + timedelta(days=1)])

    hold = await hold_day(session, TOMORROW.date(), "UTC", Narrowed("north"), ANNA, "holiday")
    [held] = await present(session)
    during = await _available(session, task)
    shown = await board(session, Wanted(View.DAY, TOMORROW.date(), "UTC"), datetime.now(UTC))
    await release(session, hold.id, ANNA)

    assert (hold.count, held.left, held.overdue) == (2, 2, 0)
    assert during == {TOMORROW + timedelta(days=1)}
    assert [(one.held, one.total) for one in shown.days[0].batches] == [(2, 2)]
    assert await _available(session, task) == {TOMORROW}
    assert await present(session) == []


async def test_only_what_is_meant_is_held(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)
    await session.execute(update(Post).where(Post.task_id == task.id).values(state=PostState.PREPARING))

    for day, narrowed in (
        (TOMORROW.date(), Narrowed()),
        (TOMORROW.date(), Narrowed("south")),
        (TOMORROW.date() + timedelta(days=1), Narrowed()),
    ):
        with pytest.raises(Conflict, match="Nothing is planned"):
            await hold_day(session, day, "UTC", narrowed, ANNA)


async def test_a_move_frees_what_was_held(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings, [TOMORROW])
    await hold_day(session, TOMORROW.date(), "UTC", Narrowed(task_id=task.id), ANNA)
    during = await _available(session, task)

    await move(session, settings, _hour(task, TOMORROW), TOMORROW + timedelta(days=2), ANNA)

    assert during == {None}
    assert await _available(session, task) == {TOMORROW + timedelta(days=2)}


async def _repeating(session: AsyncSession, settings: UiSettings, missed: Missed, late: timedelta) -> int:
    """A warm-up whose time came `late` ago."""
    await make.accounts(session, 2)
    draft = Draft(kind="warmup", name="Warm up", account_ids=(1, 2))
    task = await create(session, settings, draft, ANNA)
    rule = Rule(frozenset(range(7)), time(9), "Europe/Berlin")
    row = await recurring.define(session, task.id, Repeat("Daily warm-up", rule, missed, 60), ANNA)
    at = datetime.now(UTC) - late
    row.at, row.timezone, row.next_at = (
        at.time().replace(second=0, microsecond=0),
        "UTC",
        at.replace(second=0, microsecond=0),
    )
    await session.flush()
    return row.id


async def test_each_time_is_made_once_by_several_at_once(house: House) -> None:
    async with house.database.sessions.begin() as session:
        await _repeating(session, house.settings, Missed.SKIP, timedelta(minutes=1))

    async def one_ui() -> list[int]:
        async with house.database.sessions.begin() as session:
            return await recurring.make_due(session, house.settings)

    made = [task for tasks in await asyncio.gather(*(one_ui() for _ in range(6))) for task in tasks]
    again = await one_ui()

    async with house.database.sessions() as session:
        [occurrence] = await session.scalars(select(Occurrence))
        task = await session.get_one(Task, occurrence.task_id)
        row = await session.get_one(RecurringTask, occurrence.recurring_id)
    assert (made, again, occurrence.fate) == ([task.id], [], "made")
    assert (task.state, task.created_by, task.name[:15]) == ("queued", f"recurring:{row.id}", "Daily warm-up, ")
    assert row.next_at == occurrence.at + timedelta(days=1)


@pytest.mark.parametrize(
    ("missed", "late", "fate", "started"),
    [
        (Missed.LATE, timedelta(minutes=30), "made", 1),
        (Missed.LATE, timedelta(hours=2), "skipped", 0),
        (Missed.HOLD, timedelta(hours=2), "held", 0),
    ],
)
async def test_a_missed_time_follows_the_policy(
    session: AsyncSession, settings: UiSettings, missed: Missed, late: timedelta, fate: str, started: int
) -> None:
    recurring_id = await _repeating(session, settings, missed, late)

    tasks = await recurring.make_due(session, settings)

    [became] = await recurring.history(session, recurring_id)
    drafts = await session.scalar(select(func.count()).where(Task.state == "draft", Task.created_by != ANNA))
    assert (became.fate, len(tasks), drafts) == (fate, started, int(fate == "held"))


async def test_a_time_that_cannot_be_made_is_told_and_does_not_stop_the_next(
    session: AsyncSession, settings: UiSettings
) -> None:
    recurring_id = await _repeating(session, settings, Missed.SKIP, timedelta(minutes=1))
    row = await session.get_one(RecurringTask, recurring_id)
    row.draft = row.draft | {"account_ids": [999]}

    assert await recurring.make_due(session, settings) == []

    [became] = await recurring.history(session, recurring_id)
    assert became.fate == "failed"
    assert "999" in became.why
    assert row.next_at > datetime.now(UTC)


async def test_what_is_paused_or_removed_is_not_made(session: AsyncSession, settings: UiSettings) -> None:
    recurring_id = await _repeating(session, settings, Missed.LATE, timedelta(minutes=1))
    await recurring.pause(session, recurring_id, ANNA)
    while_paused = await recurring.make_due(session, settings)
    await recurring.go_on(session, recurring_id, ANNA)
    after = await recurring.make_due(session, settings)
    [shown] = await recurring.listed(session)
    await recurring.remove(session, recurring_id, ANNA)

    assert (while_paused, after) == ([], [])
    assert len(shown.upcoming) == 3
    assert await recurring.listed(session) == []


async def test_a_report_counts_each_post_once(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings, [TOMORROW, TOMORROW + _HOUR])
    first, second = await make.account_tasks_of(session, task)
    for row, client, tags in ((first, "Bakery", ["north", "small"]), (second, "", ["north"])):
        who = update(Account).where(Account.id == row.account_id)
        await session.execute(who.values(client=client, tags=tags))
    live, failed = (await session.scalars(select(Post.id).where(Post.account_task_id == first.id))).all()
    published = update(Post).where(Post.id == live)
    await session.execute(published.values(state="published", published_at=TOMORROW, media_pk="1"))
    await session.execute(update(Post).where(Post.id == failed).values(state="failed"))
    for age_s, state in ((60, "missing"), (3600, "verified")):
        seen = {"post_id": live, "account_id": first.account_id, "age_s": age_s, "state": state, "due_at": TOMORROW}
        session.add(Check(**seen))
    await session.flush()
    period = Period(TOMORROW.date(), TOMORROW.date(), "UTC")

    clients = await report(session, period, By.CLIENT, Mode.SANDBOX)
    tags = await report(session, period, By.TAG, Mode.SANDBOX)
    live_mode = await report(session, period, By.TAG, Mode.LIVE)

    assert [(one.name, one.planned, one.published, one.verified, one.failed, one.to_come) for one in clients.rows] == [
        ("", 2, 0, 0, 0, 2),
        ("Bakery", 2, 1, 1, 1, 0),
    ]
    assert [(one.name, one.planned) for one in tags.rows] == [("north", 4), ("small", 2)]
    assert (clients.total.planned, tags.total.planned, tags.total.accounts) == (4, 4, 2)
    assert (live_mode.rows, live_mode.total.planned) == ([], 0)
