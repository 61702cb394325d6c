"""What is told of an event: facts for programs, and one line for people."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.challenges import ChallengeKind
from igfleet.errors import NotFound
from igfleet.ui import breaker_list
from igfleet.ui.challenges.inbox import ASKED
from igfleet.ui.models import (
    Account,
    Breaker,
    Challenge,
    Delivery,
    Post,
    PostIncident,
    Proxy,
    Standstill,
    Task,
    Webhook,
    WebhookEvent,
    WebhookFormat,
    Worker,
)
from igfleet.ui.task_counts import counts
from igfleet.ui.verification import incidents

type Json = dict[str, Any]
_E = WebhookEvent


@dataclass(frozen=True, slots=True)
class Told:
    facts: Json
    text: str
    path: str
    """Where it is looked at in the dashboard."""


async def body_of(session: AsyncSession, webhook: Webhook, delivery: Delivery, mode: str) -> Json:
    """The body to send. Raises `NotFound` when what it is about is gone."""
    told = await told_of(session, WebhookEvent(delivery.event), delivery.subject_id)
    sentence = f"{'[sandbox] ' if mode == 'sandbox' else ''}igfleet: {told.text}"
    if webhook.format == WebhookFormat.TELEGRAM:
        return {"chat_id": webhook.chat, "text": sentence}
    return {
        "id": delivery.id,
        "event": delivery.event,
        "at": delivery.created_at.isoformat(),
        "mode": mode,
        "text": sentence,
        "path": told.path,
        "data": told.facts,
    }


async def told_of(session: AsyncSession, event: WebhookEvent, subject_id: int) -> Told:
    """What is told of one event. Raises `NotFound` when what it is about is gone."""
    return await _READ[event](session, subject_id)


async def _post(happened: str, session: AsyncSession, post_id: int) -> Told:
    """`state` among the facts is the present one, which may be a later one."""
    query = select(Post).where(Post.id == post_id).options(joinedload(Post.account), joinedload(Post.file))
    post = _there(await session.scalar(query))
    names = ("id", "task_id", "state", "permalink", "reason_code", "message", "caption")
    facts = {name: getattr(post, name) for name in names}
    facts |= {"account": post.account.username, "video": post.file.name}
    more = post.permalink or post.message
    text = f"@{post.account.username} {post.file.name} {happened}. {more}".strip()
    return Told(facts, text, f"/posts/{post_id}")


async def _challenge(session: AsyncSession, challenge_id: int) -> Told:
    query = select(Challenge).where(Challenge.id == challenge_id).options(joinedload(Challenge.account))
    one = _there(await session.scalar(query))
    names = ("id", "account_id", "kind", "state", "destination")
    facts = {name: getattr(one, name) for name in names} | {"account": one.account.username}
    asked = ASKED[ChallengeKind(one.kind)]
    return Told(facts, f"@{one.account.username}: {asked.label}. {asked.todo}", "/inbox")


async def _incident(session: AsyncSession, incident_id: int) -> Told:
    loaded = joinedload(PostIncident.post).joinedload(Post.account)
    one = _there(await session.scalar(select(PostIncident).where(PostIncident.id == incident_id).options(loaded)))
    facts = {"id": one.id, "post_id": one.post_id, "kind": one.kind, "account": one.post.account.username}
    told = incidents.told(one)
    return Told(facts, f"@{one.post.account.username}: {told.label}. {told.happened}", f"/posts/{one.post_id}")


async def _task(session: AsyncSession, task_id: int) -> Told:
    task = _there(await session.get(Task, task_id))
    facts: Json = {name: getattr(task, name) for name in ("id", "name", "kind", "state")}
    facts["counts"] = await counts(session, task_id)
    return Told(facts, f"Task {task.id} ({task.name}) is {task.state.replace('_', ' ')}.", f"/tasks/{task_id}")


async def _worker(session: AsyncSession, worker_id: int) -> Told:
    worker = _there(await session.get(Worker, worker_id))
    facts = {"id": worker.id, "name": worker.name, "seen_at": worker.seen_at.isoformat()}
    return Told(facts, f"The worker {worker.name} does not call any more.", "/workers")


async def _account(session: AsyncSession, account_id: int) -> Told:
    account = _there(await session.get(Account, account_id))
    facts = {"id": account.id, "account": account.username, "state": account.status}
    text = f"@{account.username} needs a person: {account.status.replace('_', ' ')}."
    return Told(facts, text, f"/accounts/{account_id}")


async def _proxy(session: AsyncSession, proxy_id: int) -> Told:
    proxy = _there(await session.get(Proxy, proxy_id))
    facts = {"id": proxy.id, "proxy": proxy.label, "state": proxy.state}
    return Told(facts, f"The proxy {proxy.label} fails. {proxy.trouble}".strip(), f"/proxies/{proxy_id}")


async def _standstill(session: AsyncSession, standstill_id: int) -> Told:
    one = _there(await session.get(Standstill, standstill_id))
    facts = {"id": one.id, "by": one.began_by, "why": one.why}
    text = f"Everything is paused by {one.began_by.removeprefix('user:')}"
    return Told(facts, f"{text}: {one.why}" if one.why else f"{text}.", "/standstill")


async def _breaker(session: AsyncSession, breaker_id: int) -> Told:
    row = _there(await session.get(Breaker, breaker_id))
    found = [one for one in await breaker_list.shown(session) if one.breaker.id == breaker_id]
    facts: Json = {name: getattr(row, name) for name in ("id", "scope", "key", "rule", "reason")}
    facts["until"] = row.until.isoformat()
    text = f"{found[0].place}: {found[0].happened} {found[0].todo}" if found else f"{row.scope} {row.key} rested."
    return Told(facts, text, "/inbox")


async def _test(_session: AsyncSession, _webhook_id: int) -> Told:
    return Told({}, "This is a test. Nothing happened.", "/settings/webhooks")


def _there[T](row: T | None) -> T:
    if row is None:
        raise NotFound("What it is about is gone.")
    return row


_READ: dict[WebhookEvent, Callable[[AsyncSession, int], Awaitable[Told]]] = {
    _E.POST_PUBLISHED: partial(_post, "is published"),
    _E.POST_FAILED: partial(_post, "failed"),
    _E.POST_UNKNOWN: partial(_post, "may or may not be live"),
    _E.POST_NEEDS_PERSON: partial(_post, "waits for you: is it live?"),
    _E.CHALLENGE_OPENED: _challenge,
    _E.INCIDENT_OPENED: _incident,
    _E.TASK_ENDED: _task,
    _E.TASK_FAILED: _task,
    _E.ACCOUNT_NEEDS_PERSON: _account,
    _E.WORKER_LOST: _worker,
    _E.PROXY_FAILING: _proxy,
    _E.BREAKER_OPENED: _breaker,
    _E.EVERYTHING_PAUSED: _standstill,
    _E.TEST: _test,
}
