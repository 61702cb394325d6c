"""The ledger of posts: the only writer of their states. Each move is guarded and leaves a line in the history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg

from igfleet.contracts.posts import CommitKind, Intent, Permit, PostOutcome, PostView, Reading, Verdict
from igfleet.contracts.states import AccountStatus, AccountTaskState, PostState
from igfleet.contracts.tasks import Action, Method
from igfleet.errors import Conflict, LeaseLost, NotFound, PermitRefused, WrongState
from igfleet.log import redactor
from igfleet.reasons import ReasonCode
from igfleet.settings import UiSettings
from igfleet.ui import reconcile, restored
from igfleet.ui.queue.dry_runs import refuse_if_dry
from igfleet.ui.queue.pauses import begin_permit, refuse_if_paused
from igfleet.ui.queue.rests import refuse_if_resting
from igfleet.ui.raw import Raw

_P, _R = PostState, ReasonCode
_LATE_BYTES = timedelta(seconds=2)
"""A commit may still be on its way for so long after its window."""
_PERMIT_MARGIN_S = 1.0
_AFTER_A_HOLD = timedelta(seconds=5)
_EVIDENCE_KEPT = 50
_SITE = "https://www.instagram.com/"
_FAILED_FOR_GOOD = {_R.MEDIA_REFUSED, _R.MEDIA_CORRUPT, _R.MEDIA_MISSING, _R.LOCATION_NOT_FOUND, _R.MENTION_NOT_FOUND}

_HELD = """
SELECT p.*, a.task_id AS of_task, a.cancel_requested_at IS NOT NULL AS cancel, a.lease_holder,
  extract(epoch FROM a.lease_expires_at - now())::float AS lease_left_s, a.method, o.status AS account_status,
  o.archived_at IS NOT NULL AS archived, now() AS now,
  (SELECT t.dry_run FROM tasks t WHERE t.id = p.task_id) AS dry_run
FROM posts p JOIN account_tasks a ON a.id = p.account_task_id JOIN accounts o ON o.id = p.account_id
WHERE a.lease_id = $1 AND p.id = $2 AND a.state = 'running' AND a.lease_expires_at > now()
FOR KEY SHARE OF a FOR UPDATE OF p
"""
"""Whoever ends a lease or cancels locks the account task FOR UPDATE, and so waits for this. A renewal does not."""
_MOVE = """
UPDATE posts SET state = $2, changed_at = now() WHERE id = $1 AND state = ANY($3::text[]) RETURNING epoch
"""
_SETTLE_SOONER = "UPDATE posts SET settle_until = least(settle_until, $2) WHERE id = $1"
"""The run itself says that it has let go, or is dead: what is left of its window need not be waited for."""
_HISTORY = "INSERT INTO post_history (post_id, was, became, epoch, actor, why) VALUES ($1, $2, $3, $4, $5, $6)"
_WAS_HELD = "SELECT EXISTS (SELECT FROM post_history WHERE post_id = $1 AND actor LIKE $2)"
_OF_ACCOUNT_TASK = "SELECT id, state, epoch FROM posts WHERE account_task_id = $1 AND state = $2 FOR UPDATE"
PLANNED_OF = """
SELECT id, state, epoch FROM posts WHERE account_task_id = $1 AND state IN ('planned', 'preparing')
ORDER BY position FOR UPDATE
"""
_SPENT = """
SELECT count(*) FILTER (WHERE permitted_at > now() - interval '1 hour') AS hour, count(*) AS day,
  min(permitted_at) FILTER (WHERE permitted_at > now() - interval '1 hour') AS oldest_hour, min(permitted_at) AS oldest
