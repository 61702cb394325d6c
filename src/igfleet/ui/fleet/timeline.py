"""The time line of an account: what ran, what changed, what was asked, and what people noted, the newest first."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.tasks import Action
from igfleet.runners import KINDS
from igfleet.ui.fleet.audit_words import TOLD, changes_of, sentence_of
from igfleet.ui.models import AccountTask, AuditEntry, Challenge, Post, Spending
from igfleet.ui.task_list import LISTED

MOST = 40
"""So many events a page."""
_NOTED = "account_noted"
_ANY_TIME = datetime(9999, 1, 1, tzinfo=UTC)


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


type Given = Mapping[str, Any]
"""`account_id`, and the moment `before` which it was."""
type Source = Callable[[AsyncSession, Given], Awaitable[list[Event]]]


def _newest[*Columns](query: Select[*Columns], account: Any, at: Any) -> Select[*Columns]:
    """The newest of an account; one more than a page."""
    of_it = query.where(account == bindparam("account_id"), at < bindparam("before"))
    return of_it.order_by(at.desc()).limit(MOST + 1)


_RUNS = _newest(
    select(AccountTask).where(AccountTask.kind.in_(KINDS)).options(joinedload(AccountTask.task).options(*LISTED)),
    AccountTask.account_id,
    func.coalesce(AccountTask.finished_at, AccountTask.changed_at),
)
_POSTS = _newest(select(Post).options(joinedload(Post.file)), Post.account_id, Post.published_at)
_CHALLENGES = _newest(select(Challenge), Challenge.account_id, Challenge.asked_at)
_SIGN_INS = _newest(select(Spending).where(Spending.action == Action.LOGIN), Spending.account_id, Spending.at)
_AUDITED = (
    select(AuditEntry)
    .where(AuditEntry.subject == bindparam("subject"), AuditEntry.action.in_(bindparam("actions", expanding=True)))
    .where(AuditEntry.at < bindparam("before"))
    .order_by(AuditEntry.at.desc())
    .limit(MOST + 1)
)


async def timeline(session: AsyncSession, account_id: int, only: str, before: datetime | None) -> list[Event]:
    """The newest events before a moment; of one sort only, when it is named. One more than a page when there are."""
    sources = (SORTS[only],) if only in SORTS else _ALL
    given = {"account_id": account_id, "before": before or _ANY_TIME}
    found = [event for source in sources for event in await source(session, given)]
    return sorted(found, key=lambda event: event.at, reverse=True)[: MOST + 1]


async def _runs(session: AsyncSession, given: Given) -> list[Event]:
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
        for row in await session.scalars(_RUNS, given)
    ]


async def _posts(session: AsyncSession, given: Given) -> list[Event]:
    return [
        Event(
            row.published_at, "send", row.file.name, f"/posts/{row.id}", ("post", row.state), detail=row.caption[:120]
        )
        for row in await session.scalars(_POSTS, given)
        if row.published_at is not None
    ]


async def _challenges(session: AsyncSession, given: Given) -> list[Event]:
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
        for row in await session.scalars(_CHALLENGES, given)
    ]


async def _sign_ins(session: AsyncSession, given: Given) -> list[Event]:
    signed = await session.scalars(_SIGN_INS, given)
    return [Event(row.at, "login", "It signed in with its password, or tried to") for row in signed]


async def _changes(session: AsyncSession, given: Given) -> list[Event]:
    return await _audited(session, given, [name for name in TOLD if name != _NOTED])


async def _notes(session: AsyncSession, given: Given) -> list[Event]:
    return await _audited(session, given, [_NOTED])


async def _audited(session: AsyncSession, given: Given, actions: Iterable[str] = TOLD) -> list[Event]:
    of_it = {"subject": f"account:{given['account_id']}", "actions": list(actions), "before": given["before"]}
    rows = await session.scalars(_AUDITED, of_it)
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


SORTS: Mapping[str, Source] = {
    "runs": _runs,
    "posts": _posts,
    "challenges": _challenges,
    "sign-ins": _sign_ins,
    "changes": _changes,
    "notes": _notes,
}
_ALL: Sequence[Source] = (_runs, _posts, _challenges, _sign_ins, _audited)
"""The same with fewer questions: changes and notes are of one table."""
