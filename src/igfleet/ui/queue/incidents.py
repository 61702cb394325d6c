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
