"""Planning a draft: compute its posts, store them, and show what was stored."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, cast, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Strict
from igfleet.contracts.states import AccountTaskState, PostState, TaskState
from igfleet.errors import NotFound, WrongState
from igfleet.runners.bulk_upload import BulkUploadOptions, Distribution
from igfleet.settings import UiSettings
from igfleet.ui.models import AccountTask, Post, Task
from igfleet.ui.planning.draft import options_of
from igfleet.ui.planning.history import history_of
from igfleet.ui.planning.notes import Note, NoteKind
from igfleet.ui.planning.order import Order, order_of
from igfleet.ui.planning.posts import Plan, PlannedPost, posts_of
from igfleet.ui.task_state import locked

MANY_POSTS = 1_000
"""Above so many posts, every video to every account needs a confirmation."""
_BATCH = 2_000


class PlanSummary(Strict):
    """A stored plan in short: what the preview shows and a start refers to."""

    task_id: int
    state: TaskState
    posts: int
    accounts: int
    first_at: datetime | None
    """Of the first post; None is at the start."""
    last_at: datetime | None
    plan_hash: str | None
    """None before the first planning."""
    seed: int
    needs_confirmation: bool
    """So many posts that the option `confirm_many` must be set before the start."""
    notes: tuple[Note, ...]

    @property
    def exclusions(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.kind is NoteKind.EXCLUSION)

    @property
    def refusals(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.kind is NoteKind.REFUSAL)

    @property
    def warnings(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.kind is NoteKind.WARNING)


async def find_task(session: AsyncSession, task_id: int) -> Task:
    """The task. Raises `NotFound`."""
    task = await session.get(Task, task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}.")
    return task


async def plan(session: AsyncSession, settings: UiSettings, task_id: int) -> PlanSummary:
    """Plan a draft, or plan it anew: its posts are stored as they will run. Raises `Invalid`, `WrongState`."""
    task = await locked(session, task_id)
    if task.state != TaskState.DRAFT:
        raise WrongState(f"Task {task.id} is {task.state}: it was planned when it was started.")
    await session.execute(delete(AccountTask).where(AccountTask.task_id == task.id))
    order, made = await compute(session, settings, task)
    await _store(session, order, made)
    task.plan_hash = made.hash
    task.plan_notes = [note.model_dump(mode="json") for note in made.notes]
    await session.flush()  # the summary reads it back
    return await plan_summary(session, task)


async def compute(session: AsyncSession, settings: UiSettings, task: Task) -> tuple[Order, Plan]:
    """The plan as it would be now. Nothing is stored; the accounts stay locked."""
    order = await order_of(session, task)
    shas = [media.sha256 for media in order.videos]
    history = await history_of(session, task.id, task.account_ids, shas, order.now)
    return order, posts_of(order, history, settings)


async def plan_summary(session: AsyncSession, task: Task) -> PlanSummary:
    """The stored plan in short."""
    counted = select(
        func.count(),
        func.count(Post.account_id.distinct()),
        func.min(Post.scheduled_at),
        func.max(Post.scheduled_at),
        func.bool_or(Post.scheduled_at.is_(None)),
    ).where(Post.task_id == task.id)
    posts, accounts, first, last, has_unscheduled = (await session.execute(counted)).one()
    return PlanSummary(
        task_id=task.id,
        state=TaskState(task.state),
        posts=posts,
        accounts=accounts,
        first_at=task.start_at if has_unscheduled else first,
        last_at=last or task.start_at,
        plan_hash=task.plan_hash,
        seed=task.seed,
        needs_confirmation=needs_confirmation(task, posts),
        notes=tuple(Note.model_validate(note) for note in task.plan_notes),
    )


def needs_confirmation(task: Task, posts: int) -> bool:
    """Whether so many posts are meant must still be confirmed."""
    options = options_of(task.kind, task.options)
    return (
        isinstance(options, BulkUploadOptions)
        and options.distribution is Distribution.EVERY_VIDEO_TO_EVERY_ACCOUNT
        and posts > MANY_POSTS
        and not options.confirm_many
    )


async def _store(session: AsyncSession, order: Order, made: Plan) -> None:
    if not made.posts:
        return
    shares: dict[int, list[PlannedPost]] = {}
    for post in made.posts:
        shares.setdefault(post.account.id, []).append(post)
    ids = await _store_account_tasks(session, order, shares)
    upload_ids = await _upload_ids(session, order, list(shares))
    rows = _post_rows(order, shares, ids, upload_ids)
    while batch := list(itertools.islice(rows, _BATCH)):
        await session.execute(insert(Post), batch)


async def _store_account_tasks(
    session: AsyncSession, order: Order, shares: Mapping[int, Sequence[PlannedPost]]
) -> dict[int, int]:
    options = order.options
    common = {
        "task_id": order.task.id,
        "kind": order.task.kind,
        "method": options.upload_method,
        "labels": list(options.worker_labels),
        "state": AccountTaskState.SCHEDULED,
        "max_attempts": options.max_attempts,
    }
    rows = [
        {**common, "account_id": account.id, "position": position}
        for position, account in enumerate(order.accounts)
        if account.id in shares
    ]
    made = await session.execute(insert(AccountTask).returning(AccountTask.account_id, AccountTask.id), rows)
    return {account_id: account_task_id for account_id, account_task_id in made if account_id is not None}


async def _upload_ids(session: AsyncSession, order: Order, account_ids: Sequence[int]) -> dict[int, int]:
    """The first upload id of each account: the present millisecond, later than any it ever had."""
    latest = select(Post.account_id, func.max(cast(Post.upload_id, BigInteger)))
    rows = await session.execute(latest.where(Post.account_id.in_(account_ids)).group_by(Post.account_id))
    used = {account_id: int(upload_id) for account_id, upload_id in rows}
    now = int(order.now.timestamp() * 1000)
    return {account_id: max(now, used.get(account_id, 0) + 1) for account_id in account_ids}


def _post_rows(
    order: Order, shares: Mapping[int, Sequence[PlannedPost]], ids: Mapping[int, int], upload_ids: Mapping[int, int]
) -> Iterator[dict[str, object]]:
    for account_id, posts in shares.items():
        in_time = sorted(posts, key=lambda post: max(post.scheduled_at or order.begins, order.begins))
        for position, post in enumerate(in_time):
            yield {
                "task_id": order.task.id,
                "account_task_id": ids[account_id],
                "account_id": account_id,
                "media_id": post.media.id,
                "media_sha256": post.media.sha256,
                "position": position,
                "round": post.round,
                "caption": post.caption,
                "location": post.place.model_dump(mode="json") if post.place else None,
                "mentions": list(post.mentions),
                "cover_media_id": post.cover_media_id,
                "cover_at_s": post.cover_at_s,
                "scheduled_at": post.scheduled_at,
                "state": PostState.PLANNED,
                "upload_id": str(upload_ids[account_id] + position),
            }
