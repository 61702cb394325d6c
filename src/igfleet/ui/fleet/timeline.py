"""The time line of an account: what ran, what changed, what was asked, and what people noted, the newest first."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.tasks import Action
from igfleet.runners import KINDS
from igfleet.ui.fleet.audit_words import TOLD, changes_of, sentence_of
from igfleet.ui.models import AccountTask, AuditEntry, Challenge, Post, Spending

MOST = 40
"""So many events a page."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    at: datetime
    icon: str
    title: str
    link: str = ""
    look: tuple[str, str] | None = None
    """Kind and state of the badge."""
    reason: str | None = None
    detail: str = ""
    changes: Sequence[tuple[str, str, str]] = ()
    """What, before, after."""
    by: str = ""
    row: AccountTask | None = None


type Source = Callable[[AsyncSession, int, datetime | None], Awaitable[list[Event]]]


async def timeline(session: AsyncSession, account_id: int, only: str, before: datetime | None) -> list[Event]:
    """The newest events before a moment; of one sort only, when it is named. One more than a page when there are."""
    sources = [SORTS[only]] if only in SORTS else list(SORTS.values())
    found = [event for source in sources for event in await source(session, account_id, before)]
    return sorted(found, key=lambda event: event.at, reverse=True)[: MOST + 1]


async def _runs(session: AsyncSession, account_id: int, before: datetime | None) -> list[Event]:
    at = func.coalesce(AccountTask.finished_at, AccountTask.changed_at)
    query = select(AccountTask).where(AccountTask.account_id == account_id, AccountTask.kind.in_(KINDS))
    rows = await session.scalars(_newest(query, at, before).options(joinedload(AccountTask.task)))
    return [
        Event(
            at=row.finished_at or row.changed_at,
            icon=KINDS[row.kind].icon,
            title=row.task.name,
            link=f"/tasks/{row.task_id}",
            look=("account_task", row.state),
            reason=row.reason_code,
            detail=row.message,
            row=row,
        )
        for row in rows
    ]


async def _posts(session: AsyncSession, account_id: int, before: datetime | None) -> list[Event]:
    query = select(Post).where(Post.account_id == account_id, Post.published_at.is_not(None))
    rows = await session.scalars(_newest(query, Post.published_at, before).options(joinedload(Post.file)))
    return [
        Event(
            row.published_at, "send", row.file.name, f"/posts/{row.id}", ("post", row.state), detail=row.caption[:120]
        )
        for row in rows
        if row.published_at is not None
    ]


async def _challenges(session: AsyncSession, account_id: int, before: datetime | None) -> list[Event]:
    query = _newest(select(Challenge).where(Challenge.account_id == account_id), Challenge.asked_at, before)
    return [
        Event(
            at=row.asked_at,
            icon="shield",
            title=f"Instagram asked: {row.kind.replace('_', ' ')}",
            link="/inbox",
            look=("challenge", row.state),
            detail=f"to {row.destination}" if row.destination else "",
            by=row.answered_by or "",
        )
        for row in await session.scalars(query)
    ]


async def _sign_ins(session: AsyncSession, account_id: int, before: datetime | None) -> list[Event]:
    signed = Spending.account_id == account_id, Spending.action == Action.LOGIN
    rows = await session.scalars(_newest(select(Spending).where(*signed), Spending.at, before))
    return [Event(row.at, "login", "It signed in with its password, or tried to") for row in rows]


async def _changes(session: AsyncSession, account_id: int, before: datetime | None) -> list[Event]:
    return await _audited(session, account_id, before, [name for name in TOLD if name != "account_noted"])


async def _notes(session: AsyncSession, account_id: int, before: datetime | None) -> list[Event]:
    return await _audited(session, account_id, before, ["account_noted"])


async def _audited(
    session: AsyncSession, account_id: int, before: datetime | None, actions: Sequence[str]
) -> list[Event]:
    of_it = AuditEntry.subject == f"account:{account_id}", AuditEntry.action.in_(actions)
    rows = await session.scalars(_newest(select(AuditEntry).where(*of_it), AuditEntry.at, before))
    return [
        Event(
            at=row.at,
            icon=TOLD[row.action].icon,
            title=TOLD[row.action].title,
            reason=row.facts.get("reason"),
            detail=sentence_of(row),
            changes=changes_of(row),
            by=row.actor,
        )
        for row in rows
    ]


def _newest(query: Any, at: Any, before: datetime | None) -> Any:
    if before is not None:
        query = query.where(at < before)
    return query.order_by(at.desc()).limit(MOST + 1)


SORTS: Mapping[str, Source] = {
    "runs": _runs,
    "posts": _posts,
    "challenges": _challenges,
    "sign-ins": _sign_ins,
    "changes": _changes,
    "notes": _notes,
}
