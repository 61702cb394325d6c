"""Which actions an account rests from, until when, and which task it was that Instagram blocked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.reasons import ReasonCode
from igfleet.ui.models import AccountTask, ActionRest, Task


@dataclass(frozen=True, slots=True)
class Resting:
    """One action that is left alone for now."""

    action: str
    until: datetime
    reason: ReasonCode
    task: Task | None
    """In which it was blocked last; None when that task is gone."""


async def rests_of(session: AsyncSession, account_id: int) -> list[Resting]:
    """Those that are not over, the first to end first."""
    query = select(ActionRest).where(ActionRest.account_id == account_id, ActionRest.until > func.now())
    rows = (await session.scalars(query.order_by(ActionRest.until, ActionRest.action))).all()
    tasks = await _tasks(session, account_id, [row.action for row in rows])
    return [Resting(row.action, row.until, ReasonCode.ACTION_BLOCKED, tasks.get(row.action)) for row in rows]


async def _tasks(session: AsyncSession, account_id: int, actions: Sequence[str]) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for action in actions:
        blocked = AccountTask.account_id == account_id, AccountTask.result["blocked"].contains([action])
        newest = select(AccountTask).where(*blocked).order_by(AccountTask.changed_at.desc()).limit(1)
        row = await session.scalar(newest.options(joinedload(AccountTask.task)))
        if row is not None:
            found[action] = row.task
    return found
