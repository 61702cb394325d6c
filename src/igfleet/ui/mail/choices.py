"""What a person chooses to be told by mail, and what they and an admin do with mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.errors import Conflict, Invalid, NotFound, WrongState
from igfleet.setting_values import LONGEST_MAIL_ADDRESS, MAIL_ADDRESS
from igfleet.settings import UiSettings
from igfleet.ui.mail.letter import Chapter, Letter, Line, subject
from igfleet.ui.models import AuditEntry, DeliveryState, Mail, MailChoice, MailPace, User, WebhookEvent
from igfleet.ui.quiet_hours import QuietHours, checked, checked_time
from igfleet.ui.webhooks.events import EVENTS, counted

_SHOWN = 100
_BETWEEN_TESTS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """As it stands in the form; times as HH:MM, empty for none."""

    address: str
    events: Sequence[str]
    urgent: Sequence[str]
    pace: str
    digest_at: str
    quiet_from: str
    quiet_until: str
    timezone: str


async def of(session: AsyncSession, user_id: int) -> MailChoice | None:
    """What they chose; None for who gets no mail."""
    return await session.get(MailChoice, user_id)


async def keep(session: AsyncSession, user: User, wanted: Wanted, actor: str) -> None:
    """Tell this person so from now on; without an address, nothing. Audited. Raises `Invalid`."""
    kept = await of(session, user.id)
    before = sorted(kept.events) if kept else []
    if not wanted.address.strip():
        if kept is not None:
            await session.delete(kept)
        after: list[str] = []
    else:
        values = _checked(wanted)
        after = sorted(values["events"])
        if kept is None:
            session.add(MailChoice(user_id=user.id, **values))
        else:
            for name, value in values.items():
                setattr(kept, name, value)
            kept.changed_at = (await session.execute(select(func.now()))).scalar_one()
    facts = {"name": user.name, "before": {"events": before}, "after": {"events": after}}
    session.add(AuditEntry(actor=actor, action="mail_choice_changed", subject=f"user:{user.id}", facts=facts))


async def test(session: AsyncSession, settings: UiSettings, user_id: int) -> None:
    """Send them something harmless. Raises `NotFound` without an address, `Conflict` when one was just sent."""
    choice = await session.scalar(
        select(MailChoice).where(MailChoice.user_id == user_id).with_for_update(key_share=True)
    )
    if choice is None:
        raise NotFound("Choose an address first.")
    title = counted(WebhookEvent.TEST, 1)
    line = Line(text="This is a test. Nothing happened.", path="/me/notifications")
    letter = Letter(chapters=[Chapter(title=title, count=1, lines=[line])])
    named = subject(letter, settings)
    recent = Mail.user_id == user_id, Mail.subject == named, Mail.created_at > func.now() - _BETWEEN_TESTS
    if await session.scalar(select(Mail.id).where(*recent).limit(1)) is not None:
        raise Conflict("A test was sent within the last minute.")
    session.add(Mail(user_id=user_id, address=choice.address, subject=named, content=letter.model_dump()))


async def resend(session: AsyncSession, mail_id: int, actor: str) -> Mail:
    """Try what was given up once more, from the beginning. Audited. Raises `NotFound`, `WrongState`."""
    mail = await session.get(Mail, mail_id, with_for_update=True)
    if mail is None:
        raise NotFound(f"There is no mail {mail_id}.")
    if mail.state != DeliveryState.FAILED:
        raise WrongState("Only a mail that was given up is sent again.")
    now: datetime = (await session.execute(select(func.now()))).scalar_one()
    mail.state, mail.attempts, mail.next_at = DeliveryState.WAITING, 0, now
    session.add(
        AuditEntry(actor=actor, action="mail_sent_again", subject=f"user:{mail.user_id}", facts={"mail": mail_id})
    )
    return mail


async def mails(session: AsyncSession, user_id: int | None = None) -> list[Mail]:
    """The newest of one person or of all, with whom they are for."""
    query = select(Mail).order_by(Mail.id.desc()).limit(_SHOWN).options(joinedload(Mail.user))
    if user_id is not None:
        query = query.where(Mail.user_id == user_id)
    return list(await session.scalars(query))


def _checked(wanted: Wanted) -> dict[str, Any]:
    known = [event.value for event in EVENTS]
    events = [event for event in known if event in set(wanted.events)]
    address = wanted.address.strip()
    wrong: dict[str, str] = {}
    if len(address) > LONGEST_MAIL_ADDRESS or not MAIL_ADDRESS.fullmatch(address):
        wrong["address"] = "Write an address, as in anna@example.com"
    if not events:
        wrong["events"] = "Choose at least one event; without an address you get no mail."
    if wanted.pace not in set(MailPace):
        wrong["pace"] = "Choose one."
    digest_at = checked_time("digest_at", wanted.digest_at, wrong)
    quiet = checked(QuietHours(wanted.quiet_from, wanted.quiet_until, wanted.timezone), wrong)
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)
    urgent = [event for event in events if event in set(wanted.urgent)]
    return {
        "address": address,
        "events": events,
        "urgent": urgent,
        "pace": wanted.pace,
        "digest_at": digest_at or time(8),
        **quiet,
    }
