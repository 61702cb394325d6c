"""What stands on the schedule: batches of a task and an hour, counted by state."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.runners import KINDS
from igfleet.ui.models import RecurringTask, Task
from igfleet.ui.models.base import among
from igfleet.ui.schedule.calendar import Day, Hour, View, day_of, hour_of, shown_days, stepped
from igfleet.ui.schedule.recurrence import following
from igfleet.ui.schedule.recurring import rule_of

_MOST_BATCHES = 20_000
_MOST_REPEATS = 500
_OPEN = {PostState.PLANNED.value, AccountTaskState.SCHEDULED.value}
_AT = "coalesce(p.published_at, p.scheduled_at)"
_WITHOUT_TIME = "p.published_at IS NULL AND p.scheduled_at IS NULL"
_BATCHES = f"""
SELECT b.task_id, date_bin('15 minutes', b.at, timestamptz '2000-01-01 00:00+00') AS at, b.of, b.state, b.held,
  count(*) AS n
FROM (
  SELECT p.task_id, {_AT} AS at, 'post' AS of, p.state, p.hold_id IS NOT NULL AS held, p.account_id
  FROM posts p WHERE {_AT} >= :since AND {_AT} < :until
  UNION ALL
  SELECT p.task_id, a.available_at, 'post', p.state, p.hold_id IS NOT NULL, p.account_id
  FROM account_tasks a JOIN posts p ON p.account_task_id = a.id
  WHERE a.state IN ('scheduled', 'retryable') AND a.available_at >= :since AND a.available_at < :until
    AND {_WITHOUT_TIME}
  UNION ALL
  SELECT p.task_id, now(), 'post', p.state, p.hold_id IS NOT NULL, p.account_id
  FROM tasks t JOIN account_tasks a ON a.task_id = t.id JOIN posts p ON p.account_task_id = a.id
  WHERE now() >= :since AND now() < :until AND t.state IN ('queued', 'running')
    AND a.state IN ('available', 'running', 'suspended') AND {_WITHOUT_TIME}
  UNION ALL
  SELECT p.task_id, a.finished_at, 'post', p.state, false, p.account_id
  FROM account_tasks a JOIN posts p ON p.account_task_id = a.id
  WHERE a.finished_at >= :since AND a.finished_at < :until AND a.kind = ANY(:with_posts) AND {_WITHOUT_TIME}
  UNION ALL
  SELECT a.task_id, a.finished_at, 'account_task', a.state, false, a.account_id
  FROM account_tasks a WHERE NOT a.kind = ANY(:with_posts) AND a.finished_at >= :since AND a.finished_at < :until
  UNION ALL
  SELECT a.task_id, coalesce(a.held_from, a.available_at), 'account_task', a.state, a.hold_id IS NOT NULL, a.account_id
  FROM account_tasks a WHERE NOT a.kind = ANY(:with_posts) AND a.state IN ('scheduled', 'retryable')
    AND ((a.available_at >= :since AND a.available_at < :until)
      OR (a.hold_id IS NOT NULL AND a.held_from >= :since AND a.held_from < :until))
  UNION ALL
  SELECT a.task_id, now(), 'account_task', a.state, false, a.account_id
  FROM tasks t JOIN account_tasks a ON a.task_id = t.id
  WHERE now() >= :since AND now() < :until AND t.state IN ('queued', 'running')
    AND NOT a.kind = ANY(:with_posts) AND a.state IN ('available', 'running', 'suspended')
) b JOIN tasks t ON t.id = b.task_id
WHERE t.state <> 'draft' AND t.kind <> 'verify'
  AND (CAST(:kind AS text) = '' OR t.kind = :kind) AND (CAST(:task AS bigint) IS NULL OR t.id = :task)
  AND (CAST(:tag AS text) = '' OR EXISTS (SELECT FROM accounts o WHERE o.id = b.account_id AND o.tags @> ARRAY[:tag]))
GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 1 LIMIT {_MOST_BATCHES}
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is shown: a view around a day, in a zone, narrowed."""

    view: View
    day: date
    zone: str
    kind: str = ""
    tag: str = ""
    task: int | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.tag or self.task)

    def stepped(self, steps: int) -> date:
        return stepped(self.view, self.day, steps)


@dataclass(slots=True)
class Batch:
    """What one task does within one hour."""

    task: Task
    hour: Hour
    of: str
    """`post` or `account_task`: whose states are counted."""
    counts: dict[str, int] = field(default_factory=dict)
    held: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def states(self) -> str:
        """Whose looks a bar takes."""
        return self.of

    @property
    def ends(self) -> datetime:
        return self.hour.ends

    @property
    def noun(self) -> str:
        return "post" if self.of == "post" else "account task"

    @property
    def has_open(self) -> bool:
        """Whether something of it has not begun, so that it can be moved."""
        return any(state in _OPEN for state in self.counts)


@dataclass(slots=True)
class Shown:
    """One day with what stands on it, in the order of time."""

    day: Day
    batches: list[Batch] = field(default_factory=list)
    repeats: list[tuple[datetime, RecurringTask]] = field(default_factory=list)
    """Times of recurring tasks that are to come."""

    @property
    def total(self) -> int:
        return sum(batch.total for batch in self.batches)

    def at_hour(self, hour: Hour) -> list[Batch]:
        return [batch for batch in self.batches if batch.hour.begins == hour.begins]

    def repeats_at(self, hour: Hour) -> list[tuple[datetime, RecurringTask]]:
        return [repeat for repeat in self.repeats if hour_of(self.day.hours, repeat[0]).begins == hour.begins]

    @property
    def has_open(self) -> bool:
        return any(batch.has_open for batch in self.batches)

    def by_task(self) -> list[Batch]:
        """The day's batches, one for each task, at its first hour."""
        found: dict[tuple[int, str], Batch] = {}
        for one in self.batches:
            whole = found.setdefault((one.task.id, one.of), Batch(one.task, one.hour, one.of))
            whole.held += one.held
            for state, count in one.counts.items():
                whole.counts[state] = whole.counts.get(state, 0) + count
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Board:
    wanted: Wanted
    days: Sequence[Shown]
    is_cut: bool
    """Whether there is more than can be shown."""

    @property
    def is_empty(self) -> bool:
        return not any(one.batches or one.repeats for one in self.days)


async def board(session: AsyncSession, wanted: Wanted, now: datetime) -> Board:
    """The days of the view with their batches."""
    zone = ZoneInfo(wanted.zone)
    days = [Shown(day_of(day, zone)) for day in shown_days(wanted.view, wanted.day)]
    given: dict[str, Any] = {
        "since": days[0].day.begins,
        "until": days[-1].day.ends,
        "kind": wanted.kind,
        "tag": wanted.tag,
        "task": wanted.task,
        "with_posts": [kind for kind, runner in KINDS.items() if runner.has_posts],
    }
    rows = (await session.execute(text(_BATCHES), given)).all()
    named = select(Task).where(among(Task.id, {row.task_id for row in rows}))
    tasks = {one.id: one for one in await session.scalars(named)}
    for one in days:
        _fill(one, rows, tasks)
    if not wanted.tag and not wanted.task:
        await _repeat(session, days, wanted.kind, now)
    return Board(wanted, days, len(rows) == _MOST_BATCHES)


def _fill(shown: Shown, rows: Sequence[Any], tasks: Mapping[int, Task]) -> None:
    """From rows in the order of time."""
    found: dict[tuple[int, str, datetime], Batch] = {}
    first, behind = (bisect_left(rows, at, key=attrgetter("at")) for at in (shown.day.begins, shown.day.ends))
    for row in rows[first:behind]:
        hour = hour_of(shown.day.hours, row.at)
        key = row.task_id, row.of, hour.begins
        batch = found.get(key)
        if batch is None:
            batch = found[key] = Batch(tasks[row.task_id], hour, row.of)
        batch.counts[row.state] = batch.counts.get(row.state, 0) + row.n
        batch.held += row.n if row.held else 0
    shown.batches = sorted(found.values(), key=lambda batch: (batch.hour.begins, batch.task.id))


async def _repeat(session: AsyncSession, days: Sequence[Shown], kind: str, now: datetime) -> None:
    """The times to come of what repeats."""
    query = select(RecurringTask).where(RecurringTask.removed_at.is_(None), RecurringTask.paused_at.is_(None))
    if kind:
        query = query.where(RecurringTask.kind == kind)
    since, until = max(days[0].day.begins, now), days[-1].day.ends
    for row in await session.scalars(query.order_by(RecurringTask.id).limit(_MOST_REPEATS)):
        for at in following(rule_of(row), max(since, row.next_at) - timedelta(microseconds=1)):
            if at >= until:
                break
            next(one for one in days if one.day.begins <= at < one.day.ends).repeats.append((at, row))
    for one in days:
        one.repeats.sort(key=lambda repeat: repeat[0])
