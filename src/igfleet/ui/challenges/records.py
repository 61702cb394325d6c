"""What runs do to challenges: meet one, wait for its answer, tell what Instagram made of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from igfleet.contracts.challenges import ChallengeKind, ChallengeVerdict, NewChallenge
from igfleet.contracts.states import AccountStatus, ChallengeState
from igfleet.errors import Conflict, LeaseLost, NotFound
from igfleet.reasons import ReasonCode
from igfleet.ui.queue.reports import held_alone
from igfleet.ui.raw import Raw
from igfleet.ui.vault import FORGET

_K, _R, _S = ChallengeKind, ReasonCode, ChallengeState
_MOST_REFUSALS = 3
LIFETIMES: dict[ChallengeKind, timedelta] = {
    _K.EMAIL_CODE: timedelta(minutes=30),
    _K.SMS_CODE: timedelta(minutes=30),
    _K.TOTP_CODE: timedelta(minutes=30),
}
"""How long an answer is of use. Instagram does not say; these are ours, on the safe side."""
KIND_OF: dict[ReasonCode, ChallengeKind] = {
    _R.CODE_REQUIRED: _K.EMAIL_CODE,
    _R.TWO_FACTOR_REQUIRED: _K.TOTP_CODE,
    _R.CHALLENGE_REQUIRED: _K.APP_APPROVAL,
    _R.CHECKPOINT_REQUIRED: _K.CHECKPOINT,
    _R.CONSENT_REQUIRED: _K.CONSENT,
}
"""What a person is asked for when a run ends with this reason and has met no challenge with a code."""

LIVE_OF = "SELECT * FROM challenges WHERE account_id = $1 AND state IN ('open', 'answered')"
_ADD = """
INSERT INTO challenges (account_id, account_task_id, lease_id, method, kind, destination, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second') RETURNING id
"""
_PAUSE = """
UPDATE accounts SET status = $2, status_reason = $3, status_since = now() WHERE id = $1 AND status <> 'suspended'
"""
_FREE = """
UPDATE accounts SET status = 'active', status_reason = '', status_since = now()
WHERE id = $1 AND status IN ('phone_verification_required', 'human_verification_required')
"""
_MOVE = """
UPDATE challenges SET state = $2, refusals = refusals + $3, answered_by = coalesce($4, answered_by),
  answered_at = CASE WHEN $2 = 'open' THEN NULL ELSE answered_at END, closed_at = CASE WHEN $5 THEN now() END
WHERE id = $1
"""
_ADOPT = "UPDATE challenges SET lease_id = $2, account_task_id = $3 WHERE id = $1"
_LEASED = "SELECT account_id FROM account_tasks WHERE lease_id = $1 AND state = 'running' AND lease_expires_at > now()"
_OF_ACCOUNT = "SELECT * FROM challenges WHERE account_id = $1 AND id = $2"
_IS_SKIPPED = "SELECT t.options->>'on_challenge' = 'skip' FROM tasks t WHERE t.id = $1"


@dataclass(frozen=True, slots=True)
class Opened:
    """A challenge, and whether anybody will be asked."""

    id: int
    may_wait: bool


async def meet(raw: Raw, lease_id: UUID, new: NewChallenge) -> Opened:
    """A run has met one: the account stops for all kinds. The same call again gives the same one.

    One that was live before is overtaken. Raises `LeaseLost`, `Conflict` for an account task without an account.
    """
    row = await held_alone(raw, lease_id)
    if row["account_id"] is None:
        raise Conflict("This account task is about no account.")
    may_wait = not await raw.fetchval(_IS_SKIPPED, row["task_id"])
    live = await raw.fetchrow(LIVE_OF, row["account_id"])
    if live is not None and live["lease_id"] == lease_id and live["kind"] == new.kind:
        return Opened(live["id"], may_wait)
    if live is not None:
        await close(raw, live, overtaken(live))
    made = await add(raw, row, lease_id, new.kind, new.destination)
    reason = _R.TWO_FACTOR_REQUIRED if new.kind is _K.TOTP_CODE else _R.CODE_REQUIRED
    await pause(raw, row["account_id"], new.kind, reason)
    return Opened(made, may_wait)


async def add(raw: Raw, row: Any, lease_id: UUID, kind: ChallengeKind, destination: str = "") -> int:
    """A new one for the account task's account; none may be live."""
    lifetime = LIFETIMES.get(kind)
    seconds = lifetime.total_seconds() if lifetime else None
    values = row["account_id"], row["id"], lease_id, row["method"], kind.value, destination, seconds
    made: int = await raw.fetchval(_ADD, *values)
    return made


async def pause(raw: Raw, account_id: int, kind: ChallengeKind, reason: ReasonCode) -> None:
    """Nothing of the account runs until its challenge is settled."""
    sms = kind is _K.SMS_CODE
    status = AccountStatus.PHONE_VERIFICATION_REQUIRED if sms else AccountStatus.HUMAN_VERIFICATION_REQUIRED
    await raw.execute(_PAUSE, account_id, status.value, reason.value)


async def of_lease(raw: Raw, lease_id: UUID, challenge_id: int) -> Any:
    """A challenge of the leased account. Raises `LeaseLost`, `NotFound`."""
    row = await raw.fetchrow(_LEASED, lease_id)
    if row is None:
        raise LeaseLost("This lease is over. Drop the run.")
    found = await raw.fetchrow(_OF_ACCOUNT, row["account_id"], challenge_id)
    if found is None:
        raise NotFound(f"There is no challenge {challenge_id} of this lease's account.")
    return found


async def judge(raw: Raw, lease_id: UUID, challenge_id: int, verdict: ChallengeVerdict) -> ChallengeState:
    """What Instagram made of the answer. A right one frees the account; after a wrong one another may be entered."""
    row = await held_alone(raw, lease_id)
    found = await of_lease(raw, lease_id, challenge_id)
    state = _S(found["state"])
    if not state.is_live:
        return state
    if verdict.is_right:
        by = "mailbox" if verdict.is_from_mailbox else None
        await close(raw, found, _S.VERIFIED, by=by)
        await raw.execute(_FREE, row["account_id"])
        return _S.VERIFIED
    if found["refusals"] + 1 >= _MOST_REFUSALS:
        await close(raw, found, _S.REFUSED, refusals=1)
        return _S.REFUSED
    if state is _S.ANSWERED or verdict.is_from_mailbox:  # else it is a repeated call
        await raw.execute(_MOVE, challenge_id, _S.OPEN.value, 1, None, False)
        await raw.execute(_ADOPT, challenge_id, lease_id, row["id"])
    return _S.OPEN


async def close(raw: Raw, found: Any, state: ChallengeState, *, refusals: int = 0, by: str | None = None) -> None:
    """It is over: what was sealed for it is forgotten."""
    await raw.execute(_MOVE, found["id"], state.value, refusals, by, True)
    for statement in FORGET:
        await raw.execute(statement, "challenge", [found["id"]])


def overtaken(found: Any) -> ChallengeState:
    """What a live one becomes when another takes its place."""
    return _S.REFUSED if found["state"] == _S.ANSWERED else _S.EXPIRED
