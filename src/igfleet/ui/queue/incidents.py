"""What happens to accounts again and again: counted, and from a number on left to a person."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.ui.raw import Raw

_R = ReasonCode


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within such a time are one too many: a person looks."""

    times: int
    within: timedelta
    then: ReasonCode


LIMITS: dict[ReasonCode, Limit] = {
    _R.RATE_LIMITED: Limit(3, timedelta(hours=24), _R.RATE_LIMITED_AGAIN),
    _R.ACTION_BLOCKED: Limit(3, timedelta(days=3), _R.ACTION_BLOCKED_AGAIN),
}
LOST_AGAIN = timedelta(hours=24)
"""A session that ends twice within it is not signed in a third time."""
OUTDATED_ACCOUNTS, OUTDATED_REST = 3, timedelta(hours=1)
"""When so many accounts are told within it that the client is outdated, nobody signs in for as long."""
THROTTLED_ACCOUNTS, PROXY_REST = 3, timedelta(minutes=15)
"""When so many accounts of one proxy are told within it to slow down, all of them rest for as long."""

_NOTE = "INSERT INTO incidents (account_id, reason) VALUES ($1, $2)"
_COUNT = (
    "SELECT count(*) FROM incidents WHERE account_id = $1 AND reason = $2 AND at > now() - $3 * interval '1 second'"
)
_SESSION = """
SELECT CASE WHEN $2 = 'instagrapi' THEN session_at ELSE web_session_at END AS stored_at,
  (SELECT max(at) FROM incidents WHERE account_id = $1 AND reason = 'session_over'
    AND at > now() - $3 * interval '1 second') AS lost_at
FROM accounts WHERE id = $1
"""
_OUTDATED = """
SELECT count(DISTINCT account_id) FROM incidents
WHERE reason = 'client_outdated' AND at > now() - $1 * interval '1 second'
"""
_COOL = """
WITH hot AS (
  SELECT a.proxy_id FROM incidents i JOIN accounts a ON a.id = i.account_id
  WHERE i.reason = 'rate_limited' AND i.at > now() - $1 * interval '1 second' AND a.proxy_id IS NOT NULL
  GROUP BY a.proxy_id HAVING count(DISTINCT i.account_id) >= $2),
resting AS (
  SELECT id FROM accounts WHERE proxy_id IN (SELECT proxy_id FROM hot)
    AND (cooldown_until IS NULL OR cooldown_until < now()) ORDER BY id FOR UPDATE SKIP LOCKED)
UPDATE accounts SET cooldown_until = now() + $1 * interval '1 second' WHERE id IN (SELECT id FROM resting)
RETURNING id
"""


async def note(raw: Raw, account_id: int, reason: ReasonCode) -> ReasonCode | None:
    """Count it. The reason that takes its place when it has happened too often."""
    await raw.execute(_NOTE, account_id, reason.value)
    limit = LIMITS.get(reason)
    if limit is None:
        return None
    times: int = await raw.fetchval(_COUNT, account_id, reason.value, limit.within.total_seconds())
    return limit.then if times >= limit.times else None


async def refuse_sign_in(raw: Raw, account_id: int, method: str) -> None:
    """Before a sign-in. Raises `PermitRefused`: the session ended again too soon, or the client is outdated.

    One loss may be mended by several tries; it is another loss when a newer session was stored since.
    """
    outdated: int = await raw.fetchval(_OUTDATED, OUTDATED_REST.total_seconds())
    if outdated >= OUTDATED_ACCOUNTS:
        message = f"Instagram told {outdated} accounts that this client is outdated: no more sign-ins for a while."
        raise PermitRefused(message, _R.CLIENT_OUTDATED, OUTDATED_REST)
    session: Any = await raw.fetchrow(_SESSION, account_id, method, LOST_AGAIN.total_seconds())
    if session["stored_at"] is None or (session["lost_at"] and session["lost_at"] > session["stored_at"]):
        return
    if session["lost_at"]:
        message = "The session that was signed in anew has ended again within a day."
        raise PermitRefused(message, _R.SESSION_OVER_AGAIN)
    await raw.execute(_NOTE, account_id, _R.SESSION_OVER.value)


async def cool_proxies(raw: Raw) -> int:
    """Let the accounts of a proxy rest through which several were told to slow down. How many rest now."""
    return len(await raw.fetch(_COOL, PROXY_REST.total_seconds(), THROTTLED_ACCOUNTS))
