"""What a worker of the first contract says about tasks, mapped to leases and endings of the queue."""

import json
import uuid
from collections import Counter
from typing import Any
from uuid import UUID

from igfleet import clock
from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.contracts.states import AccountTaskState, PostState, TaskState
from igfleet.contracts.tasks import LogLine
from igfleet.errors import NotFound
from igfleet.reasons import ReasonCode
from igfleet.settings import UiSettings
from igfleet.ui import ledger
from igfleet.ui.api.seed_words import AccountAdvice, Advice, SeedWord
from igfleet.ui.queue.finish import Finished, finish
from igfleet.ui.queue.promote import LOCK_ACCOUNTS
from igfleet.ui.queue.reports import Source, append_lines
from igfleet.ui.queue.summary import summarise_task
from igfleet.ui.raw import Raw

_S = AccountTaskState
TASK_WORDS: dict[TaskState, str] = {
    TaskState.DRAFT: "PENDING",
    TaskState.QUEUED: "PENDING",
    TaskState.RUNNING: "RUNNING",
    TaskState.COMPLETED: "COMPLETED",
    TaskState.PARTIALLY_COMPLETED: "PARTIALLY_COMPLETED",
    TaskState.FAILED: "FAILED",
    TaskState.CANCELLED: "FAILED",
}
_ACCOUNT_WORDS: dict[AccountTaskState, str] = {
    _S.SCHEDULED: "PENDING",
    _S.AVAILABLE: "PENDING",
    _S.RETRYABLE: "PENDING",
    _S.RUNNING: "RUNNING",
    _S.COMPLETED: "COMPLETED",
    _S.DISCARDED: "FAILED",
    _S.CANCELLED: "FAILED",
    _S.SUSPENDED: "SUSPENDED",
}
_SUSPENDED_WORDS = {
    ReasonCode.CHALLENGE_REQUIRED: "HUMAN_VERIFICATION_REQUIRED",
    ReasonCode.CODE_REQUIRED: "HUMAN_VERIFICATION_REQUIRED",
    ReasonCode.CHECKPOINT_REQUIRED: "HUMAN_VERIFICATION_REQUIRED",
    ReasonCode.CONSENT_REQUIRED: "HUMAN_VERIFICATION_REQUIRED",
    ReasonCode.TWO_FACTOR_REQUIRED: "PHONE_VERIFICATION_REQUIRED",
}
_ENDINGS: dict[SeedWord, tuple[Ending, ReasonCode | None]] = {
    SeedWord.COMPLETED: (Ending.COMPLETED, None),
    SeedWord.PARTIALLY_COMPLETED: (Ending.COMPLETED, None),
    SeedWord.FAILED: (Ending.GAVE_UP, ReasonCode.UNEXPECTED_ERROR),
    SeedWord.PHONE_VERIFICATION_REQUIRED: (Ending.NEEDS_PERSON, ReasonCode.TWO_FACTOR_REQUIRED),
    SeedWord.HUMAN_VERIFICATION_REQUIRED: (Ending.NEEDS_PERSON, ReasonCode.CHALLENGE_REQUIRED),
    SeedWord.SUSPENDED: (Ending.NEEDS_PERSON, ReasonCode.ACCOUNT_SUSPENDED),
}
_SEED_LEASE_S = 2 * 3600
"""A seed worker never renews: its lease is as long as a run may take."""

_TASK = "SELECT state FROM tasks WHERE id = $1 AND kind = $2"
_ACCOUNT = "SELECT account_id FROM account_tasks WHERE id = $1 AND kind = $2"
_ROW = """
SELECT id, task_id, state, lease_id, lease_holder, head, counters, checkpoints, reason_code,
  (SELECT t.dry_run FROM tasks t WHERE t.id = task_id) AS dry_run
FROM account_tasks WHERE id = $1 AND kind = $2 FOR UPDATE
"""
_MAY_RUN = """
SELECT t.mode = $2 AND t.paused_at IS NULL AND NOT EXISTS (SELECT FROM standstills WHERE ended_at IS NULL)
  AND NOT ($3 AND EXISTS (SELECT FROM breakers b WHERE b.ended_at IS NULL AND (b.scope, b.key) IN (
    ('proxy', o.proxy_id::text), ('account', o.id::text), ('kind', a.kind))))
  AND (t.mode = 'sandbox' OR a.method = 'none' OR a.method IN (SELECT method FROM live_methods))
  AND (o.id IS NULL OR (o.status IN ('active', 'limited') AND o.archived_at IS NULL AND o.authorised_by <> ''
    AND (o.authorised_until IS NULL OR o.authorised_until >= current_date)
    AND (o.cooldown_until IS NULL OR o.cooldown_until <= now())))
  AND (t.restored_from IS NULL OR NOT EXISTS (SELECT FROM posts p WHERE p.account_task_id = a.id
    AND p.state IN ('planned', 'unknown')))
FROM account_tasks a JOIN tasks t ON t.id = a.task_id LEFT JOIN accounts o ON o.id = a.account_id WHERE a.id = $1
"""
"""The same rules as for a lease; and what came out of a backup has to be looked for, which these workers cannot."""
_CLAIM = """
UPDATE account_tasks SET state = 'running', attempt = attempt + 1, lease_id = $2, lease_holder = NULL, report_seq = 0,
  lease_expires_at = now() + $3 * interval '1 second', claimed_at = now(), changed_at = now(),
  reason_code = NULL, message = ''
WHERE id = $1
"""
_STARTED = """
UPDATE tasks SET state = 'running', started_at = coalesce(started_at, now()) WHERE id = $1 AND state = 'queued'
"""
_COUNT = "UPDATE account_tasks SET counters = $2::jsonb, checkpoints = $3::jsonb WHERE id = $1"


