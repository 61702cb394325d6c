"""The chain over the audit: is every entry still what it was when it was written, and is none missing?

The database makes a link when an entry is committed (migration 0017). Here the links are computed again, by other code.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, AuditSeal

_AT_ONCE = 2000
_LISTED = 20
_LINKS = text("""
SELECT s.place, s.audit_id, s.hash, CASE WHEN a.id IS NOT NULL THEN CAST(jsonb_build_array(
  a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US'), a.actor, a.action, a.subject, a.facts
) AS text) END
FROM audit_seals s LEFT JOIN audit a ON a.id = s.audit_id WHERE s.place > :after ORDER BY s.place LIMIT :most
""")
_UNSEALED = select(AuditEntry.id).outerjoin(AuditSeal).where(AuditSeal.place.is_(None)).order_by(AuditEntry.id)


@dataclass(frozen=True, slots=True)
class Head:
    """The last link, to be noted somewhere else: whoever cuts the chain behind it cannot hide that."""

    place: int
    hash: str

    def __str__(self) -> str:
        return f"{self.place}:{self.hash}"


@dataclass(slots=True)
class Verdict:
    """What a look at the whole chain found."""

    entries: int = 0
    head: Head = field(default_factory=lambda: Head(0, ""))
    wrong: list[str] = field(default_factory=list)
    """In words, at most twenty; empty when all is well."""
    found: int = 0
    """How many things are wrong in all."""

    def note(self, what: str) -> None:
        self.found += 1
        if len(self.wrong) < _LISTED:
            self.wrong.append(what)

    @property
    def is_sound(self) -> bool:
        return not self.found


def read_head(text: str) -> Head:
    """A head as it was printed. Raises `Invalid`."""
    place, _, digest = text.strip().partition(":")
    if not (place.isascii() and place.isdecimal() and len(digest) == 64):
        raise Invalid("A head is written as verify prints it: a number, a colon and 64 hexadecimal digits.")
    return Head(int(place), digest.lower())


async def look(database: Database, noted: Head | None = None) -> Verdict:
    """`verify`, of one moment."""
    async with database.sessions() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return await verify(session, noted)


async def verify(session: AsyncSession, noted: Head | None = None) -> Verdict:
    """Look at every entry. `noted` is a head of an earlier look, which must still be part of the chain."""
    verdict, last, seen = Verdict(), b"", None
    async for place, entry, sealed, told in _links(session):
        if place != verdict.entries + 1:
            verdict.note(f"between the places {verdict.entries} and {place} of the chain something is missing")
        if told is None:
            verdict.note(f"entry {entry} is gone")
        elif hashlib.sha256(last + told.encode()).digest() != sealed:
            verdict.note(f"entry {entry} is not what it was, or was put in behind igfleet's back")
        verdict.entries, last = place, sealed
        if noted is not None and place == noted.place:
            seen = sealed.hex()
    for entry in await session.scalars(_UNSEALED.limit(_LISTED)):
        verdict.note(f"entry {entry} has no link in the chain")
    if noted is not None and seen != noted.hash:
        verdict.note(f"the head {noted} that was noted is not part of the chain any more")
    verdict.head = Head(verdict.entries, last.hex())
    return verdict


async def head(session: AsyncSession) -> Head:
    """The present head."""
    last = select(AuditSeal.place, AuditSeal.hash).order_by(AuditSeal.place.desc()).limit(1)
    found = (await session.execute(last)).first()
    return Head(found.place, found.hash.hex()) if found else Head(0, "")


async def _links(session: AsyncSession) -> AsyncIterator[tuple[int, int, bytes, str | None]]:
    after = -(2**62)
    while True:
        rows = (await session.execute(_LINKS, {"after": after, "most": _AT_ONCE})).all()
        for place, entry, sealed, told in rows:
            yield place, entry, sealed, told
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]
