"""Reports: what a running account task says about itself, numbered so that a repeat is harmless."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from igfleet.contracts.leases import Report
from igfleet.contracts.tasks import LogLine
from igfleet.errors import LeaseLost
from igfleet.log import redactor
from igfleet.ui.queue.promote import LOCK_ACCOUNTS
from igfleet.ui.raw import Raw

HELD = """
SELECT id, task_id, account_id, kind, method, counters, checkpoints, report_seq, step, lease_holder FROM account_tasks
WHERE lease_id = $1 AND state = 'running' AND lease_expires_at > now() FOR NO KEY UPDATE
"""
"""Keeps the lease from being ended meanwhile, but not the publish protocol from going on."""
_STORE = """
UPDATE account_tasks SET counters = $2::jsonb, checkpoints = $3::jsonb, report_seq = $4, step = coalesce($5, step)
WHERE id = $1
"""
_LINE = """
INSERT INTO log_lines (task_id, account_task_id, worker_id, step, at, level, event, text, fields)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb)
"""


async def held(raw: Raw, lease_id: UUID) -> Any:
    """The row of a live lease, locked. Raises `LeaseLost`."""
    row = await raw.fetchrow(HELD, lease_id)
    if row is None:
        raise LeaseLost("This lease is over: the account task was taken back, finished or cancelled. Drop the run.")
    return row


async def held_alone(raw: Raw, lease_id: UUID) -> Any:
    """`held`, with the account locked first, as everywhere: for what changes the account. Raises `LeaseLost`."""
    account_id = await raw.fetchval("SELECT account_id FROM account_tasks WHERE lease_id = $1", lease_id)
    if account_id is not None:
        await raw.execute(LOCK_ACCOUNTS, [account_id])
    return await held(raw, lease_id)


async def report(raw: Raw, lease_id: UUID, given: Report) -> Any:
    """Add counters, merge checkpoints, append lines. Returns the account task's row. Raises `LeaseLost`."""
    row = await held(raw, lease_id)
    if given.seq <= row["report_seq"]:
        return row
    counters = Counter(row["counters"]) + Counter(given.counters)
    checkpoints = row["checkpoints"] | given.checkpoints
    await raw.execute(_STORE, row["id"], json.dumps(counters), json.dumps(checkpoints), given.seq, given.step)
    source = Source(row["task_id"], row["id"], row["lease_holder"], row["step"] if given.step is None else given.step)
    await append_lines(raw, source, given.lines)
    return row


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line of the log comes from."""

    task_id: int
    account_task_id: int | None = None
    worker_id: int | None = None
    step: str = ""


async def append_lines(raw: Raw, source: Source, lines: tuple[LogLine, ...]) -> None:
    """Append to the log, without secrets."""
    if lines:
        await raw.executemany(_LINE, [_values(source, line) for line in lines])


def _values(source: Source, line: LogLine) -> tuple[object, ...]:
    fields = json.dumps(redactor.value("", line.fields))
    step = source.step if line.step is None else redactor.text(line.step)
    where = source.task_id, source.account_task_id, source.worker_id, step
    return *where, line.at, line.level, line.event, redactor.text(line.text), fields
