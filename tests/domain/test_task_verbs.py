from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet.contracts.files import stored_key
from igfleet.contracts.states import AccountStatus, AccountTaskState, PostState, TaskState
from igfleet.errors import Conflict, NothingToDo, WrongState
from igfleet.settings import UiSettings, load
from igfleet.ui.cancelling import cancel
from igfleet.ui.models import Account, AccountTask, AuditEntry, Post, PostChange, Task
from igfleet.ui.pausing import pause
from igfleet.ui.planning.draft import Draft, DraftMedia, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.stale import PlanStale
from igfleet.ui.planning.start import start
from igfleet.ui.retrying import resume, retry_failed
from igfleet.ui.settling import Settlement, settle
from igfleet.ui.task_page import gather
from igfleet.ui.task_state import settle_state

pytestmark = pytest.mark.anyio
ANNA = "user:anna"


async def _planned(session: AsyncSession, settings: UiSettings, accounts: int = 2, videos: int = 2) -> Task:
    made = await make.accounts(session, accounts), await make.videos(session, videos)
    task = await make.draft(session, settings, *made)
    await plan(session, settings, task.id)
    return task


async def _started(session: AsyncSession, settings: UiSettings, accounts: int = 2, videos: int = 2) -> Task:
    task = await _planned(session, settings, accounts, videos)
    return await start(session, settings, task.id, plan_hash=task.plan_hash, actor=ANNA)


async def _ended(session: AsyncSession, row: AccountTask, state: AccountTaskState, **values: object) -> None:
    await session.execute(
        update(AccountTask).where(AccountTask.id == row.id).values(state=state, head=False, attempt=3, **values)
    )


async def _posts_become(session: AsyncSession, row: AccountTask, state: PostState) -> None:
    await session.execute(update(Post).where(Post.account_task_id == row.id).values(state=state))


async def test_a_start_makes_the_first_of_each_account_claimable(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings)

    rows = await make.account_tasks_of(session, task)
    assert task.state == TaskState.QUEUED
    assert {(row.state, row.head) for row in rows} == {(AccountTaskState.AVAILABLE, True)}


async def test_an_account_busy_with_another_task_waits_for_it(session: AsyncSession, settings: UiSettings) -> None:
    accounts = await make.accounts(session, 1)
    tasks = []
    for number in (1, 2):
        videos = await make.videos(session, 1, name=f"clip_{number}.mp4", sha256=f"{number}" * 64)
        task = await make.draft(session, settings, accounts, videos)
        await plan(session, settings, task.id)
        tasks.append(await start(session, settings, task.id, plan_hash=None, actor=ANNA))

    heads = [(await make.account_tasks_of(session, task))[0].head for task in tasks]

    assert heads == [True, False]


async def test_a_start_at_a_time_waits_for_it(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)
    task.start_at = datetime(2030, 1, 1, tzinfo=UTC)
    await plan(session, settings, task.id)

    await start(session, settings, task.id, plan_hash=None, actor=ANNA)

    rows = await make.account_tasks_of(session, task)
    assert {(row.state, row.available_at) for row in rows} == {(AccountTaskState.SCHEDULED, task.start_at)}


async def test_starting_twice_is_one_start(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings)

    await start(session, settings, task.id, plan_hash=task.plan_hash, actor=ANNA)

    started = AuditEntry.action == "task_started"
    assert len((await session.scalars(select(AuditEntry).where(started))).all()) == 1


async def test_a_plan_the_person_did_not_see_is_not_started(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)

    with pytest.raises(PlanStale):
        await start(session, settings, task.id, plan_hash="0" * 64, actor=ANNA)


async def test_a_stale_plan_is_refused_with_the_difference(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)
    await session.execute(update(Account).where(Account.username == "nord_02").values(status=AccountStatus.BLOCKED))

    with pytest.raises(PlanStale) as refused:
        await start(session, settings, task.id, plan_hash=task.plan_hash, actor=ANNA)

    assert refused.value.removed == ("nord_02: clip_2.mp4",)
    assert refused.value.added == ("nord_01: clip_2.mp4",)
    assert task.state == TaskState.DRAFT


