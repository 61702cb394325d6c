"""What of the log is looked for, as the address says it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, any_, cast, false, literal_column, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import func, select

from igfleet.ui.models import Account, AccountTask, LogEntry, Worker

LEVELS = {"info": "Info and worse", "warning": "Warnings and errors", "error": "Errors only"}
"""The least level that is shown, and what that is called."""
_RANKS = ("debug", "info", "warning", "error")
_MOST_RUNS = 10_000
"""So many account tasks of one account are looked through, the newest."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter. A word that is not known narrows nothing; a name that nobody has matches nothing."""

    text: str = ""
    """A part of the message."""
    level: str = ""
    worker: str = ""
    task: int | None = None
    account: str = ""
    step: str = ""
    """A part of the step."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        return self != Wanted()

    async def conditions(self, session: AsyncSession) -> list[ColumnElement[bool]]:
        """What a line must fulfil. Names are looked up first, so that each filter has its index."""
        found: list[ColumnElement[bool]] = [true()]
        if self.text:
            found.append(LogEntry.text.icontains(self.text, autoescape=True))
        if self.step:
            found.append(LogEntry.step.icontains(self.step, autoescape=True))
        if self.level in LEVELS:
            found.append(_at_least(self.level))
        if self.task is not None:
            found.append(LogEntry.task_id == self.task)
        if self.since is not None:
            found.append(LogEntry.at >= self.since)
        if self.until is not None:
            found.append(LogEntry.at < self.until)
        if self.worker:
            found.append(await _of_worker(session, self.worker))
        if self.account:
            found.append(await _of_account(session, self.account))
        return found


def moment(text: str) -> datetime | None:
    """A time in UTC as a form sends it; None for anything else."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _at_least(level: str) -> ColumnElement[bool]:
    """Written out, so that PostgreSQL sees that the index of what is bad will do."""
    words = ", ".join(f"'{word}'" for word in _RANKS[_RANKS.index(level) :])
    return literal_column(f"(log_lines.level IN ({words}))")


async def _of_worker(session: AsyncSession, name: str) -> ColumnElement[bool]:
    worker_id = await session.scalar(select(Worker.id).where(Worker.name == name))
    return LogEntry.worker_id == worker_id if worker_id is not None else false()


async def _of_account(session: AsyncSession, name: str) -> ColumnElement[bool]:
    username = name.strip().removeprefix("@").lower()
    runs = select(AccountTask.id).join(Account, Account.id == AccountTask.account_id)
    own = runs.where(func.lower(Account.username) == username).order_by(AccountTask.id.desc()).limit(_MOST_RUNS)
    return LogEntry.account_task_id == any_(cast(list(await session.scalars(own)), ARRAY(BigInteger)))
