"""Pausing a day: what is planned for it and has not begun waits until a person lets it go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, NotFound, NothingToDo
from igfleet.ui.models import Account, AuditEntry, Hold, LogEntry, Task
from igfleet.ui.schedule.calendar import day_of
from igfleet.ui.schedule.due import Stretch, retime
from igfleet.ui.schedule.zones import checked
from igfleet.ui.scope.scope import lifted

_HOLD_POSTS = text("""
UPDATE posts p SET hold_id = :hold, scheduled_at = held.due FROM unnest(
  CAST(:ids AS bigint[]), CAST(:due AS timestamptz[])) AS held(id, due) WHERE p.id = held.id AND p.state = 'planned'
""")
_HOLD_SHARES = text("""
UPDATE account_tasks SET hold_id = :hold, held_from = available_at, available_at = NULL, changed_at = now()
WHERE id = ANY(:ids) AND state = 'scheduled'
""")
_RELEASE_POSTS = text("UPDATE posts SET hold_id = NULL WHERE hold_id = :hold")
_RELEASE_SHARES = text("""
UPDATE account_tasks SET hold_id = NULL, available_at = held_from, held_from = NULL, changed_at = now()
WHERE hold_id = :hold AND state = 'scheduled'
""")
_HELD = text("""
SELECT account_task_id AS id, account_id FROM posts WHERE hold_id = :hold
UNION SELECT id, account_id FROM account_tasks WHERE hold_id = :hold
""")
_LEFT = text("""
SELECT (SELECT count(*) FROM posts WHERE hold_id = :hold AND state = 'planned')
  + (SELECT count(*) FROM account_tasks WHERE hold_id = :hold AND state = 'scheduled')
""")
_LOCK_ACCOUNTS = text("SELECT id FROM accounts WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_OVERDUE = text("SELECT count(*) FROM posts WHERE hold_id = :hold AND state = 'planned' AND scheduled_at <= now()")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of what is planned: that of accounts with a tag, or of one task; else all."""

    tag: str = ""
    task_id: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A pause that has not ended."""

    hold: Hold
    task: str | None
    """The name of its task; None: of all tasks."""
    left: int
    """Posts, and account tasks without posts, that it still holds."""
    overdue: int
    """Of that: posts whose time is over; they go at once when it ends."""


async def hold_day(session: AsyncSession, day: date, zone: str, narrowed: Narrowed, actor: str, why: str = "") -> Hold:
    """Hold what is planned for a day and has not begun. What is started later is not held.

    Raises `NotFound`, and `Conflict` when there is nothing to hold.
    """
    tag, task_id = narrowed.tag.strip(), narrowed.task_id
    if task_id is not None and await session.get(Task, task_id) is None:
        raise NotFound(f"There is no task {task_id}.")
    whole = day_of(day, ZoneInfo(checked(zone)))
    stretch = Stretch(whole.begins, whole.ends, task_id, tag, with_running=True)
    posts, shares = await stretch.locked(session)
    posts, shares = [row for row in posts if row.hold_id is None], [row for row in shares if row.hold_id is None]
    if not posts and not shares:
        raise Conflict(f"Nothing is planned for {day} that has not begun or is not held already.")
    hold = Hold(day=day, timezone=zone, tag=tag, task_id=task_id, why=why.strip()[:500], made_by=actor)
    hold.count = len(posts) + len(shares)
    session.add(hold)
    await session.flush()
    due = {"ids": [row.id for row in posts], "due": [row.due for row in posts]}
    await session.execute(_HOLD_POSTS, {"hold": hold.id, **due})
    await session.execute(_HOLD_SHARES, {"hold": hold.id, "ids": [row.id for row in shares]})
    await retime(session, list({row.account_task_id for row in posts}))
    for held_task in sorted({row.task_id for row in (*posts, *shares)}):
        session.add(LogEntry(task_id=held_task, event="day_paused", text=f"{day} is paused by {actor}"))
    facts = {"day": str(day), "zone": zone, "tag": hold.tag, "task": task_id, "held": hold.count, "why": hold.why}
    session.add(AuditEntry(actor=actor, action="day_paused", subject=f"hold:{hold.id}", facts=facts))
    return hold


async def release(session: AsyncSession, hold_id: int, actor: str) -> Hold:
    """End a pause: everything is due as it was; what is overdue goes at once. Raises `NotFound`, `NothingToDo`."""
    hold = await session.get(Hold, hold_id, with_for_update=True)
    if hold is None:
        raise NotFound(f"There is no paused day {hold_id}.")
    if hold.ended_at is not None:
        raise NothingToDo(f"The pause of {hold.day} has ended already.")
    async with lifted(session):  # also of accounts that got another client meanwhile
        held = (await session.execute(_HELD, {"hold": hold_id})).all()
        accounts = sorted({row.account_id for row in held if row.account_id is not None})
        await session.execute(_LOCK_ACCOUNTS, {"ids": accounts})
        await session.execute(_RELEASE_POSTS, {"hold": hold_id})
        await session.execute(_RELEASE_SHARES, {"hold": hold_id})
        await retime(session, [row.id for row in held])
    hold.ended_at, hold.ended_by = await session.scalar(select(func.now())), actor
    facts = {"day": str(hold.day), "held": hold.count}
    session.add(AuditEntry(actor=actor, action="day_resumed", subject=f"hold:{hold.id}", facts=facts))
    return hold


async def present(session: AsyncSession, own: ColumnElement[bool] | None = None) -> Sequence[Held]:
    """The pauses that have not ended, by day; `own` narrows them to those that somebody may see."""
    query = select(Hold, Task.name).outerjoin(Task, Task.id == Hold.task_id).where(Hold.ended_at.is_(None))
    query = query if own is None else query.where(own)
    found = []
    for hold, name in (await session.execute(query.order_by(Hold.day, Hold.id).limit(100))).all():
        left = await session.scalar(_LEFT, {"hold": hold.id}) or 0
        overdue = await session.scalar(_OVERDUE, {"hold": hold.id}) or 0
        found.append(Held(hold, name, left, overdue))
    return found


async def tags(session: AsyncSession) -> Sequence[str]:
    """The tags that accounts have."""
    query = select(func.unnest(Account.tags).label("tag")).where(Account.archived_at.is_(None)).distinct()
    return list(await session.scalars(query.order_by("tag").limit(200)))