async def test_the_same_video_of_two_drafts_is_started_once(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 1), await make.videos(session, 1)
    tasks = [await make.draft(session, settings, accounts, videos) for _ in range(2)]
    for task in tasks:
        await plan(session, settings, task.id)
    await start(session, settings, tasks[0].id, plan_hash=None, actor=ANNA)

    with pytest.raises(PlanStale, match="would no longer be made"):
        await start(session, settings, tasks[1].id, plan_hash=None, actor=ANNA)


async def test_an_empty_plan_is_not_started(session: AsyncSession, settings: UiSettings) -> None:
    accounts = await make.accounts(session, 1, status=AccountStatus.BLOCKED)
    task = await make.draft(session, settings, accounts, await make.videos(session, 1))
    await plan(session, settings, task.id)

    with pytest.raises(Conflict, match="nothing to publish"):
        await start(session, settings, task.id, plan_hash=None, actor=ANNA)


async def test_a_live_task_needs_its_method_switched_on(session: AsyncSession, settings: UiSettings) -> None:
    live = load(UiSettings, IGFLEET_DATA_DIR=str(settings.data_dir), REQUIRE_PROXY="false", IGFLEET_MODE="live")
    task = await _planned(session, live)

    with pytest.raises(Conflict, match="instagrapi is off"):
        await start(session, live, task.id, plan_hash=None, actor=ANNA)
    with pytest.raises(Conflict, match="live mode"):
        await start(session, settings, task.id, plan_hash=None, actor=ANNA)


async def test_f22_cancelling_ends_what_waits_and_asks_what_runs(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings)
    running, _ = await make.account_tasks_of(session, task)
    await session.execute(
        update(AccountTask).where(AccountTask.id == running.id).values(state=AccountTaskState.RUNNING)
    )

    await cancel(session, task.id, ANNA)
    await cancel(session, task.id, ANNA)

    first, second = await make.account_tasks_of(session, task)
    assert first.state == AccountTaskState.RUNNING
    assert first.cancel_requested_at is not None
    assert (second.state, second.head) == (AccountTaskState.CANCELLED, False)
    assert {post.state for post in await make.stored_posts(session, task)} == {PostState.CANCELLED}
    assert task.state == TaskState.RUNNING


async def test_cancelling_leaves_a_doubt_to_be_settled(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings)
    doubtful, _ = await make.account_tasks_of(session, task)
    await _ended(session, doubtful, AccountTaskState.RETRYABLE)
    await _posts_become(session, doubtful, PostState.UNKNOWN)

    await cancel(session, task.id, ANNA)

    states = {row.id: row.state for row in await make.account_tasks_of(session, task)}
    assert states[doubtful.id] == AccountTaskState.RETRYABLE


async def test_a_draft_is_cancelled_whole(session: AsyncSession, settings: UiSettings) -> None:
    task = await _planned(session, settings)

    await cancel(session, task.id, ANNA)

    assert task.state == TaskState.CANCELLED


async def test_a_cancelled_account_lets_its_next_task_through(session: AsyncSession, settings: UiSettings) -> None:
    accounts = await make.accounts(session, 1)
    tasks = []
    for number in (1, 2):
        videos = await make.videos(session, 1, name=f"clip_{number}.mp4", sha256=f"{number}" * 64)
        task = await make.draft(session, settings, accounts, videos)
        await plan(session, settings, task.id)
        tasks.append(await start(session, settings, task.id, plan_hash=None, actor=ANNA))

    await cancel(session, tasks[0].id, ANNA)

    assert [row.head for row in await make.account_tasks_of(session, tasks[1])] == [True]


async def test_a_retry_gives_what_failed_another_go(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings)
    failed, done = await make.account_tasks_of(session, task)
    await _ended(session, failed, AccountTaskState.DISCARDED, reason_code="posts_failed")
    await _posts_become(session, failed, PostState.FAILED)
    await _ended(session, done, AccountTaskState.COMPLETED)
    await _posts_become(session, done, PostState.PUBLISHED)

    assert await retry_failed(session, task.id, ANNA) == 1

    again, still = await make.account_tasks_of(session, task)
    assert (again.state, again.head, again.max_attempts, again.reason_code) == ("available", True, 6, None)
    assert still.state == AccountTaskState.COMPLETED
    assert [post.state for post in await make.stored_posts(session, task)] == [PostState.PLANNED, PostState.PUBLISHED]
    assert task.state == TaskState.RUNNING
    assert (await session.scalars(select(PostChange))).one().became == PostState.PLANNED


