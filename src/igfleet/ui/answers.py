"""Each request once: the first answer is kept, and given again to whoever repeats the request with the same key."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from igfleet.errors import KeyReused, SecretUnreadable, UnderWay
from igfleet.ui.db import Database
from igfleet.ui.models.audit import AuditEntry
from igfleet.ui.sealing.ring import Ring
from igfleet.ui.vault import Vault

KEPT_HOURS = 48
_DEAD_AFTER = timedelta(minutes=2)
"""No request takes so long: its process died in it, and a repeat may do what is left of it."""
_OWNER = "answer"

_BEGIN = """
INSERT INTO kept_answers AS k (mark, asked) VALUES ($1, $2)
ON CONFLICT (mark) DO UPDATE SET asked = excluded.asked, began_at = now(), status = NULL, sealed = NULL
WHERE k.began_at < now() - $3 * interval '1 hour'
  OR (k.status IS NULL AND k.asked = excluded.asked AND k.began_at < now() - $4::interval)
RETURNING id, began_at
"""
_KNOWN = "SELECT id, asked, status, media_type, sealed FROM kept_answers WHERE mark = $1"
_KEEP = "UPDATE kept_answers SET status = $3, media_type = $4, sealed = $5 WHERE id = $1 AND began_at = $2"
_FORGET = "DELETE FROM kept_answers WHERE id = $1 AND began_at = $2"
_SEALED = """
SELECT id, sealed FROM kept_answers WHERE sealed IS NOT NULL AND id > $1 ORDER BY id LIMIT $2 FOR UPDATE
"""
_REWRAP = "UPDATE kept_answers SET sealed = $2 WHERE id = $1"
_AT_ONCE = 100
SWEEP = f"DELETE FROM kept_answers WHERE began_at < now() - interval '{KEPT_HOURS} hours'"


@dataclass(frozen=True, slots=True)
class Turn:
    """The leave to do a request, of the process that came first."""

    id: int
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    media_type: str
    body: bytes


class Answers:
    """Kept in the database: several ui processes know the same ones."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    async def begin(self, mark: bytes, asked: bytes, actor: str) -> Turn | Answer:
        """The turn to do the request, or its first answer.

        Raises `KeyReused` for another request under the same key, `UnderWay` while the first is not answered.
        """
        async with self._database.transaction() as raw:
            begun = await raw.fetchrow(_BEGIN, mark, asked, KEPT_HOURS, _DEAD_AFTER)
            if begun is not None:
                return Turn(begun["id"], begun["began_at"])
            known = await raw.fetchrow(_KNOWN, mark)
        if known is None:  # forgotten between the two statements: the other process got no answer to keep
            raise UnderWay("The same request was under way until now. Send it again.")
        return await self._again(known, asked, actor)

    async def keep(self, turn: Turn, answer: Answer) -> None:
        """From now on this is the answer, unless the turn was taken over meanwhile."""
        sealed = self._vault.seal_bytes(answer.body, _OWNER, turn.id)
        async with self._database.transaction() as raw:
            await raw.execute(_KEEP, turn.id, turn.began_at, answer.status, answer.media_type, sealed)

    async def forget(self, turn: Turn) -> None:
        """There is no answer that a repeat should get: it is a new request."""
        async with self._database.transaction() as raw:
            await raw.execute(_FORGET, turn.id, turn.began_at)

    async def _again(self, known: Any, asked: bytes, actor: str) -> Answer:
        if known["asked"] != asked:
            raise KeyReused("This Idempotency-Key came with another body before. Use a new key for a new request.")
        if known["status"] is None:
            raise UnderWay("The same request is under way. Send it again in a moment to get its answer.")
        body = self._vault.open_bytes(known["sealed"], _OWNER, known["id"])
        async with self._database.sessions.begin() as session:
            session.add(AuditEntry(actor=actor, action="answer_repeated", subject=f"{_OWNER}:{known['id']}"))
        return Answer(known["status"], known["media_type"], body)


async def rewrap(database: Database, ring: Ring) -> int:
    """Seal with the present master key what an earlier one sealed; how many. One that no key opens is left."""
    made, after, is_full = 0, 0, True
    while is_full:
        async with database.transaction() as raw:
            rows = await raw.fetch(_SEALED, after, _AT_ONCE)
            fresh = [(row["id"], sealed) for row in rows if (sealed := _sealed_anew(ring, row["id"], row["sealed"]))]
            await raw.executemany(_REWRAP, fresh)
        made, is_full = made + len(fresh), len(rows) == _AT_ONCE
        after = rows[-1]["id"] if rows else after
    return made


def _sealed_anew(ring: Ring, answer_id: int, sealed: bytes) -> bytes | None:
    """None where nothing is to be done, or nothing can be."""
    present = ring.present()
    try:
        present.unwrap(sealed, _OWNER, answer_id)
    except SecretUnreadable:
        with suppress(SecretUnreadable):
            return present.wrap(ring.open(sealed, _OWNER, answer_id), _OWNER, answer_id)
    return None
