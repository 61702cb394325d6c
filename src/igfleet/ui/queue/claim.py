"""Claiming: one worker takes account tasks, each under a lease of its own."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from igfleet.contracts.leases import LeaseRequest
from igfleet.settings import UiSettings
from igfleet.ui.models import Scope
from igfleet.ui.queue import breakers
from igfleet.ui.queue.breakers import Gates
from igfleet.ui.raw import Raw
from igfleet.ui.restored import look_first

_SAME_REQUEST = """
SELECT id, lease_id FROM account_tasks
WHERE lease_holder = $1 AND state = 'running' AND lease_request = $2 AND lease_expires_at > now()
"""
_BUSY = """
SELECT task_id, count(*) AS held FROM account_tasks WHERE lease_holder = $1 AND state = 'running' GROUP BY task_id
"""
_FREE = """
SELECT a.id, a.task_id, a.kind, a.method, a.account_id, o.proxy_id,
  t.restored_from IS NOT NULL AND NOT t.dry_run AS restored,
  coalesce((t.options->>'concurrency')::int, 100) AS at_once
FROM account_tasks a
JOIN tasks t ON t.id = a.task_id
LEFT JOIN accounts o ON o.id = a.account_id
WHERE a.state = 'available' AND a.head
  AND a.kind = ANY($1::text[]) AND a.method = ANY($2::text[]) AND a.labels <@ $3::jsonb
  AND NOT a.task_id = ANY($4::bigint[]) AND t.paused_at IS NULL
  AND (o.proxy_id IS NULL OR NOT o.proxy_id = ANY($10::bigint[])) AND (o.id IS NULL OR NOT o.id = ANY($11::bigint[]))
  AND t.mode = $5 AND (t.mode = 'sandbox' OR a.method = 'none' OR a.method IN (SELECT method FROM live_methods))
  AND (o.id IS NULL OR (
        (o.status IN ('active', 'limited')
      OR EXISTS (SELECT FROM challenges c WHERE c.account_id = o.id AND c.state = 'answered'))
    AND o.archived_at IS NULL
    AND (o.cooldown_until IS NULL OR o.cooldown_until <= now())
    AND o.authorised_by <> '' AND (o.authorised_until IS NULL OR o.authorised_until >= current_date)))
  AND (NOT coalesce((t.options->>'rounds')::boolean, false) OR NOT EXISTS (
    SELECT FROM posts p
    JOIN account_tasks other ON other.id = p.account_task_id
    LEFT JOIN accounts whose ON whose.id = other.account_id
    WHERE p.task_id = a.task_id AND other.id <> a.id AND NOT other.behind_canary
      AND p.state NOT IN ('published', 'simulated', 'failed', 'cancelled')
      AND other.state IN ('scheduled', 'available', 'running', 'retryable')
      AND (other.head OR other.state <> 'available' OR NOT EXISTS (
        SELECT FROM account_tasks front JOIN tasks f ON f.id = front.task_id
        WHERE front.account_id = other.account_id AND front.head AND front.state = 'available'
          AND front.task_id <> other.task_id AND (f.options->>'rounds')::boolean))
      AND (whose.id IS NULL OR (whose.status IN ('active', 'limited')
        AND (whose.cooldown_until IS NULL OR whose.cooldown_until <= now())))
      AND p.round < (SELECT min(own.round) FROM posts own
        WHERE own.account_task_id = a.id AND own.state NOT IN ('published', 'simulated', 'failed', 'cancelled'))))
  AND ($6::bigint IS NULL OR a.task_id = $6)
  AND ($7::bigint IS NULL OR a.position % $7 = $8)
ORDER BY a.priority, a.id LIMIT $9 FOR UPDATE OF a SKIP LOCKED
"""
_IN_ORDER = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
"""Walk the index of what is ready and stop early, whatever the statistics say: they are old after a large start."""
_TAKE = """
UPDATE account_tasks a SET state = 'running', attempt = attempt + 1, lease_id = taken.lease, lease_holder = $3,
  lease_expires_at = now() + $4 * interval '1 second', lease_request = $5, report_seq = 0, claimed_at = now(),
  changed_at = now(), step = '', reason_code = NULL, message = '', available_at = NULL