async def test_a_retry_takes_failed_posts_out_of_a_completed_share(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings, accounts=1, videos=2)
    (done,) = await make.account_tasks_of(session, task)
    await _ended(session, done, AccountTaskState.COMPLETED, has_failures=True)
    await _posts_become(session, done, PostState.PUBLISHED)
    second = (await make.stored_posts(session, task))[1]
    await session.execute(update(Post).where(Post.id == second.id).values(state=PostState.FAILED))

    await retry_failed(session, task.id, ANNA)

    old, new = await make.account_tasks_of(session, task)
    assert (old.state, old.has_failures) == (AccountTaskState.COMPLETED, False)
    assert (new.state, new.head, new.position) == (AccountTaskState.AVAILABLE, True, old.position)
    posts = [(post.account_task_id, post.state) for post in await make.stored_posts(session, task)]
    assert posts == [(old.id, PostState.PUBLISHED), (new.id, PostState.PLANNED)]


async def test_a_retry_of_a_kind_without_posts_does_only_what_failed_of_a_share(
    session: AsyncSession, settings: UiSettings
) -> None:
    media = tuple(DraftMedia(media_id=medium.id) for medium in await make.videos(session, 1, duration_s=10.0))
    options: dict[str, JsonValue] = {"count": 3, "recipe": {"crop_percent": "1..4"}}
    task = await create(session, settings, Draft(kind="media_uniq", name="V", options=options, media=media), ANNA)
    await plan(session, settings, task.id)
    await start(session, settings, task.id, plan_hash=None, actor=ANNA)
    (done,) = await make.account_tasks_of(session, task)
    first, second, third = (one["name"] for one in done.share["variants"])
    kept = {stored_key(name): {"id": 1} for name in (first, third)}
    await _ended(session, done, AccountTaskState.COMPLETED, has_failures=True, checkpoints=kept)
    assert (await gather(session, task.id)).has_failures

    assert await retry_failed(session, task.id, ANNA) == 1

    old, new = await make.account_tasks_of(session, task)
    assert (old.state, old.has_failures, old.share) == (AccountTaskState.COMPLETED, False, done.share)
    assert (new.state, new.head, new.title, new.media_ids) == ("available", True, old.title, old.media_ids)
    assert [one["name"] for one in new.share["variants"]] == [second]
    assert task.state == TaskState.RUNNING
    assert not (await gather(session, task.id)).has_failures


async def test_nothing_failed_means_nothing_to_retry(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings)

    with pytest.raises(Conflict):
        await retry_failed(session, task.id, ANNA)


async def test_a_resume_wakes_the_account_and_its_share(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings, accounts=1, videos=1)
    (row,) = await make.account_tasks_of(session, task)
    await _ended(session, row, AccountTaskState.SUSPENDED, reason_code="challenge_required")
    await session.execute(update(Account).values(status=AccountStatus.HUMAN_VERIFICATION_REQUIRED))

    assert await resume(session, task.id, ANNA) == 1

    (row,) = await make.account_tasks_of(session, task)
    assert (row.state, row.head) == (AccountTaskState.AVAILABLE, True)
    assert await session.scalar(select(Account.status)) == AccountStatus.ACTIVE


@pytest.mark.parametrize(
    ("settlement", "state", "follows"),
    [
        (Settlement.PUBLISHED, PostState.PUBLISHED, AccountTaskState.COMPLETED),
        (Settlement.PUBLISH_AGAIN, PostState.PLANNED, AccountTaskState.AVAILABLE),
        (Settlement.NOT_PUBLISHED, PostState.FAILED, AccountTaskState.DISCARDED),
    ],
)
async def test_a_person_settles_a_post(
    session: AsyncSession, settings: UiSettings, settlement: Settlement, state: PostState, follows: AccountTaskState
) -> None:
    task = await _started(session, settings, accounts=1, videos=1)
    (row,) = await make.account_tasks_of(session, task)
    await _ended(session, row, AccountTaskState.SUSPENDED)
    await _posts_become(session, row, PostState.NEEDS_PERSON)
    (post,) = await make.stored_posts(session, task)

    assert await settle(session, post.id, settlement, ANNA) == state

    assert [post.state for post in await make.stored_posts(session, task)] == [state]
    assert [row.state for row in await make.account_tasks_of(session, task)] == [follows]
    audited = await session.scalars(select(AuditEntry).where(AuditEntry.action == "post_settled"))
    assert audited.one().actor == ANNA
    with pytest.raises(WrongState):
        await settle(session, post.id, settlement, ANNA)