async def on_task(raw: Raw, kind: str, task_id: int, given: Advice) -> TaskState:
    """Write advice on a task into its log; the answer is its state as it is now. Raises `NotFound`."""
    if await raw.fetchval(_TASK, task_id, kind) is None:
        raise NotFound(f"There is no {kind} task {task_id}.")
    await summarise_task(raw, task_id)  # the account task that ended a moment ago counts
    state = await raw.fetchval(_TASK, task_id, kind)
    said = [given.log, given.log_append, f"A worker says: {given.status.value}" if given.status else None]
    lines = tuple(_line(text) for text in said if text)
    await append_lines(raw, Source(task_id), lines)
    return TaskState(state)


async def on_account_task(
    raw: Raw, kind: str, account_task_id: int, given: AccountAdvice, settings: UiSettings
) -> tuple[Finished, str]:
    """Claim or end an account task as a seed worker says; a finished one stays. Raises `NotFound`.

    These workers know no dry-runs: what is one is neither given to them nor ended by them.
    """
    account_id = await raw.fetchval(_ACCOUNT, account_task_id, kind)
    if account_id is not None:
        await raw.execute(LOCK_ACCOUNTS, [account_id])  # before the account task, as everywhere
    row = await _row(raw, kind, account_task_id)
    if given.log_append:
        await append_lines(raw, Source(row["task_id"], row["id"]), (_line(given.log_append),))
    state = AccountTaskState(row["state"])
    may_claim = given.status is SeedWord.RUNNING and state is _S.AVAILABLE and row["head"] and not row["dry_run"]
    may_end = given.status in _ENDINGS and state in (_S.AVAILABLE, _S.RUNNING) and not row["dry_run"]
    if may_claim and await raw.fetchval(_MAY_RUN, account_task_id, settings.mode, settings.breakers):
        await _claim(raw, row, settings)
        state = _S.RUNNING
    elif given.status is not None and may_end and (row["head"] or state is _S.RUNNING):
        state = await _end(raw, row, given.status, settings)
    reason = await raw.fetchval("SELECT reason_code FROM account_tasks WHERE id = $1", account_task_id)
    return Finished(row["id"], row["task_id"], state), word_of(state, reason)


async def count(
    raw: Raw, kind: str, account_task_id: int, key: str | None, amounts: dict[str, int]
) -> tuple[int, dict[str, int]]:
    """Add amounts once per key. Returns the task and the counters after it. Raises `NotFound`."""
    row = await _row(raw, kind, account_task_id)
    counters, checkpoints = dict(row["counters"]), dict(row["checkpoints"])
    seen = checkpoints.setdefault("_counted", [])
    if key is not None and key in seen:
        return row["task_id"], counters
    if key is not None:
        checkpoints["_counted"] = [*seen[-199:], key]
    counters = dict(Counter(counters) + Counter(amounts))
    await raw.execute(_COUNT, row["id"], json.dumps(counters), json.dumps(checkpoints))
    return row["task_id"], counters


def word_of(state: AccountTaskState, reason: str | None) -> str:
    """The first contract's word; for a suspended one that of the reason."""
    if state is _S.SUSPENDED and reason is not None:
        return _SUSPENDED_WORDS.get(ReasonCode(reason), "SUSPENDED")
    return _ACCOUNT_WORDS[state]


async def _row(raw: Raw, kind: str, account_task_id: int) -> Any:
    row = await raw.fetchrow(_ROW, account_task_id, kind)
    if row is None:
        raise NotFound(f"There is no {kind} account task {account_task_id}.")
    return row


async def _claim(raw: Raw, row: Any, settings: UiSettings) -> UUID:
    lease = uuid.uuid4()
    await raw.execute(_CLAIM, row["id"], lease, max(_SEED_LEASE_S, settings.lease_length.total_seconds()))
    await raw.execute(_STARTED, row["task_id"])
    return lease


async def _end(raw: Raw, row: Any, word: SeedWord, settings: UiSettings) -> AccountTaskState:
    """A seed worker knows no posts: its word settles those that igfleet never saw leave."""
    lease = row["lease_id"] if row["state"] == _S.RUNNING else await _claim(raw, row, settings)
    ending, reason = _ENDINGS[word]
    if ending is Ending.COMPLETED:
        await _settle_posts(raw, row)
    message = "" if ending is Ending.COMPLETED else f"A worker says: {word.value}"
    given = LeaseOutcome(outcome=ending, reason_code=reason, message=message)
    return (await finish(raw, lease, given, rescued=True)).state


async def _settle_posts(raw: Raw, row: Any) -> None:
    failed = int(row["counters"].get("failed", 0))
    rows = await raw.fetch(ledger.PLANNED_OF, row["id"])
    for number, post in enumerate(rows):
        target = PostState.PUBLISHED if number < len(rows) - failed else PostState.FAILED
        await ledger.believe(raw, post, target)


def _line(text: str) -> LogLine:
    return LogLine(at=clock.now(), event="worker_says", text=text)
