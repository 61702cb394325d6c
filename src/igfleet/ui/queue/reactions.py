"""What a run's ending means for the account and its proxy."""

from dataclasses import dataclass
from datetime import timedelta

from igfleet.contracts.states import AccountStatus
from igfleet.reasons import ReasonCode
from igfleet.ui.raw import Raw

_R, _S = ReasonCode, AccountStatus
STATUS: dict[ReasonCode, AccountStatus] = {
    _R.CHALLENGE_REQUIRED: _S.HUMAN_VERIFICATION_REQUIRED,
    _R.CODE_REQUIRED: _S.HUMAN_VERIFICATION_REQUIRED,
    _R.CHECKPOINT_REQUIRED: _S.HUMAN_VERIFICATION_REQUIRED,
    _R.CONSENT_REQUIRED: _S.HUMAN_VERIFICATION_REQUIRED,
    _R.TWO_FACTOR_REQUIRED: _S.HUMAN_VERIFICATION_REQUIRED,
    _R.BAD_PASSWORD: _S.INACTIVE,
    _R.CREDENTIALS_MISSING: _S.INACTIVE,
    _R.ACCOUNT_SUSPENDED: _S.SUSPENDED,
    _R.ACCOUNT_DISABLED: _S.SUSPENDED,
}
"""Reasons that stop an account until a person looks. Network and proxy faults are not among them, ever."""


@dataclass(frozen=True, slots=True)
class Rest:
    """How long an account rests: doubled with each repeat since the last success."""

    first: timedelta
    most: timedelta

    def after(self, repeats: int) -> timedelta:
        factor: int = 2 ** min(repeats, 10)
        return min(self.first * factor, self.most)


RESTS: dict[ReasonCode, Rest] = {
    _R.RATE_LIMITED: Rest(timedelta(minutes=15), timedelta(hours=6)),
    _R.ACTION_BLOCKED: Rest(timedelta(hours=12), timedelta(hours=24)),
}
OTHERS = Rest(timedelta(hours=1), timedelta(hours=2))
"""How long an account does nothing at all when Instagram has blocked one action of it that is known (`queue.rests`)."""
PROXY_FAULTS = {_R.PROXY_UNREACHABLE, _R.PROXY_AUTH_FAILED, _R.PROXY_BLOCKED, _R.PROXY_INTERCEPTS}

_STOP = """
UPDATE accounts SET status = $2, status_reason = $3, status_since = now(),
  last_failure_at = now(), last_failure_reason = $3 WHERE id = $1
"""
_REST = """
UPDATE accounts SET status = CASE WHEN status = 'active' THEN 'limited' ELSE status END,
  status_reason = $3, status_since = now(), slowdowns = slowdowns + 1,
  last_failure_at = now(), last_failure_reason = $3,
  cooldown_until = now() + $2 * interval '1 second' WHERE id = $1
"""
_FAILED = "UPDATE accounts SET last_failure_at = now(), last_failure_reason = $2 WHERE id = $1"
_SUCCEEDED = """
UPDATE accounts SET last_success_at = now(), slowdowns = 0, cooldown_until = NULL,
  status_reason = CASE WHEN status = 'limited' THEN '' ELSE status_reason END,
  status = CASE WHEN status = 'limited' THEN 'active' ELSE status END WHERE id = $1
"""
_PROXY_FAILING = """
UPDATE proxies SET state = 'failing', trouble = $2, checked_at = now()
WHERE id = (SELECT proxy_id FROM accounts WHERE id = $1) AND state <> 'disabled'
"""
_PROXY_WORKS = """
UPDATE proxies SET state = 'ok', trouble = '', checked_at = now()
WHERE id = (SELECT proxy_id FROM accounts WHERE id = $1) AND state IN ('unchecked', 'failing')
"""


async def succeeded(raw: Raw, account_id: int) -> None:
    await raw.execute(_SUCCEEDED, account_id)
    await raw.execute(_PROXY_WORKS, account_id)


async def failed(raw: Raw, account_id: int, reason: ReasonCode, message: str, asked: timedelta | None) -> timedelta:
    """React to a failed run. Returns how long the account rests."""
    if reason in PROXY_FAULTS:
        await raw.execute(_PROXY_FAILING, account_id, message[:500])
    if reason in STATUS:
        await raw.execute(_STOP, account_id, STATUS[reason].value, reason.value)
        return timedelta()
    if reason in RESTS:
        repeats = await raw.fetchval("SELECT slowdowns FROM accounts WHERE id = $1", account_id)
        rest = max(RESTS[reason].after(repeats), asked or timedelta())
        await raw.execute(_REST, account_id, rest.total_seconds(), reason.value)
        return rest
    await raw.execute(_FAILED, account_id, reason.value)
    return timedelta()


async def blocked(raw: Raw, account_id: int) -> timedelta:
    """React to the block of an action that rests by itself: the account's other actions rest for less long."""
    repeats = await raw.fetchval("SELECT slowdowns FROM accounts WHERE id = $1", account_id)
    rest = OTHERS.after(repeats)
    await raw.execute(_REST, account_id, rest.total_seconds(), ReasonCode.ACTION_BLOCKED.value)
    return rest
