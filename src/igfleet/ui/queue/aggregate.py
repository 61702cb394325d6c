"""Aggregates: a whole task as workers of the first contract read it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from igfleet.contracts.states import AccountTaskState
from igfleet.errors import NotFound
from igfleet.runners.base import Options, Runner
from igfleet.ui.context import UiContext
from igfleet.ui.models import Account, AccountTask, Post, Task, TaskMedia, Worker
from igfleet.ui.queue.advice import word_of
from igfleet.ui.queue.compose import leased_media
from igfleet.ui.tokens import Caller

_SECRETS = ("password", "totp_secret", "email_password", "session_mobile")


async def aggregate(
    session: AsyncSession,
    ui: UiContext,
    runner: type[Runner[Options]],
    task_id: int,
    share: tuple[int, int] | None,
    caller: Caller,
) -> dict[str, Any]:
    """The task, its accounts (or those of the share, by position) and, for uploads, videos and posts."""
    query = select(Task).where(Task.id == task_id, Task.kind == runner.kind)
    task = (
        await session.execute(query.options(selectinload(Task.media).joinedload(TaskMedia.file)))
    ).scalar_one_or_none()
    if task is None:
        raise NotFound(f"There is no {runner.kind} task {task_id}.")
    rows = await _account_tasks(session, task_id, share)
    posts = await _posts(session, [row.id for row in rows])
    body: dict[str, Any] = {"id": task.id, "name": task.name, "options": task.options}
    body["accounts"] = [
        {
            **await _account(session, ui, row, caller),
            "assigned": [post.id for post in posts if post.account_task_id == row.id],
        }
        for row in rows
    ]
    if runner.kind == "bulk_upload":
        body |= _upload(task, posts)
    return body


async def _account_tasks(session: AsyncSession, task_id: int, share: tuple[int, int] | None) -> list[AccountTask]:
    query = select(AccountTask).where(AccountTask.task_id == task_id).order_by(AccountTask.position)
    if share is not None:
        index, count = share
        query = query.where(AccountTask.position % count == index)
    loaded = query.options(joinedload(AccountTask.account).joinedload(Account.proxy))
    return list(await session.scalars(loaded))


async def _posts(session: AsyncSession, account_task_ids: list[int]) -> list[Post]:
    query = select(Post).where(Post.account_task_id.in_(account_task_ids)).order_by(Post.account_task_id, Post.position)
    return list(await session.scalars(query))


async def _account(session: AsyncSession, ui: UiContext, row: AccountTask, caller: Caller) -> dict[str, Any]:
    account = row.account
    assert account is not None
    told: dict[str, Any] = {
        "id": account.id,
        "username": account.username,
        "email_username": account.email,
        "phone": account.phone,
        "locale": account.locale,
        "language": account.locale.split("_")[0],
        "dolphin_profile_id": account.dolphin_profile_id,
    }
    if account.proxy is not None:
        proxy = account.proxy
        told["proxy"] = {
            "id": proxy.id,
            "type": proxy.scheme,
            "host": proxy.host,
            "port": proxy.port,
            "user": proxy.username,
        }
    if await _may_see_secrets(session, ui, row, caller):
        told = await _with_secrets(session, ui, account, told, caller)
    status = word_of(AccountTaskState(row.state), row.reason_code)
    return {"account_task_id": row.id, "status": status, "account": told}


async def _may_see_secrets(session: AsyncSession, ui: UiContext, row: AccountTask, caller: Caller) -> bool:
    """`leased`: only while the account task is leased to the calling worker; the shared token has no worker."""
    if ui.settings.aggregate_secrets != "leased":
        return ui.settings.aggregate_secrets == "all" and caller.worker_name is None
    if row.state != AccountTaskState.RUNNING or caller.worker_name is None:
        return False
    holder = await session.scalar(select(Worker.name).where(Worker.id == row.lease_holder))
    return holder == caller.worker_name


async def _with_secrets(
    session: AsyncSession, ui: UiContext, account: Account, told: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    actor = f"worker:{caller.worker_name or 'shared'}"
    opened = await ui.vault.open(session, "account", account.id, _SECRETS, actor=actor, reason="aggregate")
    plain = {name: secret.get_secret_value() for name, secret in opened.items()}
    told |= {"password": plain.get("password"), "tfa_secret": plain.get("totp_secret")}
    told |= {"email_password": plain.get("email_password"), "session_settings": plain.get("session_mobile")}
    if account.proxy is not None and account.proxy.has_password:
        keys = await ui.vault.open(session, "proxy", account.proxy.id, ["password"], actor=actor, reason="aggregate")
        told["proxy"]["pass"] = keys["password"].get_secret_value() if "password" in keys else None
    return told


def _upload(task: Task, posts: list[Post]) -> dict[str, Any]:
    videos = []
    for item in task.media:
        media = leased_media(item.file)
        facts = {"sha256": media.sha256, "size": media.size_bytes, "duration": media.duration_s, "url": media.path}
        place = {"location": item.location, "mentions": item.mentions}
        videos.append({"id": media.id, "order": item.position, "title": media.name, **place, **facts})
    return {
        "default_location": task.options.get("default_location"),
        "default_mentions": task.options.get("default_mentions", []),
        "videos": videos,
        "posts": [
            {
                "id": post.id,
                "account_task_id": post.account_task_id,
                "video_id": post.media_id,
                "caption": post.caption,
                "location": post.location,
                "mentions": post.mentions,
                "scheduled_at": post.scheduled_at.isoformat() if post.scheduled_at else None,
                "state": post.state,
            }
            for post in posts
        ],
    }