FROM posts WHERE account_id = $1 AND permitted_at > now() - interval '24 hours'
  AND state NOT IN ('planned', 'preparing')
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who moves a post."""

    lease_id: UUID
    worker_id: int

    def __str__(self) -> str:
        return f"worker:{self.worker_id} lease:{self.lease_id}"


async def write_intent(raw: Raw, lease_id: UUID, post_id: int, intent: Intent) -> PostView:
    """Write down what is about to be published; the post is now being prepared."""
    post, actor = await _held(raw, lease_id, post_id)
    if post["state"] not in (_P.PLANNED, _P.PREPARING):
        raise WrongState(f"Post {post_id} is {post['state']}: it cannot be prepared.")
    if intent.upload_id != post["upload_id"]:
        raise Conflict(f"Post {post_id} has the upload id {post['upload_id']}, not {intent.upload_id}.")
    text = intent.model_dump_json()
    await raw.execute("UPDATE posts SET intent = $2::jsonb, lease_id = $3 WHERE id = $1", post_id, text, lease_id)
    if post["state"] == _P.PLANNED:
        await _move(raw, post, _P.PREPARING, actor, "intent written")
    return _view(post, _P.PREPARING)


async def give_permit(raw: Raw, lease_id: UUID, post_id: int, settings: UiSettings) -> Permit:
    """Leave for the one irreversible call. A repeat by the same lease gets what is left of the same window.

    Raises `PermitRefused` for a dry-run, and when the task was cancelled or paused, the account stopped or its budget
    spent.
    """
    await begin_permit(raw)
    post, actor = await _held(raw, lease_id, post_id)
    await refuse_if_dry(raw, post["of_task"], Action.PUBLISH)
    if post["state"] == _P.PUBLISHING and post["lease_id"] == lease_id:
        return Permit(post_id=post_id, window_ms=_left_ms(post["settle_until"] - _LATE_BYTES - post["now"]))
    if post["state"] != _P.PREPARING or post["intent"] is None or post["lease_id"] != lease_id:
        raise WrongState(f"Post {post_id} is {post['state']}: write its intent first.")
    await _refuse_permit(raw, post, settings)
    window = _window(post, settings)
    window_ms = _left_ms(window)
    sql = "UPDATE posts SET epoch = epoch + 1, permitted_at = now(), settle_until = $2, worker_id = $3 WHERE id = $1"
    await raw.execute(sql, post_id, post["now"] + window + _LATE_BYTES, post["lease_holder"])
    await _move(raw, post, _P.PUBLISHING, actor, f"permit for {window_ms} ms")
    return Permit(post_id=post_id, window_ms=window_ms)


async def settle(raw: Raw, lease_id: UUID, post_id: int, outcome: PostOutcome, settings: UiSettings) -> PostView:
    """Store how the commit ended. The same outcome again gets the same answer."""
    post, actor = await _held(raw, lease_id, post_id)
    if outcome.kind is CommitKind.SIMULATED and not post["dry_run"]:
        raise Conflict(f"Post {post_id} is meant: only that of a dry-run is simulated.")
    target = _target(outcome, PostState(post["state"]))
    if target is None:
        return _view(post, PostState(post["state"]))
    await _keep_evidence(raw, post_id, lease_id, outcome)
    if target is _P.PUBLISHED:
        return await _publish(raw, post, outcome, actor)
    reason = outcome.reason.value if outcome.reason else None
    if target is _P.UNKNOWN:
        reason = _R.UNSURE_IF_PUBLISHED.value
        quiet = timedelta() if outcome.is_let_go else settings.commit_window
        await raw.execute(_SETTLE_SOONER, post_id, post["now"] + quiet + _LATE_BYTES)
    message = redactor.text(outcome.message)
    await raw.execute("UPDATE posts SET reason_code = $2, message = $3 WHERE id = $1", post_id, reason, message)
    await _move(raw, post, target, actor, f"{outcome.kind}: {message}"[:500])
    return _view(post, target)


async def keep_late(raw: Raw, lease_id: UUID, post_id: int, outcome: PostOutcome) -> None:
    """A worker that lost its lease still knows something: keep it as evidence, change nothing.

    Only of a lease that the post was handled under: nobody else has anything to say about it.
    """
    if await raw.fetchval(_WAS_HELD, post_id, f"%lease:{lease_id}"):
        await _keep_evidence(raw, post_id, lease_id, outcome, late=True)


async def read(raw: Raw, lease_id: UUID, post_id: int, reading: Reading, settings: UiSettings) -> Verdict:
    """Add one look at the account's media and conclude from all of them."""
    post, actor = await _held(raw, lease_id, post_id)
    state = PostState(post["state"])
    if not state.is_doubtful:
        return Verdict(state=state, media_pk=post["media_pk"])
    if state is _P.NEEDS_PERSON:
        return Verdict(state=state, why="needs_person")
    if state is _P.PUBLISHING:
        raise WrongState(f"Post {post_id} is being published: report its outcome first.")
    readings = list(post["readings"])
    entry = {"at": post["now"].isoformat(), "lease": str(lease_id), **reading.model_dump(mode="json")}
    readings = [
        *(known for known in readings if _seen_by(known) != _seen_by(entry)),
        entry,
    ]
    text = json.dumps(readings[-_EVIDENCE_KEPT:])
    await raw.execute("UPDATE posts SET readings = $2::jsonb WHERE id = $1", post_id, text)
    if post["restored_from"] is not None:
        await restored.share_look(raw, post, entry)
    if state is _P.UNKNOWN:
        await _move(raw, post, _P.RECONCILING, actor, "reading")
        post = {**dict(post), "state": _P.RECONCILING.value}
    doubt = await _doubt(raw, post, readings, settings)
    verdict = reconcile.conclude(doubt)
    await _apply(raw, post, verdict, readings, actor)
    return verdict


