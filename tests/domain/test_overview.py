"""What the first page counts: the last day hour by hour, the publishing budget, and what is due next."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet import clock
from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.settings import UiSettings
from igfleet.ui import overview
from igfleet.ui.models import Account, AccountTask, Post
from igfleet.ui.pausing import pause
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.scope.scope import Scope, confine
from igfleet.ui.throughput import HOURS, Hour, Throughput, throughput

pytestmark = pytest.mark.anyio
ANNA = "user:anna"


async def _started(session: AsyncSession, settings: UiSettings) -> list[Post]:
    """Three posts of three accounts."""
    task = await make.draft(session, settings, await make.accounts(session, 3), await make.videos(session, 3))
    await plan(session, settings, task.id)
    await start(session, settings, task.id, plan_hash=None, actor=ANNA)
    return await make.stored_posts(session, task)


async def _become(session: AsyncSession, post: Post, **values: object) -> None:
    await session.execute(update(Post).where(Post.id == post.id).values(values))


async def _is_warmup(session: AsyncSession, post: Post, **values: object) -> None:
    """As if the account task of a post were of a kind without posts."""
    values |= {"kind": "warmup", "head": False}
    await session.execute(update(AccountTask).where(AccountTask.id == post.account_task_id).values(values))


async def test_the_last_day_is_counted_hour_by_hour(session: AsyncSession, settings: UiSettings) -> None:
    now = clock.now()
    first, second, third = await _started(session, settings)
    await _become(session, first, state=PostState.PUBLISHED, changed_at=now - timedelta(minutes=5))
    await _become(session, second, state=PostState.FAILED, changed_at=now - timedelta(hours=23, minutes=30))
    await _become(session, third, state=PostState.PUBLISHED, changed_at=now - timedelta(hours=25))
    ended = {
        "kind": "warmup",
        "head": False,
        "state": AccountTaskState.COMPLETED,
        "finished_at": now - timedelta(minutes=90),
    }
    await session.execute(update(AccountTask).where(AccountTask.id == third.account_task_id).values(ended))

    day = await throughput(session, now)

    seen = {number: (one.published, one.done, one.failed) for number, one in enumerate(day.hours) if one.all}
    assert seen == {0: (0, 0, 1), 22: (0, 1, 0), 23: (1, 0, 0)}
    assert len(day.hours) == HOURS
    assert day.told.startswith("The last 24 hours: 1 post published, 1 other work done, 1 failed; most from")


@pytest.mark.parametrize(("most", "ceiling"), [(0, 4), (4, 4), (7, 8), (54, 60), (101, 200), (4_321, 5_000)])
def test_the_chart_ends_at_a_round_number_and_fills_no_more(most: int, ceiling: int) -> None:
    now = clock.now()

    day = Throughput([Hour(now), Hour(now, published=most)])

    assert day.ceiling == ceiling
    heights = [piece.height for _, pieces in day.bars() for piece in pieces]
    assert heights == ([most * 100 / ceiling] if most else [])


async def test_the_budget_counts_the_permits_of_a_day_and_who_has_none_left(
    session: AsyncSession, settings: UiSettings
) -> None:
    now = clock.now()
    first, second, third = await _started(session, settings)
    await _become(session, first, permitted_at=now - timedelta(hours=1))
    await _become(session, second, permitted_at=now - timedelta(hours=23), account_id=first.account_id, upload_id="2")
    await _become(session, third, permitted_at=now - timedelta(hours=25))
    await session.execute(update(Account).where(Account.id == second.account_id).values(status="inactive"))
    tight = settings.model_copy(update={"publish_budget_per_day": 2})

    seen = (await overview.gather(session, tight)).published

    assert (seen.used, seen.allowed, seen.full) == (2, 4, 1)
    assert seen.percent == 50


async def test_what_is_due_in_two_hours_is_counted_but_for_what_is_paused(
    session: AsyncSession, settings: UiSettings
) -> None:
    now = clock.now()
    first, second, third = await _started(session, settings)
    for post, minutes in ((first, 20), (second, 90), (third, 130)):
        await _become(session, post, scheduled_at=now + timedelta(minutes=minutes))
    waits = {
        "kind": "warmup",
        "head": False,
        "state": AccountTaskState.SCHEDULED,
        "available_at": now + timedelta(minutes=3),
    }
    await session.execute(update(AccountTask).where(AccountTask.id == third.account_task_id).values(waits))

    seen = await overview.gather(session, settings)
    await pause(session, first.task_id, ANNA, "the client asked")
    paused = await overview.gather(session, settings)

    assert (seen.posts_due.count, seen.others_due.count) == (2, 1)
    assert (seen.posts_due.first, seen.posts_due.last) == (
        now + timedelta(minutes=20),
        now + timedelta(minutes=90),
    )
    assert (paused.posts_due.count, paused.posts_due.when, paused.others_due.count) == (0, "", 0)


async def test_somebody_of_one_client_is_told_of_this_one_alone(session: AsyncSession, settings: UiSettings) -> None:
    now = clock.now()
    first, second, _ = await _started(session, settings)
    for post in (first, second):
        seen = {"permitted_at": now, "state": PostState.PUBLISHED, "changed_at": now}
        await _become(session, post, **seen)
    await session.execute(update(Account).where(Account.id == first.account_id).values(client="Bakery"))

    await confine(session, Scope(1, ANNA, ("Bakery",)))
    mine = await overview.gather(session, settings)

    assert (mine.day.published, mine.published.used) == (1, 1)
    assert mine.published.allowed == settings.publish_budget_per_day
