"""A short account task of its own, for an account whose challenge is said to be settled and that has nothing to do."""

import secrets

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.runners import options_of
from igfleet.runners.bulk_login import BulkLogin
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, AccountTask, Challenge, LogEntry, Task
from igfleet.ui.queue.promote import promote

_WILL_RUN = (
    AccountTaskState.AVAILABLE,
    AccountTaskState.RUNNING,
    AccountTaskState.RETRYABLE,
)


async def check_account(session: AsyncSession, settings: UiSettings, found: Challenge, actor: str) -> int | None:
    """Order a sign-in of the one account, unless something of it runs anyway. Returns the new task's id."""
    busy = select(AccountTask.id).where(AccountTask.account_id == found.account_id, AccountTask.state.in_(_WILL_RUN))
    if await session.scalar(busy.limit(1)) is not None:
        return None
    username = await session.scalar(select(Account.username).where(Account.id == found.account_id))
    options = options_of(BulkLogin.kind, {"method": found.method})
    task = Task(
        kind=BulkLogin.kind,
        name=f"Check of @{username}",
        state=TaskState.QUEUED,
        mode=settings.mode,
        options=options.model_dump(mode="json"),
        account_ids=[found.account_id],
        seed=secrets.randbits(53),
        created_by=actor,
    )
    session.add(task)
    await session.flush()  # its id is needed
    own = {"task_id": task.id, "account_id": found.account_id, "position": 0, "title": username or ""}
    session.add(
        AccountTask(
            **own,
            kind=BulkLogin.kind,
            method=options.driver,
            state=AccountTaskState.AVAILABLE,
            max_attempts=options.max_attempts,
        )
    )
    session.add(LogEntry(task_id=task.id, event="task_started", text=f"Started by {actor}, who settled a challenge"))
    await promote(session, [found.account_id])
    return task.id