async def release(raw: Raw, account_task_id: int, actor: str) -> None:
    """The run is over: what was only prepared is planned again, what may have been sent is unknown."""
    for was, becomes, why in (
        (_P.PREPARING, _P.PLANNED, "the run ended before anything was sent"),
        (_P.PUBLISHING, _P.UNKNOWN, "the run ended while it was being published"),
        (_P.RECONCILING, _P.UNKNOWN, "the run ended before the doubt was settled"),
    ):
        rows = await raw.fetch(_OF_ACCOUNT_TASK, account_task_id, was.value)
        for post in rows:
            await _move(raw, post, becomes, actor, why)
            if becomes is _P.UNKNOWN:
                await raw.execute("UPDATE posts SET reason_code = $2 WHERE id = $1", post["id"], _R.UNSURE_IF_PUBLISHED)


async def close(
    raw: Raw, account_task_id: int, state: AccountTaskState, reason: ReasonCode | None, message: str
) -> None:
    """The account task is over for good: what was still planned fails or is cancelled with it."""
    target = {AccountTaskState.DISCARDED: _P.FAILED, AccountTaskState.CANCELLED: _P.CANCELLED}.get(state)
    if target is None:
        return
    rows = await raw.fetch(
        "UPDATE posts SET reason_code = $2, message = $3 WHERE account_task_id = $1 AND state = 'planned' "
        "RETURNING id, state, epoch",
        account_task_id,
        reason.value if reason else None,
        message,
    )
    for post in rows:
        await _move(raw, post, target, "system", f"the account task is {state}")


async def believe(raw: Raw, post: Any, target: PostState) -> None:
    """A worker of the first contract knows no posts: its word for the whole account task is taken for each.

    The one move outside the table: published without permit and evidence, and marked as such.
    """
    said = "as reported by the worker, without evidence"
    await raw.execute("UPDATE posts SET state = $2, message = $3 WHERE id = $1", post["id"], target.value, said)
    await raw.execute(_HISTORY, post["id"], post["state"], target.value, post["epoch"], "seed worker", said)


async def ask_person(raw: Raw, post: Any, why: str) -> None:
    """Nobody but a person can tell whether it is live."""
    await raw.execute("UPDATE posts SET reason_code = $2 WHERE id = $1", post["id"], _R.UNSURE_IF_PUBLISHED)
    await _move(raw, post, _P.NEEDS_PERSON, "system", why)


async def move_by_person(raw: Raw, post_id: int, target: PostState, actor: str, why: str) -> None:
    """A person's word on a post that needs one. Raises `NotFound`, `WrongState`."""
    post = await raw.fetchrow("SELECT id, state, epoch FROM posts WHERE id = $1 FOR UPDATE", post_id)
    if post is None:
        raise NotFound(f"There is no post {post_id}.")
    if not PostState(post["state"]).may_become(target):
        raise WrongState(f"Post {post_id} is {post['state']}: it cannot become {target}.")
    await _move(raw, post, target, actor, why)


