"""From what was noted to mails: for each person what is due, seen with their eyes, as one mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.errors import NotFound
from igfleet.log import redactor
from igfleet.settings import UiSettings
from igfleet.ui.context import UiContext
from igfleet.ui.mail.letter import Chapter, Letter, Line, subject
from igfleet.ui.mail.times import GATHERED, is_due
from igfleet.ui.models import (
    Account,
    Breaker,
    Challenge,
    Mail,
    MailChoice,
    Notice,
    Post,
    PostIncident,
    Proxy,
    Standstill,
    Task,
    User,
    WebhookEvent,
    Worker,
)
from igfleet.ui.models.base import among
from igfleet.ui.scope.breakers import is_seen
from igfleet.ui.scope.scope import confine, scope_in, scope_of
from igfleet.ui.webhooks.events import EVENTS, counted
from igfleet.ui.webhooks.telling import told_of

_SHOWN = 20
"""Of each event; the others are counted."""
_UNTOLD = Notice.told_at.is_(None)
_LOST = text("""
INSERT INTO notices (user_id, event, subject_id, mark)
SELECT m.user_id, 'worker_lost', w.id, w.seen_at::text FROM mail_choices m, workers w
WHERE 'worker_lost' = ANY(m.events) AND w.seen_at BETWEEN now() - interval '1 day' AND now() - interval '60 seconds'
  AND w.seen_at > m.changed_at - interval '60 seconds'
ON CONFLICT DO NOTHING
""")
_E = WebhookEvent
_TABLES: dict[WebhookEvent, Any] = {
    _E.POST_PUBLISHED: Post,
    _E.POST_FAILED: Post,
    _E.POST_UNKNOWN: Post,
    _E.POST_NEEDS_PERSON: Post,
    _E.CHALLENGE_OPENED: Challenge,
    _E.ACCOUNT_NEEDS_PERSON: Account,
    _E.INCIDENT_OPENED: PostIncident,
    _E.TASK_ENDED: Task,
    _E.TASK_FAILED: Task,
    _E.WORKER_LOST: Worker,
    _E.PROXY_FAILING: Proxy,
    _E.BREAKER_OPENED: Breaker,
    _E.EVERYTHING_PAUSED: Standstill,
}
"""What an event is about."""


async def gather(ui: UiContext, now: datetime | None = None) -> None:
    """Write the mails whose time has come."""
    at = now or clock.now()
    async with ui.database.sessions.begin() as session:
        if await session.scalar(select(MailChoice.user_id).limit(1)) is None:
            return
        await session.execute(_LOST)
        oldest = func.min(Notice.noted_at).label("noted_at")
        noted = select(Notice.user_id, Notice.event, oldest).where(_UNTOLD).group_by(Notice.user_id, Notice.event)
        waiting = noted.subquery()
        rows = await session.execute(
            select(MailChoice, waiting.c.event, waiting.c.noted_at).join(
                waiting, waiting.c.user_id == MailChoice.user_id
            )
        )
        due = {choice.user_id for choice, event, noted_at in rows if is_due(choice, event, noted_at, at)}
    for user_id in sorted(due):
        async with ui.database.sessions.begin() as session:
            await _write(session, ui.settings, user_id, at)


async def _write(session: AsyncSession, settings: UiSettings, user_id: int, now: datetime) -> None:
    """One mail with all that is due, and with what would be within the minute."""
    locked = select(MailChoice).where(MailChoice.user_id == user_id).with_for_update(skip_locked=True, key_share=True)
    choice = await session.scalar(locked)
    user = await session.get(User, user_id)
    if choice is None or user is None:
        return
    noted = await session.execute(
        select(Notice.event, Notice.id, Notice.subject_id, Notice.noted_at)
        .where(Notice.user_id == user_id, _UNTOLD)
        .order_by(Notice.id)
    )
    subjects: dict[str, list[int]] = {}
    told: list[int] = []
    oldest: dict[str, datetime] = {}
    for event, notice_id, subject_id, noted_at in noted:
        first = oldest.setdefault(event, noted_at)
        if is_due(choice, event, first, now + GATHERED):
            subjects.setdefault(event, []).append(subject_id)
            told.append(notice_id)
    await session.execute(update(Notice).where(among(Notice.id, told)).values(told_at=func.now()))
    if user.disabled_at is not None:
        return
    await confine(session, scope_of(user))
    letter = Letter(chapters=[await _chapter(session, event, subjects.get(event, [])) for event in EVENTS])
    letter.chapters = [chapter for chapter in letter.chapters if chapter.count]
    if letter.chapters:
        title = subject(letter, settings)
        session.add(Mail(user_id=user_id, address=choice.address, subject=title, content=letter.model_dump()))


async def _chapter(session: AsyncSession, event: WebhookEvent, subject_ids: Sequence[int]) -> Chapter:
    """Only what this person sees, and what is still there."""
    ids = await _seen(session, event, dict.fromkeys(subject_ids)) if subject_ids else []
    lines = []
    for subject_id in ids[:_SHOWN]:
        try:
            told = await told_of(session, event, subject_id)
        except NotFound:
            continue
        lines.append(Line(text=redactor.text(" ".join(told.text.split())), path=told.path))
    return Chapter(title=counted(event, len(ids)), count=len(ids), lines=lines)


async def _seen(session: AsyncSession, event: WebhookEvent, subject_ids: dict[int, None]) -> list[int]:
    table = _TABLES[event]
    if table is Worker and scope_in(session).is_limited:
        return []
    own = is_seen(session) if table is Breaker else []
    found = set(await session.scalars(select(table.id).where(among(table.id, subject_ids), *own)))
    return [subject_id for subject_id in subject_ids if subject_id in found]
