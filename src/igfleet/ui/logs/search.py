"""Searching the log: pages by time, the newest first, with how many lines there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotFound
from igfleet.ui.exports import Sheet
from igfleet.ui.logs.wanted import Wanted
from igfleet.ui.models import Account, AccountTask, LogEntry, Task, Worker

PAGE = 100
EXPORTED = 10_000
_COUNTED = 10_000
_AROUND = 25
"""So many lines of the same run are shown before and after a line."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COLUMNS = ("at", "level", "worker", "task_id", "task", "account", "step", "event", "message")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, and whose it is."""

    entry: LogEntry
    task: str
    worker: str | None
    who: str | None
    """The account's user name, or the file or proxy it is about; None: the task itself."""


@dataclass(frozen=True, slots=True)
class Found:
    lines: Sequence[Line]
    total: int
    """At most one more than are counted."""
    following: str | None
    """What the next page begins after; None on the last."""

    @property
    def total_shown(self) -> str:
        return f"{_COUNTED:,}+" if self.total > _COUNTED else f"{self.total:,}"


async def search(session: AsyncSession, wanted: Wanted, after: str = "") -> Found:
    """One page. `after` is the place that the page before named."""
    conditions = await wanted.conditions(session)
    counted = select(LogEntry.id).where(*conditions).limit(_COUNTED + 1).subquery()
    total = await session.scalar(select(func.count()).select_from(counted)) or 0
    chosen = select(LogEntry.id).where(*conditions)
    if place := _place(after):
        chosen = chosen.where(tuple_(LogEntry.at, LogEntry.id) < tuple_(*place))
    ids = list(await session.scalars(_newest_first(chosen).limit(PAGE + 1)))
    lines = await _lines(session, ids[:PAGE])
    return Found(lines, total, _key(lines[-1].entry) if len(ids) > PAGE and lines else None)


async def sheet(session: AsyncSession, wanted: Wanted) -> Sheet:
    """The same lines as a file, at most 10,000."""
    chosen = select(LogEntry.id).where(*await wanted.conditions(session))
    ids = list(await session.scalars(_newest_first(chosen).limit(EXPORTED)))
    return Sheet(_COLUMNS, [_cells(line) for line in await _lines(session, ids)])


async def around(session: AsyncSession, line_id: int) -> tuple[Line, Sequence[Line]]:
    """A line, and the lines of the same run around it, oldest first. Raises `NotFound`."""
    entry = await session.get(LogEntry, line_id)
    if entry is None:
        raise NotFound(f"There is no line {line_id} in the log. Lines are kept for 90 days.")
    run = LogEntry.account_task_id == entry.account_task_id
    own = select(LogEntry.id).where(LogEntry.task_id == entry.task_id)
    same = own.where(run) if entry.account_task_id is not None else own
    before = same.where(LogEntry.id < line_id).order_by(LogEntry.id.desc()).limit(_AROUND)
    after = same.where(LogEntry.id > line_id).order_by(LogEntry.id).limit(_AROUND)
    ids = [*await session.scalars(before), line_id, *await session.scalars(after)]
    lines = sorted(await _lines(session, ids), key=lambda line: line.entry.id)
    return next(line for line in lines if line.entry.id == line_id), lines


async def _lines(session: AsyncSession, ids: Sequence[int]) -> list[Line]:
    """The lines with these ids, newest first."""
    who = func.coalesce("@" + Account.username, AccountTask.title)
    query = (
        select(LogEntry, Task.name, Worker.name, who)
        .join(Task, Task.id == LogEntry.task_id)
        .outerjoin(Worker, Worker.id == LogEntry.worker_id)
        .outerjoin(AccountTask, AccountTask.id == LogEntry.account_task_id)
        .outerjoin(Account, Account.id == AccountTask.account_id)
        .where(LogEntry.id.in_(ids))
    )
    return [Line(*row) for row in await session.execute(_newest_first(query))]


def _newest_first[Q: Select[*tuple[object, ...]]](query: Q) -> Q:
    return query.order_by(LogEntry.at.desc(), LogEntry.id.desc())


def _key(entry: LogEntry) -> str:
    return f"{(entry.at - _EPOCH) // _MICROSECOND}-{entry.id}"


def _place(key: str) -> tuple[datetime, int] | None:
    """What `_key` made; None for anything else."""
    micros, _, line_id = key.partition("-")
    if not (micros.isdecimal() and line_id.isdecimal() and len(micros) < 18 and len(line_id) < 19):
        return None
    try:
        return _EPOCH + int(micros) * _MICROSECOND, int(line_id)
    except OverflowError:
        return None


def _cells(line: Line) -> tuple[object, ...]:
    entry = line.entry
    where = entry.at, entry.level, line.worker, entry.task_id, line.task, line.who
    return *where, entry.step, entry.event, entry.text