async def _held(raw: Raw, lease_id: UUID, post_id: int) -> tuple[Any, Actor]:
    post = await raw.fetchrow(_HELD, lease_id, post_id)
    if post is None:
        raise LeaseLost("This lease is over, or the post is not part of it. Drop the run.")
    return post, Actor(lease_id, post["lease_holder"])


async def _move(raw: Raw, post: Any, target: PostState, actor: object, why: str) -> None:
    was = PostState(post["state"])
    if not was.may_become(target):
        raise WrongState(f"Post {post['id']} is {was}: it cannot become {target}.")
    epoch = await raw.fetchval(_MOVE, post["id"], target.value, [was.value])
    if epoch is None:
        raise WrongState(f"Post {post['id']} changed meanwhile.")
    await raw.execute(_HISTORY, post["id"], was.value, target.value, epoch, str(actor), redactor.text(why))


async def _refuse_permit(raw: Raw, post: Any, settings: UiSettings) -> None:
    if post["cancel"]:
        raise PermitRefused("The task was cancelled.", _R.CANCELLED)
    await refuse_if_paused(raw, post["of_task"])
    if post["hold_id"] is not None:
        raise PermitRefused("The day of the post is paused.", _R.PAUSED, _AFTER_A_HOLD)
    if not AccountStatus(post["account_status"]).may_run or post["archived"]:
        raise PermitRefused(f"The account is {post['account_status']}.", _R.ACCOUNT_STOPPED)
    await refuse_if_resting(raw, post["account_id"], Action.PUBLISH)
    spent = await raw.fetchrow(_SPENT, post["account_id"])
    for amount, limit, oldest, length in (
        (spent["hour"], settings.publish_budget_per_hour, spent["oldest_hour"], timedelta(hours=1)),
        (spent["day"], settings.publish_budget_per_day, spent["oldest"], timedelta(days=1)),
    ):
        if amount >= limit:
            wait = max(oldest + length - post["now"], timedelta(seconds=1))
            raise PermitRefused(f"The account's budget of {limit} posts is spent.", _R.BUDGET_SPENT, wait)


def _window(post: Any, settings: UiSettings) -> timedelta:
    """A browser's may outlast the lease as it stands: the worker renews it, and its gate closes with either."""
    if Method(post["method"]).uses_browser:
        return settings.browser_commit_window
    return min(settings.commit_window, timedelta(seconds=post["lease_left_s"] - _PERMIT_MARGIN_S))


def _left_ms(window: timedelta) -> int:
    left = int(window.total_seconds() * 1000)
    if left <= 0:
        raise Conflict("The lease or the permit's window is nearly over: renew, then ask again.")
    return left


def _target(outcome: PostOutcome, state: PostState) -> PostState | None:
    """The state that an outcome leads to; None when it is there already."""
    if outcome.kind is CommitKind.SIMULATED:
        return None if state is _P.SIMULATED else _P.SIMULATED
    if state in (_P.PLANNED, _P.PREPARING):
        if outcome.kind is not CommitKind.REFUSED:
            return None
        wanted = outcome.post_state or (_P.FAILED if outcome.reason in _FAILED_FOR_GOOD else _P.PLANNED)
        return None if wanted is state else wanted
    if state is not _P.PUBLISHING:
        return _P.PUBLISHED if state is _P.UNKNOWN and outcome.kind is CommitKind.PUBLISHED else None
    match outcome.kind:
        case CommitKind.PUBLISHED:
            return _P.PUBLISHED if outcome.media else _P.UNKNOWN
        case CommitKind.NOT_SENT | CommitKind.NOT_READY:
            return _P.PLANNED
        case CommitKind.REFUSED:
            return outcome.post_state or (_P.FAILED if outcome.reason in _FAILED_FOR_GOOD else _P.PLANNED)
    return _P.UNKNOWN


