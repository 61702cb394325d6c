"""Finishing: how a run ended, and what the account task becomes by it."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from igfleet import backoff
from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.contracts.states import AccountTaskState
from igfleet.errors import LeaseLost
from igfleet.log import redactor
from igfleet.reasons import ReasonCode
from igfleet.runners.verify import Verify
from igfleet.ui import ledger
from igfleet.ui.challenges import endings
from igfleet.ui.queue import attempts, budgets, effects, reactions
from igfleet.ui.queue.burial import bury
from igfleet.ui.queue.promote import LOCK_ACCOUNTS, promote_raw
from igfleet.ui.raw import Raw
from igfleet.ui.verification.keeping import keep_look

_S = AccountTaskState
_QUARANTINE_DEATHS = 3
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=10)
_LATER = timedelta(minutes=15)
_UNSURE = "It is not known if it is live."
_AFTER_A_DEATH = timedelta(seconds=1)

_PEEK = "SELECT account_id FROM account_tasks WHERE lease_id = $1"
_ROW = """
SELECT id, task_id, account_id, kind, method, share, media_ids, proxy_id, state, attempt, lease_id,
  max_attempts, deaths, message, reason_code, checkpoints,
  cancel_requested_at IS NOT NULL AS cancel, lease_expires_at > now() AS is_live, claimed_at,
  (SELECT coalesce((t.options->>'rounds')::boolean, false) FROM tasks t WHERE t.id = task_id) AS by_rounds,
  (SELECT t.paused_at IS NOT NULL FROM tasks t WHERE t.id = task_id) AS paused,
  (SELECT t.dry_run FROM tasks t WHERE t.id = task_id) AS dry_run
FROM account_tasks WHERE lease_id = $1 FOR UPDATE
"""
_END = """
UPDATE account_tasks SET state = $2, head = $3, attempt = $4, deaths = $5,
  available_at = now() + $6::float * interval '1 second',
  reason_code = $7, message = $8, result = result || $9::jsonb, has_failures = $10, step = '', lease_expires_at = NULL,
  changed_at = now(), finished_at = CASE WHEN $11 THEN now() END, counters = counters || $12::jsonb
WHERE id = $1
"""
_POSTS = """
SELECT count(*) AS posts, count(*) FILTER (WHERE state = 'failed') AS failed,
  count(*) FILTER (WHERE state = 'published') AS published,
  count(*) FILTER (WHERE state IN ('planned', 'preparing') AND hold_id IS NULL) AS waiting,
  count(*) FILTER (WHERE state = 'planned' AND hold_id IS NOT NULL) AS held,
  count(*) FILTER (WHERE state IN ('publishing', 'unknown', 'reconciling')) AS unsettled,
  count(*) FILTER (WHERE state = 'needs_person') AS asking,
  count(*) FILTER (WHERE state IN ('published', 'simulated', 'failed') AND changed_at >= $2) AS ended
