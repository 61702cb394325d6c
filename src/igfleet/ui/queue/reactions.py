"""What a run's ending means for the account and its proxy."""

from dataclasses import dataclass
from datetime import timedelta

from igfleet.contracts.states import AccountStatus
from igfleet.reasons import ReasonCode
from igfleet.ui.queue import incidents
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
    _R.RATE_LIMITED_AGAIN: _S.INACTIVE,
    _R.ACTION_BLOCKED_AGAIN: _S.INACTIVE,
    _R.SESSION_OVER_AGAIN: _S.INACTIVE,
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
DEAD = {_R.ACCOUNT_SUSPENDED, _R.ACCOUNT_DISABLED}
"""Nothing of the account can succeed any more: what it still has to do is cancelled."""
_COUNTED = {_R.RATE_LIMITED, _R.ACTION_BLOCKED, _R.SESSION_OVER, _R.CLIENT_OUTDATED}
OTHERS = Rest(timedelta(hours=1), timedelta(hours=2))
"""How long an account does nothing at all when Instagram has blocked one action of it that is known (`queue.rests`)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a run failed."""

    reason: ReasonCode
    message: str
    asked: timedelta | None = None
    """The wait that Instagram named."""
    is_of_known_action: bool = False
    """The one action that was blocked rests by itself (`queue.rests`): the account's others rest for less long."""
    asks_person: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows for the run's account task."""

    rest: timedelta = timedelta()
    """How long the account rests."""
    instead: ReasonCode | None = None
    """It has happened too often: a person is needed, for this reason."""


PROXY_FAULTS = {_R.PROXY_UNREACHABLE, _R.PROXY_AUTH_FAILED, _R.PROXY_BLOCKED, _R.PROXY_INTERCEPTS}

_NOTED = """
WITH noted AS (
  INSERT INTO audit (actor, action, subject, facts)
  SELECT 'system', 'account_status', 'account:' || id,
    jsonb_build_object('was', status, 'became', {became}, 'reason', {reason})
  FROM accounts WHERE id = $1 AND {when}
)
"""
"""A change of status is written down for the account's time line."""
_STOP = (
    _NOTED.format(became="$2::text", reason="$3::text", when="status <> $2")
    + """
UPDATE accounts SET status = $2, status_reason = $3, status_since = now(),
  last_failure_at = now(), last_failure_reason = $3 WHERE id = $1
"""
)
_REST = (
    _NOTED.format(became="'limited'", reason="$3::text", when="status = 'active'")
    + """
UPDATE accounts SET status = CASE WHEN status = 'active' THEN 'limited' ELSE status END,
  status_reason = $3, status_since = now(), slowdowns = slowdowns + 1,
  last_failure_at = now(), last_failure_reason = $3,
  cooldown_until = now() + $2 * interval '1 second' WHERE id = $1
"""
)
_FAILED = "UPDATE accounts SET last_failure_at = now(), last_failure_reason = $2 WHERE id = $1"
_SUCCEEDED = (
    _NOTED.format(became="'active'", reason="NULL", when="status = 'limited'")
    + """
UPDATE accounts SET last_success_at = now(), slowdowns = 0, cooldown_until = NULL,
  status_reason = CASE WHEN status = 'limited' THEN '' ELSE status_reason END,
  status = CASE WHEN status = 'limited' THEN 'active' ELSE status END WHERE id = $1
"""
)
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


async def failed(raw: Raw, account_id: int, failure: Failure) -> Reaction:
    """React to a failed run."""
    reason = failure.reason
    if reason in PROXY_FAULTS:
        await raw.execute(_PROXY_FAILING, account_id, failure.message[:500])
    instead = await incidents.note(raw, account_id, reason) if reason in _COUNTED else None
    reason = instead or reason
    if reason in STATUS:
        await _stop(raw, account_id, STATUS[reason], reason)
        return Reaction(instead=instead)
    if reason is ReasonCode.UNEXPECTED_ERROR and failure.asks_person:
        await _stop(raw, account_id, AccountStatus.INACTIVE, reason)
        return Reaction()
    if reason in RESTS:
        if failure.is_of_known_action:
            return Reaction(await _rest(raw, account_id, OTHERS, reason, None))
        return Reaction(await _rest(raw, account_id, RESTS[reason], reason, failure.asked))
    await raw.execute(_FAILED, account_id, reason.value)
    return Reaction()


async def blocked_on_the_way(raw: Raw, account_id: int) -> None:
    """An action was blocked in a run that did the rest of its share: only too many such blocks stop the account."""
    instead = await incidents.note(raw, account_id, ReasonCode.ACTION_BLOCKED)
    if instead is not None:
        await _stop(raw, account_id, STATUS[instead], instead)


async def _stop(raw: Raw, account_id: int, status: AccountStatus, reason: ReasonCode) -> None:
    await raw.execute(_STOP, account_id, status.value, reason.value)


async def _rest(raw: Raw, account_id: int, rest: Rest, reason: ReasonCode, asked: timedelta | None) -> timedelta:
    repeats = await raw.fetchval("SELECT slowdowns FROM accounts WHERE id = $1", account_id)
    length = max(rest.after(repeats), asked or timedelta())
    await raw.execute(_REST, account_id, length.total_seconds(), reason.value)
    return length