async def _publish(raw: Raw, post: Any, outcome: PostOutcome, actor: Actor) -> PostView:
    assert outcome.media is not None
    pk = outcome.media.pk
    permalink = _link(outcome.media.code, outcome.permalink)
    taken = await raw.fetchval(
        "SELECT id FROM posts WHERE account_id = $1 AND media_pk = $2 AND id <> $3", post["account_id"], pk, post["id"]
    )
    if taken is not None:
        await _move(raw, post, _P.UNKNOWN, actor, f"claims media {pk}, which is post {taken}'s")
        return _view(post, _P.UNKNOWN)
    await _set_published(raw, post["id"], pk, outcome.media.code, permalink, outcome.media.taken_at)
    await _move(raw, post, _P.PUBLISHED, actor, f"media {pk}")
    return PostView(id=post["id"], state=_P.PUBLISHED, media_pk=pk, permalink=permalink)


def _link(code: str, given: str | None = None) -> str:
    """Where the post is: what the worker says only if it is an address of Instagram."""
    return given if given and given.startswith(_SITE) else f"{_SITE}reel/{quote(code, safe='')}/"


async def _set_published(raw: Raw, post_id: int, pk: str, code: str, permalink: str, at: datetime) -> None:
    sql = (
        "UPDATE posts SET media_pk = $2, code = $3, permalink = $4, published_at = $5, reason_code = NULL, "
        "message = '' WHERE id = $1"
    )
    try:
        await raw.execute(sql, post_id, pk, code, permalink, at)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"Media {pk} is already another post's.") from error


async def _keep_evidence(raw: Raw, post_id: int, lease_id: UUID, outcome: PostOutcome, *, late: bool = False) -> None:
    entry = {"at": datetime.now(UTC).isoformat(), "lease": str(lease_id), "late": late}
    known = redactor.value("", {**entry, **outcome.model_dump(mode="json")})
    sql = "UPDATE posts SET evidence = evidence || $2::jsonb WHERE id = $1 AND jsonb_array_length(evidence) < $3"
    await raw.execute(sql, post_id, json.dumps([known]), _EVIDENCE_KEPT)


async def _doubt(raw: Raw, post: Any, readings: Sequence[dict[str, Any]], settings: UiSettings) -> reconcile.Doubt:
    rows = await raw.fetch(
        "SELECT media_pk FROM posts WHERE account_id = $1 AND media_pk IS NOT NULL AND id <> $2",
        post["account_id"],
        post["id"],
    )
    return reconcile.Doubt(
        intent=Intent.model_validate(post["intent"]),
        caption=post["caption"],
        permitted_at=post["permitted_at"],
        settle_until=post["settle_until"],
        now=post["now"],
        claimed=frozenset(row["media_pk"] for row in rows),
        readings=tuple(reconcile.Look.model_validate(entry) for entry in readings),
        pause=settings.reconcile_pause,
        republished=post["republished"],
        is_restored=post["restored_from"] is not None,
        others=await restored.others(raw, post),
    )


def _seen_by(reading: Mapping[str, Any]) -> tuple[object, ...]:
    return reading["lease"], reading.get("of"), reading["seq"]


async def _apply(raw: Raw, post: Any, verdict: Verdict, readings: Sequence[dict[str, Any]], actor: Actor) -> None:
    if verdict.state is _P.RECONCILING:
        return
    why = f"{verdict.why} after {len(readings)} readings"
    if verdict.state is _P.PUBLISHED:
        found = next(seen for entry in reversed(readings) for seen in entry["media"] if seen["pk"] == verdict.media_pk)
        link = _link(found["code"])
        at = datetime.fromisoformat(found["taken_at"])
        await _set_published(raw, post["id"], found["pk"], found["code"], link, at)
    elif verdict.state is _P.PLANNED:
        sql = "UPDATE posts SET republished = republished + 1, readings = '[]', reason_code = NULL WHERE id = $1"
        await raw.execute(sql, post["id"])
    await _move(raw, post, verdict.state, actor, why)


def _view(post: Any, state: PostState) -> PostView:
    return PostView(id=post["id"], state=state, media_pk=post["media_pk"], permalink=post["permalink"])
