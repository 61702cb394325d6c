"""What the end of a run means for the challenge of its account."""

from typing import Any

from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.states import AccountTaskState, ChallengeState
from igfleet.reasons import ReasonCode
from igfleet.ui.challenges import records
from igfleet.ui.queue.reactions import STATUS
from igfleet.ui.raw import Raw

_WAITS_FOR_CODE = {ReasonCode.CODE_REQUIRED, ReasonCode.TWO_FACTOR_REQUIRED}
_LAST_KIND = "SELECT kind FROM challenges WHERE lease_id = $1 ORDER BY id DESC LIMIT 1"


async def ended(raw: Raw, row: Any, state: AccountTaskState, reason: ReasonCode | None) -> bool:
    """Open a challenge for what stopped the account, or close the one that did not hold.

    True when the run's own challenge was answered while the run ended: the next attempt may go on at once.
    """
    live = await raw.fetchrow(records.LIVE_OF, row["account_id"])
    is_own = live is not None and live["lease_id"] == row["lease_id"]
    if is_own and state in (AccountTaskState.DISCARDED, AccountTaskState.CANCELLED):
        await records.close(raw, live, ChallengeState.SKIPPED)
        return False
    if reason not in STATUS:
        return False
    if is_own and reason in _WAITS_FOR_CODE:
        await records.pause(raw, row["account_id"], ChallengeKind(live["kind"]), reason)
        return state is AccountTaskState.SUSPENDED and live["state"] == ChallengeState.ANSWERED
    if live is not None:
        await records.close(raw, live, records.overtaken(live))
    if reason in records.KIND_OF and state is AccountTaskState.SUSPENDED:
        kind = await _kind(raw, row, reason)
        await records.add(raw, row, row["lease_id"], kind)
        await records.pause(raw, row["account_id"], kind, reason)
    return False


async def _kind(raw: Raw, row: Any, reason: ReasonCode) -> ChallengeKind:
    """What a person is asked for: the same as before, when the run's codes were all refused."""
    last = await raw.fetchval(_LAST_KIND, row["lease_id"]) if reason in _WAITS_FOR_CODE else None
    return ChallengeKind(last) if last else records.KIND_OF[reason]