FROM posts WHERE account_task_id = $1
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of the account task."""

    account_task_id: int
    task_id: int
    state: AccountTaskState


@dataclass
class _Next:
    """The state that follows, and why."""

    state: AccountTaskState
    reason: ReasonCode | None
    message: str
    wait: timedelta = timedelta()
    counts: bool = True
    """Whether the attempt counts."""
    is_held: bool = False
    """The rest waits until a person ends the pause of its day."""


async def finish(raw: Raw, lease_id: UUID, given: LeaseOutcome, *, rescued: bool = False) -> Finished:
    """End a lease. The same call again gives the same answer. Raises `LeaseLost`."""
    account = await raw.fetchval(_PEEK, lease_id)
    if account is not None:
        await raw.execute(LOCK_ACCOUNTS, [account])
    row = await raw.fetchrow(_ROW, lease_id)
    if row is None:
        raise LeaseLost("This lease is over. Drop the run.")
    if row["state"] != _S.RUNNING:
        return Finished(row["id"], row["task_id"], AccountTaskState(row["state"]))
    if not row["is_live"] and not rescued:
        raise LeaseLost("This lease ran out. Drop the run.")
    await ledger.release(raw, row["id"], actor=f"lease:{lease_id}")
    posts = await raw.fetchrow(_POSTS, row["id"], row["claimed_at"])
    then = _adjusted(_next(given, row, posts), row, posts)
    if row["kind"] == Verify.kind and then.state is _S.SUSPENDED and then.reason not in reactions.STATUS:
        then.state = _S.DISCARDED  # nobody has to do anything for a look, unless the account itself is stopped
    if row["kind"] != Verify.kind or given.outcome is not Ending.COMPLETED:
        await _react(raw, row["account_id"], given, then)
    if row["account_id"] is not None and await endings.ended(raw, row, then.state, given.reason_code):
        then.state = _S.AVAILABLE  # it was answered meanwhile: the next attempt goes on
    await _store(raw, row, given, then, posts)
    await ledger.close(raw, row["id"], then.state, then.reason, then.message)
    await budgets.give_back(raw, lease_id, given.unsent)
    await effects.keep(raw, row, given.result)
    await keep_look(raw, row, then.state, then.reason, given.result)
    if row["account_id"] is not None:
        if then.reason in reactions.DEAD:
            await bury(raw, row["account_id"], row["id"], then.reason)
        await promote_raw(raw, [row["account_id"]])
    await attempts.note(raw, row["id"], lease_id, given, then.state)
    return Finished(row["id"], row["task_id"], then.state)


def _next(given: LeaseOutcome, row: Any, posts: Any) -> _Next:
    asked = timedelta(seconds=given.retry_after_s) if given.retry_after_s is not None else None
    reason, message = given.reason_code, redactor.text(given.message)
    match given.outcome:
        case Ending.COMPLETED:
            return _Next(_S.COMPLETED, None, "")
        case Ending.NOT_NOW:
            return _not_now(reason, message, asked)
        case Ending.RELEASED:
            return _Next(_S.AVAILABLE, reason, message, counts=False)
        case Ending.NEEDS_PERSON:
            return _Next(_S.SUSPENDED, reason or ReasonCode.ACCOUNT_STOPPED, message)
        case Ending.GAVE_UP:
            return _Next(_S.DISCARDED, reason or ReasonCode.NOT_SUPPORTED, message)
        case Ending.CANCELLED:
            return _Next(_S.CANCELLED, ReasonCode.CANCELLED, message)
        case Ending.DIED:
            return _after_death(row, message, _deaths(row, given, posts))
        case Ending.RETRY_LATER if reason is ReasonCode.WORKER_LOST:
            return _Next(_S.RETRYABLE, reason, message, timedelta(seconds=1), counts=False)
    if row["attempt"] >= row["max_attempts"]:
        return _Next(_S.DISCARDED, reason or ReasonCode.UNEXPECTED_ERROR, message)
    failures = 1 if posts["ended"] else row["attempt"]
    wait = asked or backoff.delay(failures, first=_FIRST_RETRY, most=_LONGEST_RETRY)
    return _Next(_S.RETRYABLE, reason or ReasonCode.UNEXPECTED_ERROR, message, wait)


def _not_now(reason: ReasonCode | None, message: str, asked: timedelta | None) -> _Next:
    """Too early. What is paused needs no time: it goes on when a person resumes it."""
    if reason is ReasonCode.PAUSED:
        return _Next(_S.AVAILABLE, reason, message, counts=False)
    return _Next(_S.SCHEDULED, reason, message, asked or _LATER, counts=False)


def _after_death(row: Any, message: str, deaths: int) -> _Next:
    """Its own process died: soon again, and after too many deaths never."""
    if deaths >= _QUARANTINE_DEATHS:
        return _Next(_S.DISCARDED, ReasonCode.QUARANTINED, message)
    if row["attempt"] >= row["max_attempts"]:
        return _Next(_S.DISCARDED, ReasonCode.RUNNER_DIED, message)
    return _Next(_S.RETRYABLE, ReasonCode.RUNNER_DIED, message, _AFTER_A_DEATH * deaths)


def _adjusted(then: _Next, row: Any, posts: Any) -> _Next:
    """A doubt keeps an account task alive; a wish to cancel ends what would go on."""
    if then.reason is ReasonCode.POSTS_FAILED and (posts["published"] or posts["waiting"]):
        then = _Next(_S.COMPLETED, None, "")  # none of this run's, but of its share
    if posts["unsettled"] and then.state in (_S.COMPLETED, _S.DISCARDED, _S.CANCELLED):
        return _in_doubt(then, row)
    if posts["asking"] and then.state in (_S.COMPLETED, _S.DISCARDED):
        return _Next(_S.SUSPENDED, ReasonCode.UNSURE_IF_PUBLISHED, then.message or _UNSURE)
    if then.state is _S.COMPLETED and posts["waiting"] and row["by_rounds"] and posts["ended"]:
        then = _Next(_S.AVAILABLE, None, "", counts=False)  # its next round
    elif then.state is _S.COMPLETED and posts["waiting"]:
        return _Next(_S.RETRYABLE, ReasonCode.UNEXPECTED_ERROR, "Some posts were left over", _FIRST_RETRY)
    elif then.state is _S.COMPLETED and posts["held"]:
        then = _Next(_S.SCHEDULED, None, "", counts=False, is_held=True)
    goes_on = (_S.RETRYABLE, _S.SCHEDULED, _S.AVAILABLE, _S.SUSPENDED)
    if row["cancel"] and not posts["unsettled"] and then.state in goes_on:
        return _Next(_S.CANCELLED, ReasonCode.CANCELLED, then.message)
    return then


def _in_doubt(then: _Next, row: Any) -> _Next:
    """Another run reads; where none can, because the account is stopped or the tries are used up, a person looks."""
    if then.reason in reactions.STATUS:
        return _Next(_S.SUSPENDED, then.reason, then.message)
    if row["attempt"] < row["max_attempts"]:
        return _Next(_S.RETRYABLE, ReasonCode.UNSURE_IF_PUBLISHED, then.message, _FIRST_RETRY)
    return _Next(_S.SUSPENDED, ReasonCode.UNSURE_IF_PUBLISHED, then.message or _UNSURE)


async def _react(raw: Raw, account_id: int | None, given: LeaseOutcome, then: _Next) -> None:
    if account_id is None:
        return
    if given.outcome is Ending.NOT_NOW:
        return  # nothing is wrong with the account
    if given.outcome is Ending.COMPLETED:
        await reactions.succeeded(raw, account_id)
        if given.result.get("blocked"):
            await reactions.blocked_on_the_way(raw, account_id)
    elif given.reason_code is not None and given.outcome is not Ending.RELEASED:
        failure = reactions.Failure(
            given.reason_code,
            redactor.text(given.message),
            timedelta(seconds=given.retry_after_s) if given.retry_after_s is not None else None,
            is_of_known_action=bool(given.result.get("blocked")),
            asks_person=given.outcome is Ending.NEEDS_PERSON,
        )
        reaction = await reactions.failed(raw, account_id, failure)
        then.wait = max(then.wait, reaction.rest)
        if reaction.instead is not None and then.state in (_S.RETRYABLE, _S.DISCARDED):
            then.state, then.reason, then.wait = _S.SUSPENDED, reaction.instead, timedelta()


def _deaths(row: Any, given: LeaseOutcome, posts: Any) -> int:
    """Deaths in a row without any post done between: what gets on is no poison."""
    before = 0 if posts["ended"] else row["deaths"]
    return int(before + (given.outcome is Ending.DIED))


async def _store(raw: Raw, row: Any, given: LeaseOutcome, then: _Next, posts: Any) -> None:
    await raw.execute(
        _END,
        row["id"],
        then.state.value,
        then.state is _S.AVAILABLE and not (row["paused"] and row["account_id"] is not None),
        row["attempt"] if then.counts else max(row["attempt"] - 1, 0),
        _deaths(row, given, posts),
        None if then.is_held else then.wait.total_seconds(),
        then.reason.value if then.reason else None,
        then.message,
        json.dumps(given.result),
        posts["failed"] > 0,
        then.state.is_final,
        json.dumps(_counted(posts)),
    )


def _counted(posts: Any) -> dict[str, int]:
    """What the ledger knows of the posts is surer than what a run got to report before it died."""
    if not posts["posts"]:
        return {}
    found = {"success": posts["published"], "failed": posts["failed"]}
    return {name: count for name, count in found.items() if count}
