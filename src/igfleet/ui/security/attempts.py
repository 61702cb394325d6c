"""How often somebody may guess: counted in the database, in one statement, so that processes share it."""

from datetime import timedelta

from sqlalchemy import text

from igfleet.errors import TooManyRequests
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry

WINDOW = timedelta(minutes=5)
PASSWORDS = 10
"""Guesses in five minutes, for one name and from one address."""
CODES = 5
"""Guesses in five minutes of one person's second factor."""
_FROM_AN_ADDRESS, _IN_ALL = 10, 1000

_NOTE = text("""
WITH recent AS (
  SELECT count(*) FILTER (WHERE subject = :subject) AS by_subject,
    count(*) FILTER (WHERE subject = :address) AS by_address, count(*) AS in_all
  FROM sign_in_failures WHERE at > now() - make_interval(secs => :seconds)),
noted AS (
  INSERT INTO sign_in_failures (subject)
  SELECT subject FROM unnest(ARRAY[:subject, :address]) AS subject, recent
  WHERE by_subject < :each AND by_address < :from_address AND in_all < :most RETURNING 1)
SELECT count(*) FROM noted
""")
_LOCK = text("SELECT pg_advisory_xact_lock(7241901)")
_FORGIVE = text("""
DELETE FROM sign_in_failures WHERE subject = :subject
  OR id = (SELECT max(id) FROM sign_in_failures WHERE subject = :address)
""")
"""Of the address only the attempt that was right: who knows one password may not try others for ever."""


async def note(database: Database, subject: str, address: str, each: int = PASSWORDS) -> None:
    """Count an attempt before it is made, in a transaction of its own, so that parallel ones cannot slip through.

    Raises `TooManyRequests`.
    """
    limits = {"seconds": WINDOW.total_seconds(), "each": each, "from_address": _FROM_AN_ADDRESS, "most": _IN_ALL * 2}
    async with database.sessions.begin() as session:
        await session.execute(_LOCK)
        allowed = await session.scalar(_NOTE, {**_subjects(subject, address), **limits})
    if not allowed:
        raise TooManyRequests("Too many attempts. Wait five minutes, then try again.", WINDOW)


async def forgive(database: Database, subject: str, address: str) -> None:
    """The attempt was right: earlier ones of this subject count no more."""
    async with database.sessions.begin() as session:
        await session.execute(_FORGIVE, _subjects(subject, address))


async def audit(database: Database, action: str, user_id: int | None, address: str) -> None:
    """Keep for good that somebody was wrong: of names that nobody has without the name, which may be a password."""
    subject = "user:unknown" if user_id is None else f"user:{user_id}"
    async with database.sessions.begin() as session:
        session.add(AuditEntry(actor="visitor", action=action, subject=subject, facts={"address": address}))


def _subjects(subject: str, address: str) -> dict[str, str]:
    return {"subject": subject[:120], "address": f"address:{address[:100]}"}