FROM unnest($1::bigint[], $2::uuid[]) AS taken(id, lease)
WHERE a.id = taken.id
RETURNING a.id, a.task_id, a.lease_id
"""
_STARTED = """
UPDATE tasks SET state = 'running', started_at = coalesce(started_at, now())
WHERE id = ANY($1::bigint[]) AND state = 'queued'
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An account task and the lease it was taken under."""

    account_task_id: int
    lease_id: uuid.UUID


async def claim(
    raw: Raw,
    request: LeaseRequest,
    labels: Sequence[str],
    settings: UiSettings,
    libraries: Mapping[str, str] = MappingProxyType({}),
) -> list[Claimed]:
    """Take up to `limit` account tasks: the asked share of a task first, then anything.

    In a task by rounds an account waits until no other that can go on is in an earlier round; those that rest, need a
    person, are held behind a canary, or stand behind another task by rounds that waits as well, are not waited for. An
    account that is stopped for a challenge runs again when somebody has answered it: this one run sees whether the
    answer holds.

    Nothing is taken during a standstill, of a paused task, or of what a breaker lets rest; one run probes what has
    rested. The same request sent again gets the same leases. A task's `concurrency` caps what one worker holds of it.
    """
    if request.request_id is not None:
        rows = await raw.fetch(_SAME_REQUEST, request.worker_id, request.request_id)
        if rows:
            return [Claimed(row["id"], row["lease_id"]) for row in rows]
    gates = await breakers.gates(raw, rest=settings.breakers)
    if gates.everything or not gates.lets(Scope.WORKER, request.worker_id):
        return []
    await raw.execute(_IN_ORDER)
    busy = Counter({row["task_id"]: row["held"] for row in await raw.fetch(_BUSY, request.worker_id)})
    chosen: list[Any] = []
    for shared in (True, False) if request.task_id is not None else (False,):
        chosen += await _free(raw, request, labels, settings, libraries, gates, busy, chosen, shared=shared)
    if not chosen:
        return []
    ids = [row["id"] for row in chosen]
    leases = [uuid.uuid4() for _ in ids]
    length = settings.lease_length.total_seconds()
    rows = await raw.fetch(_TAKE, ids, leases, request.worker_id, length, request.request_id)
    await raw.execute(_STARTED, list({row["task_id"] for row in rows}))
    if restored := [row["id"] for row in chosen if row["restored"]]:
        await look_first(raw, restored, settings)
    await breakers.send_probes(raw, gates, dict(zip(ids, leases, strict=True)))
    return [Claimed(row["id"], row["lease_id"]) for row in rows]


async def _free(
    raw: Raw,
    request: LeaseRequest,
    labels: Sequence[str],
    settings: UiSettings,
    libraries: Mapping[str, str],
    gates: Gates,
    busy: Counter[int],
    chosen: list[Any],
    *,
    shared: bool,
) -> list[Any]:
    """Lock free account tasks, at most so many of one task as the worker may still hold."""
    wanted = request.limit - len(chosen)
    if wanted <= 0:
        return []
    count = request.batch_count if shared and request.batch_index is not None else None
    rows = await raw.fetch(
        _FREE,
        [kind for kind in request.kinds if gates.lets(Scope.KIND, kind)],
        [method.value for method in request.methods if gates.lets(Scope.LIBRARY, libraries.get(method.value, ""))],
        _json_list(labels),
        await _full_tasks(raw, busy),
        settings.mode,
        request.task_id if shared else None,
        count,
        request.batch_index if count else None,
        wanted + len(chosen),
        gates.ids(Scope.PROXY),
        gates.ids(Scope.ACCOUNT),
    )
    taken = {row["id"] for row in chosen}
    found: list[Any] = []
    for row in rows:
        if row["id"] in taken or busy[row["task_id"]] >= row["at_once"] or len(found) >= wanted:
            continue
        met = {**row, "worker_id": request.worker_id, "library": libraries.get(row["method"])}
        if not gates.admit(row["id"], breakers.places(met)):
            continue
        busy[row["task_id"]] += 1
        found.append(row)
    return found


async def _full_tasks(raw: Raw, busy: Counter[int]) -> list[int]:
    if not busy:
        return []
    query = (
        "SELECT id, coalesce((options->>'concurrency')::int, 100) AS at_once FROM tasks WHERE id = ANY($1::bigint[])"
    )
    rows = await raw.fetch(query, list(busy))
    return [row["id"] for row in rows if busy[row["id"]] >= row["at_once"]]


def _json_list(words: Sequence[str]) -> str:
    return json.dumps(list(words))