async def test_a_post_of_a_finished_share_is_sent_again_by_a_new_one(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _started(session, settings, accounts=1, videos=1)
    (row,) = await make.account_tasks_of(session, task)
    await _ended(session, row, AccountTaskState.DISCARDED)
    await _posts_become(session, row, PostState.NEEDS_PERSON)
    (post,) = await make.stored_posts(session, task)

    await settle(session, post.id, Settlement.PUBLISH_AGAIN, ANNA)

    _, new = await make.account_tasks_of(session, task)
    (post,) = await make.stored_posts(session, task)
    assert (post.account_task_id, post.state) == (new.id, PostState.PLANNED)
    assert (new.state, new.head) == (AccountTaskState.AVAILABLE, True)


@pytest.mark.parametrize("share", [AccountTaskState.DISCARDED, AccountTaskState.COMPLETED])
async def test_a_retry_touches_failed_posts_and_no_other(
    session: AsyncSession, settings: UiSettings, share: AccountTaskState
) -> None:
    """Above all none that is live, may be live, or waits for a person's word."""
    untouched = [state for state in PostState if state is not PostState.FAILED]
    task = await _started(session, settings, accounts=1, videos=len(PostState))
    (row,) = await make.account_tasks_of(session, task)
    posts = await make.stored_posts(session, task)
    for post, state in zip(posts, [*untouched, PostState.FAILED], strict=True):
        await session.execute(update(Post).where(Post.id == post.id).values(state=state))
    await _ended(session, row, share)

    await retry_failed(session, task.id, ANNA)

    assert [post.state for post in await make.stored_posts(session, task)] == [*untouched, PostState.PLANNED]


@pytest.mark.parametrize("verb", [pause, cancel])
@pytest.mark.parametrize("doubt", [state for state in PostState if state.is_doubtful])
async def test_neither_pause_nor_cancel_changes_what_may_be_live(
    session: AsyncSession,
    settings: UiSettings,
    verb: Callable[[AsyncSession, int, str], Awaitable[Task]],
    doubt: PostState,
) -> None:
    task = await _started(session, settings, accounts=1, videos=1)
    (row,) = await make.account_tasks_of(session, task)
    await _ended(session, row, AccountTaskState.RETRYABLE)
    await _posts_become(session, row, doubt)

    await verb(session, task.id, ANNA)

    assert [post.state for post in await make.stored_posts(session, task)] == [doubt]


async def test_a_paused_task_can_be_cancelled_and_a_finished_one_not_paused(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _started(session, settings)
    await pause(session, task.id, ANNA)

    await cancel(session, task.id, ANNA)

    assert task.state == TaskState.CANCELLED
    with pytest.raises(WrongState):
        await pause(session, task.id, ANNA)


async def test_retrying_a_task_that_ended_paused_lets_it_go_on(session: AsyncSession, settings: UiSettings) -> None:
    task = await _started(session, settings, accounts=1, videos=1)
    (row,) = await make.account_tasks_of(session, task)
    await pause(session, task.id, ANNA)
    await _ended(session, row, AccountTaskState.DISCARDED)
    await settle_state(session, task)

    await retry_failed(session, task.id, ANNA)

    assert task.paused_at is None
    assert [row.head for row in await make.account_tasks_of(session, task)] == [True]


async def test_a_retry_for_one_reason_leaves_what_failed_for_another(
    session: AsyncSession, settings: UiSettings
) -> None:
    task = await _started(session, settings)
    unreachable, limited = await make.account_tasks_of(session, task)
    await _ended(session, unreachable, AccountTaskState.DISCARDED, reason_code="proxy_unreachable")
    await _ended(session, limited, AccountTaskState.DISCARDED, reason_code="rate_limited")

    with pytest.raises(NothingToDo, match="with the reason post_rejected"):
        await retry_failed(session, task.id, ANNA, "post_rejected")
    assert await retry_failed(session, task.id, ANNA, "rate_limited") == 1

    states = [row.state for row in await make.account_tasks_of(session, task)]
    assert states == [AccountTaskState.DISCARDED, AccountTaskState.AVAILABLE]
