"""The audit as people read it: filtered, with what changed from what to what."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.exports import Sheet
from igfleet.ui.models import AuditEntry

_PLACES = {
    "account": "accounts", "media": "media", "post": "posts", "proxy": "proxies", "task": "tasks", "user": "users",
}  # fmt: skip
_COLUMNS = ("id", "at", "actor", "action", "subject", "facts")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of the audit. Empty fields filter nothing; a subject of one word stands for all of that sort."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None
    """The last day, included; days of UTC."""

    @property
    def is_any(self) -> bool:
        return not (self.actor or self.action or self.subject or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an edit."""

    field: str
    before: Any
    after: Any


def filtered(wanted: Wanted) -> Select[AuditEntry]:
    """The entries that fit."""
    query, row = select(AuditEntry), AuditEntry
    if wanted.actor:
        query = query.where(row.actor.in_([wanted.actor, f"user:{wanted.actor}", f"worker:{wanted.actor}"]))
    if wanted.action:
        query = query.where(row.action == wanted.action)
    if wanted.subject:
        is_whole = ":" in wanted.subject
        fits = row.subject == wanted.subject if is_whole else row.subject.startswith(wanted.subject, autoescape=True)
        query = query.where(fits)
    if wanted.since is not None:
        query = query.where(row.at >= datetime.combine(wanted.since, time(), UTC))
    if wanted.until is not None:
        query = query.where(row.at < datetime.combine(wanted.until, time(), UTC) + timedelta(days=1))
    return query


async def actions(session: AsyncSession) -> list[str]:
    """Every action that there is an entry of; each is found by one jump in the index."""
    found: list[str] = []
    first = select(AuditEntry.action).order_by(AuditEntry.action).limit(1)
    word = await session.scalar(first)
    while word is not None:
        found.append(word)
        word = await session.scalar(first.where(AuditEntry.action > word))
    return found


async def sheet(session: AsyncSession, wanted: Wanted, most: int) -> Sheet:
    """The same as a table for a file, the newest first."""
    rows = await session.scalars(filtered(wanted).order_by(AuditEntry.id.desc()).limit(most))
    return Sheet(_COLUMNS, [[getattr(row, column) for column in _COLUMNS] for row in rows])


def changes_of(entry: AuditEntry) -> list[Change]:
    """What an edit changed, by field: told as `before` and `after`, or as `changed` pairs."""
    before, after, pairs = (_fields(entry.facts.get(name)) for name in ("before", "after", "changed"))
    found = [Change(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]
    return found + [Change(name, pair[0], pair[1]) for name, pair in pairs.items() if isinstance(pair, list)]


def facts_of(entry: AuditEntry) -> dict[str, Any]:
    """What else it tells."""
    return {name: value for name, value in entry.facts.items() if name not in ("before", "after", "changed")}


def place_of(entry: AuditEntry) -> str:
    """The page of its subject; empty when there is none."""
    sort, _, key = entry.subject.partition(":")
    return f"/{_PLACES[sort]}/{key}" if sort in _PLACES and key.isdecimal() else ""


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
