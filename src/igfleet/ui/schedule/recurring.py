"""Recurring tasks: defined from a task, paused, removed, and made at their times, each time exactly once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound, UserError
from igfleet.settings import UiSettings
from igfleet.ui.models import AuditEntry, Occurrence, RecurringTask, Task
from igfleet.ui.planning.cloning import same_order
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import find_task, plan
from igfleet.ui.planning.start import start
from igfleet.ui.schedule.recurrence import Fate, Missed, Rule, fates, following, upcoming
from igfleet.ui.schedule.zones import checked

_LONGEST_NAME = 150
_MOST_LATE_MIN = 7 * 24 * 60
_SHOWN_TIMES = 3
_AT_ONCE = 20
_KEPT_SKIPS = 50
"""So many skipped times are written down of one long absence, the newest."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a person asks for."""

    name: str
    rule: Rule
    missed: Missed = Missed.LATE
    late_min: int = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A recurring task as the page tells it."""

    row: RecurringTask
    rule: Rule
    upcoming: Sequence[datetime]
    last: Occurrence | None


def rule_of(row: RecurringTask) -> Rule:
    return Rule(frozenset(row.weekdays), row.at, row.timezone)


async def define(session: AsyncSession, task_id: int, asked: Repeat, actor: str) -> RecurringTask:
    """Repeat the order of a task, from its next time on. Raises `NotFound`, `Invalid`."""
    _check(asked)
    task = await find_task(session, task_id)
    draft = await same_order(session, task, asked.name.strip())
    now = await _now(session)
    row = RecurringTask(
        name=asked.name.strip(),
        kind=task.kind,
        draft=draft.model_dump(mode="json"),
        weekdays=sorted(asked.rule.weekdays),
        at=asked.rule.at,
        timezone=asked.rule.zone,
        missed=asked.missed.value,
        late_min=asked.late_min,
        next_at=next(following(asked.rule, now)),
        created_by=actor,
    )
    session.add(row)
    await session.flush()
    _note(session, row, actor, "recurring_defined", rule=str(asked.rule), missed=row.missed, task=task_id)
    return row


async def pause(session: AsyncSession, recurring_id: int, actor: str) -> None:
    """Make nothing of it until it goes on. Again is harmless. Raises `NotFound`."""
    row = await _locked(session, recurring_id)
    if row.paused_at is None:
        row.paused_at = await _now(session)
        _note(session, row, actor, "recurring_paused")


async def go_on(session: AsyncSession, recurring_id: int, actor: str) -> None:
    """From its next time on; what fell into the pause is not made up for. Raises `NotFound`."""
    row = await _locked(session, recurring_id)
    if row.paused_at is not None:
        row.paused_at, row.next_at = None, next(following(rule_of(row), await _now(session)))
        _note(session, row, actor, "recurring_resumed")


async def remove(session: AsyncSession, recurring_id: int, actor: str) -> str:
    """Never again; the tasks that it made stay. Its name. Raises `NotFound`."""
    row = await _locked(session, recurring_id)
    row.removed_at = await _now(session)
    _note(session, row, actor, "recurring_removed")
    return row.name


async def listed(session: AsyncSession) -> list[Shown]:
    """All of them, the next due first, with their next three times and what became of the last."""
    query = select(RecurringTask).where(RecurringTask.removed_at.is_(None))
    rows = list(await session.scalars(query.order_by(RecurringTask.next_at, RecurringTask.id).limit(500)))
    newest = select(Occurrence).where(Occurrence.recurring_id.in_([row.id for row in rows]))
    newest = newest.ext(distinct_on(Occurrence.recurring_id)).order_by(Occurrence.recurring_id, Occurrence.at.desc())
    last = {one.recurring_id: one for one in await session.scalars(newest)}
    return [_shown(row, last.get(row.id)) for row in rows]


async def find(session: AsyncSession, recurring_id: int) -> Shown:
    """One of them. Raises `NotFound`."""
    found = [one for one in await listed(session) if one.row.id == recurring_id]
    if not found:
        raise NotFound(f"There is no recurring task {recurring_id}.")
    return found[0]


async def history(session: AsyncSession, recurring_id: int, limit: int = 50) -> Sequence[Occurrence]:
    """What became of its times, the newest first."""
    own = select(Occurrence).where(Occurrence.recurring_id == recurring_id)
    return list(await session.scalars(own.order_by(Occurrence.at.desc()).limit(limit)))


async def make_due(session: AsyncSession, settings: UiSettings) -> list[int]:
    """Make what is due. The tasks that were started.

    The row is locked, its next time and what became of this one are written in the same transaction: several ui
    processes at once, or one that dies in between, make each time once.
    """
    due = (
        select(RecurringTask)
        .where(RecurringTask.next_at <= func.now())
        .where(RecurringTask.paused_at.is_(None), RecurringTask.removed_at.is_(None))
        .order_by(RecurringTask.next_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    now = await _now(session)
    started = []
    for row in await session.scalars(due):
        made = fates(rule_of(row), Missed(row.missed), timedelta(minutes=row.late_min), row.next_at, now)
        for at, fate in made[-_KEPT_SKIPS:]:
            task = await _became(session, settings, row, at, fate)
            started += [task.id] if task is not None and fate is Fate.MAKE else []
        row.next_at = next(following(rule_of(row), now))
    return started


async def pass_over(session: AsyncSession, why: str) -> list[str]:
    """Make nothing of what is due: its times are skipped, and it goes on with the next. The names."""
    now = await _now(session)
    due = select(RecurringTask).where(RecurringTask.next_at <= now, RecurringTask.removed_at.is_(None))
    names = []
    for row in await session.scalars(due.order_by(RecurringTask.id).with_for_update()):
        times = fates(rule_of(row), Missed.SKIP, timedelta(), row.next_at, now)
        for at, _ in times[-_KEPT_SKIPS:]:
            session.add(Occurrence(recurring_id=row.id, at=at, fate="skipped", why=why))
        row.next_at = next(following(rule_of(row), now))
        names.append(row.name)
    return names


async def _became(
    session: AsyncSession, settings: UiSettings, row: RecurringTask, at: datetime, fate: Fate
) -> Task | None:
    """Make one time, hold it or pass it over, and write down which."""
    if fate is Fate.SKIP:
        session.add(Occurrence(recurring_id=row.id, at=at, fate="skipped", why="Nobody was there at its time."))
        return None
    try:
        async with session.begin_nested():
            task = await _made(session, settings, row, at, starts=fate is Fate.MAKE)
            word, why = ("made", "") if fate is Fate.MAKE else ("held", "Its time was missed: a person starts it.")
            session.add(Occurrence(recurring_id=row.id, at=at, fate=word, task_id=task.id, why=why))
            await session.flush()
    except UserError as error:
        session.add(Occurrence(recurring_id=row.id, at=at, fate="failed", why=str(error)[:1000]))
        _note(session, row, "system", "recurrence_failed", at=at.isoformat(), why=str(error)[:500])
        return None
    return task


async def _made(session: AsyncSession, settings: UiSettings, row: RecurringTask, at: datetime, *, starts: bool) -> Task:
    local = at.astimezone(ZoneInfo(row.timezone))
    try:
        draft = Draft.model_validate_json(json.dumps(row.draft | {"name": f"{row.name}, {local:%Y-%m-%d}"}))
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise Invalid(f"This igfleet no longer understands the order: {why}. Define it anew.") from None
    actor = f"recurring:{row.id}"
    task = await create(session, settings, draft, actor)
    await plan(session, settings, task.id)
    if starts:
        await start(session, settings, task.id, plan_hash=None, actor=actor)
    return task


def _check(asked: Repeat) -> None:
    wrong = {}
    if not asked.name.strip() or len(asked.name) > _LONGEST_NAME:
        wrong["name"] = f"1 to {_LONGEST_NAME} characters"
    if not asked.rule.weekdays:
        wrong["weekdays"] = "Choose at least one day."
    if asked.missed is Missed.LATE and not 1 <= asked.late_min <= _MOST_LATE_MIN:
        wrong["late_min"] = "1 minute to 7 days"
    try:
        checked(asked.rule.zone)
    except Invalid as error:
        wrong |= error.fields
    if wrong:
        raise Invalid("It cannot repeat like that.", wrong)


def parsed_time(text: str) -> time:
    """A time of the clock as a form sends it. Raises `Invalid`."""
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("The time is not a time.", {"at": "is no time: write it as 09:30"}) from None
    if at.tzinfo is not None or at.second or at.microsecond:
        raise Invalid("The time is not a time.", {"at": "is no time: write it as 09:30"})
    return at


def _shown(row: RecurringTask, last: Occurrence | None) -> Shown:
    rule = rule_of(row)
    times = upcoming(rule, row.next_at - timedelta(microseconds=1), _SHOWN_TIMES) if row.paused_at is None else []
    return Shown(row, rule, times, last)


async def _locked(session: AsyncSession, recurring_id: int) -> RecurringTask:
    row = await session.get(RecurringTask, recurring_id, with_for_update=True, populate_existing=True)
    if row is None or row.removed_at is not None:
        raise NotFound(f"There is no recurring task {recurring_id}.")
    return row


async def _now(session: AsyncSession) -> datetime:
    now: datetime = (await session.execute(select(func.now()))).scalar_one()
    return now


def _note(session: AsyncSession, row: RecurringTask, actor: str, action: str, **facts: Any) -> None:
    told = {"name": row.name, **facts}
    session.add(AuditEntry(actor=actor, action=action, subject=f"recurring:{row.id}", facts=told))
