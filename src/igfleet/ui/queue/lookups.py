"""Looking people up: one run asks Instagram for a name, the others hear what it was told."""

from uuid import UUID

from igfleet.contracts.lookups import LookedUp, LookUp, LookUpState
from igfleet.reasons import ReasonCode
from igfleet.ui.queue.met import learn
from igfleet.ui.queue.reports import held
from igfleet.ui.raw import Raw

_CLAIM = """
INSERT INTO target_lookups (username, lease_id) VALUES ($1, $2)
ON CONFLICT (username) DO UPDATE SET lease_id = excluded.lease_id, at = now()
WHERE target_lookups.lease_id = excluded.lease_id OR NOT EXISTS (
  SELECT FROM account_tasks a
  WHERE a.lease_id = target_lookups.lease_id AND a.state = 'running' AND a.lease_expires_at > now())
RETURNING username
"""
_KNOWN = """
SELECT user_id, is_private FROM targets
WHERE username = $1 AND (user_id IS NOT NULL OR trouble = $2) ORDER BY user_id LIMIT 1
"""
_DONE = "DELETE FROM target_lookups WHERE username = $1 AND lease_id = $2"


async def wish(raw: Raw, lease_id: UUID, username: str) -> LookUp:
    """Whether somebody is known, is being looked up, or is now the asking run's to look up. Raises `LeaseLost`.

    The claim comes first: whoever was asking until now has told what it heard before its claim went.
    """
    await held(raw, lease_id)
    is_claimed = await raw.fetchval(_CLAIM, username, lease_id) is not None
    known = await raw.fetchrow(_KNOWN, username, ReasonCode.USER_NOT_FOUND.value)
    if known is not None:
        await raw.execute(_DONE, username, lease_id)
        return LookUp(state=LookUpState.KNOWN, user_id=known["user_id"], is_private=known["is_private"])
    return LookUp(state=LookUpState.YOURS if is_claimed else LookUpState.TAKEN)


async def told(raw: Raw, lease_id: UUID, found: LookedUp) -> None:
    """Keep what a run heard, for all, and end its claim. Raises `LeaseLost`."""
    await held(raw, lease_id)
    if found.user_id is not None or found.is_missing:
        trouble = ReasonCode.USER_NOT_FOUND.value if found.is_missing else ""
        await learn(raw, found.username, found.user_id, found.is_private, trouble)
    await raw.execute(_DONE, found.username, lease_id)
