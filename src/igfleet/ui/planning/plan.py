"""Planning a draft: compute its posts, store them, and show what was stored."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Strict
from igfleet.contracts.states import TaskState
from igfleet.errors import NotFound, WrongState
from igfleet.runners import options_of, runner_of
from igfleet.runners.bulk_upload import BulkUploadOptions, Distribution
from igfleet.settings import UiSettings
from igfleet.ui.models import AccountTask, Post, Task
from igfleet.ui.planning.history import history_of
from igfleet.ui.planning.notes import Note, NoteKind
from igfleet.ui.planning.order import Order, order_of
from igfleet.ui.planning.posts import Plan, posts_of
from igfleet.ui.planning.shares import SharePlan, shares_of
from igfleet.ui.planning.store import store
from igfleet.ui.progress import noun_of
from igfleet.ui.scope.scope import is_whole
from igfleet.ui.task_state import locked

MANY_POSTS = 1_000
"""Above so many posts, every video to every account needs a confirmation."""


class PlanSummary(Strict):
    """A stored plan in short: what the preview shows and a start refers to."""

    task_id: int
    state: TaskState
    noun: str
    """What is counted: post, account, video or proxy."""
    count: int
    """How many of them a start would set going."""
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
    await store(session, order, made)
    task.plan_hash = made.hash
    task.plan_notes = [note.model_dump(mode="json") for note in made.notes]
    await session.flush()  # the summary reads it back
    return await plan_summary(session, task)


async def compute(session: AsyncSession, settings: UiSettings, task: Task) -> tuple[Order, Plan | SharePlan]:
    """The plan as it would be now. Nothing is stored; the accounts stay locked."""
    order = await order_of(session, task)
    if not runner_of(task.kind).has_posts:
        return order, shares_of(order, settings)
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
    runner = runner_of(task.kind)
    is_seen = await is_whole(session, task.id)  # they name accounts
    shares = await session.scalar(select(func.count()).where(AccountTask.task_id == task.id)) or 0
    return PlanSummary(
        task_id=task.id,
        state=TaskState(task.state),
        noun=noun_of(runner),
        count=posts if runner.has_posts else shares,
        posts=posts,
        accounts=accounts if runner.has_posts else shares,
        first_at=task.start_at if has_unscheduled or not posts else first,
        last_at=last or task.start_at,
        plan_hash=task.plan_hash,
        seed=task.seed,
        needs_confirmation=needs_confirmation(task, posts),
        notes=tuple(Note.model_validate(note) for note in task.plan_notes) if is_seen else (),
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
