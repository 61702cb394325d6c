"""Whom a run has met: what it found out of targets, for all accounts, and how its own account stands to them."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from igfleet.reasons import ReasonCode
from igfleet.runners.following import Standing
from igfleet.ui.raw import Raw

_TROUBLES = {Standing.NOT_FOUND: ReasonCode.USER_NOT_FOUND, Standing.REFUSED: ReasonCode.TARGET_REFUSED}
_LEARN = """
UPDATE targets SET user_id = coalesce($2, user_id), is_private = coalesce($3, is_private), trouble = $4,
  looked_up_at = now()
WHERE username = $1 AND (user_id, is_private, trouble) IS DISTINCT FROM
  (coalesce($2, user_id), coalesce($3, is_private), $4)
"""
_STAND = """
INSERT INTO follows (account_id, user_id, username, standing) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, user_id) DO UPDATE SET standing = excluded.standing, at = now()
WHERE follows.standing <> excluded.standing AND excluded.standing <> 'already'
"""


async def learn(raw: Raw, username: str, user_id: str | None, is_private: Any, trouble: str) -> None:
    """Keep what is known of somebody, on every list that has them."""
    await raw.execute(_LEARN, username, user_id, is_private, trouble)


async def keep_met(raw: Raw, row: Any, checkpoints: Mapping[str, JsonValue]) -> None:
    """Take over what a run remembered of people, however it ended: a killed one too has followed them."""
    met = checkpoints.get("met")
    people = {name: one for name, one in met.items() if isinstance(one, Mapping)} if isinstance(met, Mapping) else {}
    for username in sorted(people):  # in one order, so that two runs cannot wait for each other in a ring
        facts = people[username]
        standing = Standing(str(facts["standing"])) if facts.get("standing") else None
        user_id = str(facts["user_id"]) if facts.get("user_id") else None
        is_private = True if standing is Standing.REQUESTED else facts.get("is_private")
        trouble = _TROUBLES.get(standing, "") if standing else ""
        await learn(raw, username, user_id, is_private, str(trouble))
        if standing and standing is not Standing.NOT_FOUND and user_id:
            await raw.execute(_STAND, row["account_id"], user_id, username, standing.value)
