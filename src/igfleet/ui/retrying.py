"""Trying again what failed, and going on with what waited for a person."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from igfleet.contracts.states import AccountTaskState, PostState, TaskState
from igfleet.errors import NotFound, NothingToDo, WrongState
from igfleet.runners import options_of, runner_of
from igfleet.runners.base import Options, Runner
from igfleet.ui.accounts import STOPPED_FOR_A_PERSON, resume_accounts
from igfleet.ui.models import Account, AccountTask, AuditEntry, LogEntry, Post, Task
from igfleet.ui.models.base import among
from igfleet.ui.pausing import clear
from igfleet.ui.post_moves import move_posts
from igfleet.ui.queue.promote import promote
from igfleet.ui.task_state import locked, settle_state

_TAKEN_OVER = (
    "task_id",
    "account_id",
    "position",
    "kind",
    "method",
    "labels",
    "priority",
    "title",
    "media_ids",
    "proxy_id",
)
_FRESH: dict[str, object] = {
    "state": AccountTaskState.AVAILABLE,
    "head": AccountTask.account_id.is_(None),
    "available_at": None,
    "reason_code": None,
    "message": "",
    "has_failures": False,
    "finished_at": None,
    "deaths": 0,
    "changed_at": func.now(),
}


async def retry_failed(
    session: AsyncSession, task_id: int, actor: str, reason: str = "", *, only: Collection[int] | None = None
) -> int:
    """Give the given-up account tasks, and what failed of the completed ones, another go.

    Posts that are published or in doubt are not touched, and of other kinds nothing is done twice either. Returns how
    many account tasks run again; with a `reason`, only what failed for it; with `only`, of these account tasks, by
    whoever sees them. Raises `NothingToDo` when nothing failed, `WrongState` for a draft or a cancelled task.
    """
    task = await locked(session, task_id, in_part=only is not None)
    _require_open(task)
    picked = true() if only is None else among(AccountTask.id, only)
    discarded = await _ids(session, task.id, picked & _given_up(reason))
    partial = await _ids(session, task.id, picked & failed_in_part(runner_of(task.kind), reason))
    if not discarded and not partial:
        why = f" with the reason {reason}" if reason else ""
        raise NothingToDo(f"Nothing of task {task.id} failed{why}: there is nothing to retry.")
    if TaskState(task.state).is_final:
        clear(task)
    task.cancelled_by, task.resumed_at = None, await session.scalar(select(func.now()))
    await _revive(session, task, discarded, cancel_requested_at=None)
    made = await continue_in_new(session, task, partial)
    again = Post.account_task_id.in_(discarded) | (Post.account_task_id.in_(made) & _for(Post.reason_code, reason))
    failed = again & (Post.state == PostState.FAILED)
    await move_posts(session, failed, PostState.PLANNED, actor=actor, why="a person asked for another try")
    count = len(discarded) + len(made)
    facts: dict[str, object] = {"account_tasks": count} | ({"reason": reason} if reason else {})
    facts |= {} if only is None else {"picked": [*discarded, *partial]}
    session.add(AuditEntry(actor=actor, action="task_retried", subject=f"task:{task.id}", facts=facts))
    session.add(LogEntry(task_id=task.id, event="task_retried", text=f"{count} account tasks retried by {actor}"))
    await promote(session, task.account_ids)
    await settle_state(session, task)
    return count


async def resume(session: AsyncSession, task_id: int, actor: str, *, account_task_id: int | None = None) -> int:
    """Go on with the suspended account tasks of a task, or with one of them: a person settled what they waited for.

    Accounts that were stopped for a confirmation run again. Returns how many were resumed. Raises `NothingToDo` when
    none waits. What was cancelled meanwhile settles its doubts only.
    """
    which = true() if account_task_id is None else AccountTask.id == account_task_id
    return await _resume(session, task_id, which, actor)


async def resume_only(session: AsyncSession, task_id: int, only: Collection[int], actor: str) -> int:
    """The same for these, except those of which a person is still to say whether a post is live."""
    asked = exists().where(Post.account_task_id == AccountTask.id, Post.state == PostState.NEEDS_PERSON)
    return await _resume(session, task_id, among(AccountTask.id, only) & ~asked.correlate(AccountTask), actor)


async def _resume(session: AsyncSession, task_id: int, which: ColumnElement[bool], actor: str) -> int:
    task = await locked(session, task_id, in_part=True)
    ids = await _ids(session, task.id, which & (AccountTask.state == AccountTaskState.SUSPENDED))
    if not ids:
        raise NothingToDo(f"Nothing of task {task.id} waits for a person.")
    stopped = select(Account.id).join(AccountTask, AccountTask.account_id == Account.id)
    accounts = stopped.where(AccountTask.id.in_(ids), Account.status.in_(STOPPED_FOR_A_PERSON))
    await resume_accounts(session, (await session.scalars(accounts)).all(), actor)
    await _revive(session, task, ids)
    session.add(AuditEntry(actor=actor, action="task_resumed", subject=f"task:{task.id}", facts={"account_tasks": ids}))
    session.add(LogEntry(task_id=task.id, event="task_resumed", text=f"{len(ids)} account tasks resumed by {actor}"))
    await promote(session, task.account_ids)
    await settle_state(session, task)
    return len(ids)


async def go_on(session: AsyncSession, account_task_id: int) -> bool:
    """Make one suspended account task available again; its account stays as it is. False when it is not suspended."""
    row = await find_account_task(session, account_task_id)
    await session.refresh(row, ["state", "account_id", "task_id"])
    if row.state != AccountTaskState.SUSPENDED:
        return False
    task = await session.get_one(Task, row.task_id, with_for_update=True, populate_existing=True)
    await _revive(session, task, [row.id])
    if row.account_id is not None:
        await promote(session, [row.account_id])
    await settle_state(session, task)
    return True


async def continue_in_new(session: AsyncSession, task: Task, account_task_ids: Sequence[int]) -> list[int]:
    """New account tasks for completed ones, which take over what failed of them: what is completed stays so."""
    made, runner = [], runner_of(task.kind)
    for old in await _rows(session, account_task_ids):
        values = {name: getattr(old, name) for name in _TAKEN_OVER}
        values["share"] = old.share if runner.has_posts else dict(runner.left_over(old.share, old.checkpoints))
        values["head"] = old.account_id is None  # an account's is found by `promote`
        fresh = insert(AccountTask).values(**values, state=AccountTaskState.AVAILABLE, max_attempts=_attempts(task))
        new_id = (await session.execute(fresh.returning(AccountTask.id))).scalar_one()
        unfinished = Post.account_task_id == old.id, Post.state.in_([PostState.FAILED, PostState.PLANNED])
        await session.execute(
            update(Post).where(*unfinished).values(account_task_id=new_id).execution_options(synchronize_session=False)
        )
        old.has_failures = False
        made.append(new_id)
    return made


def _require_open(task: Task) -> None:
    """Raises `WrongState`."""
    if task.state in (TaskState.DRAFT, TaskState.CANCELLED):
        raise WrongState(f"Task {task.id} is {task.state}: nothing of it can be retried.")
    if task.cancelled_by is not None and not TaskState(task.state).is_final:
        raise WrongState(f"Task {task.id} is being cancelled: wait until it is, then retry what failed.")


async def _revive(session: AsyncSession, task: Task, ids: Sequence[int], **more: object) -> None:
    await session.execute(
        update(AccountTask)
        .where(AccountTask.id.in_(ids))
        .values(**_FRESH, **more, max_attempts=AccountTask.attempt + _attempts(task))
        .execution_options(synchronize_session=False)
    )


async def _ids(session: AsyncSession, task_id: int, which: ColumnElement[bool]) -> list[int]:
    rows = await session.scalars(select(AccountTask.id).where(AccountTask.task_id == task_id, which))
    return list(rows)


async def _rows(session: AsyncSession, ids: Sequence[int]) -> Sequence[AccountTask]:
    rows = await session.scalars(
        select(AccountTask).where(AccountTask.id.in_(ids)).execution_options(populate_existing=True)
    )
    return rows.all()


def _given_up(reason: str) -> ColumnElement[bool]:
    return (AccountTask.state == AccountTaskState.DISCARDED) & _for(AccountTask.reason_code, reason)


def _for(column: ColumnElement[str | None] | InstrumentedAttribute[str | None], reason: str) -> ColumnElement[bool]:
    """Whether it has this reason; anything when there is none."""
    return column == reason if reason else true()


def failed_in_part(runner: type[Runner[Options]], reason: str = "") -> ColumnElement[bool]:
    """Account tasks that completed although something of their share failed, for any reason or for this one."""
    has_failures: ColumnElement[bool] = AccountTask.has_failures.is_(True) & _for(AccountTask.reason_code, reason)
    if runner.has_posts:
        failed = Post.state == PostState.FAILED, _for(Post.reason_code, reason)
        has_failures = AccountTask.id.in_(select(Post.account_task_id).where(*failed))
    return (AccountTask.state == AccountTaskState.COMPLETED) & has_failures


def _attempts(task: Task) -> int:
    return options_of(task.kind, task.options).max_attempts


async def find_account_task(session: AsyncSession, account_task_id: int) -> AccountTask:
    """The row. Raises `NotFound`."""
    row = await session.get(AccountTask, account_task_id)
    if row is None:
        raise NotFound(f"There is no account task {account_task_id}.")
    return row
