"""Aggregates: a whole task as workers of the first contract read it. Their shape follows from what a kind declares."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from igfleet.contracts.states import AccountTaskState
from igfleet.contracts.tasks import Subject
from igfleet.errors import Forbidden, NotFound
from igfleet.runners import options_of
from igfleet.runners.base import Options, Runner
from igfleet.runners.targets import TargetedOptions
from igfleet.ui import targets
from igfleet.ui.context import UiContext
from igfleet.ui.models import Account, AccountTask, Media, Post, Task, TaskMedia, Worker
from igfleet.ui.models.base import among
from igfleet.ui.queue.advice import word_of
from igfleet.ui.queue.aggregate_accounts import accounts_of
from igfleet.ui.queue.compose import leased_media
from igfleet.ui.tokens import Caller


async def aggregate(
    session: AsyncSession,
    ui: UiContext,
    runner: type[Runner[Options]],
    task_id: int,
    share: tuple[int, int] | None,
    caller: Caller,
) -> dict[str, Any]:
    """The task and its account tasks, or those of the share by position. Raises `NotFound`, and `Forbidden` for a
    worker with a token of its own that never held any of it."""
    task = await _task(session, runner, task_id)
    if caller.worker_name is not None:
        await _check_holder(session, task_id, caller.worker_name)
    rows = await _account_tasks(session, task_id, share)
    files = await _files(session, rows)
    body: dict[str, Any] = {"id": task.id, "name": task.name, "options": task.options}
    options = options_of(task.kind, task.options)
    body |= runner.seed_facts(options)
    if isinstance(options, TargetedOptions):
        body["targets"] = await _targets(session, rows)
    if runner.subject is Subject.MEDIUM:
        body["videos"] = [_row(row) | _file(files.get(_first(row))) for row in rows]
        return body
    accounts = await accounts_of(session, ui, rows, caller)
    body["accounts"] = [_row(row) | {"account": account} for row, account in zip(rows, accounts, strict=True)]
    if runner.has_posts:
        posts = await _posts(session, [row.id for row in rows])
        return body | _upload(task, posts, body["accounts"])
    if runner.takes_media == "image":
        body["images"] = [{"order": item.position, **_file(item.file)} for item in task.media]
        for told, row in zip(body["accounts"], rows, strict=True):
            told["image_id"] = _first(row) or None
    return body


async def _task(session: AsyncSession, runner: type[Runner[Options]], task_id: int) -> Task:
    query = select(Task).where(Task.id == task_id, Task.kind == runner.kind)
    loaded = query.options(selectinload(Task.media).joinedload(TaskMedia.file))
    task = (await session.execute(loaded)).scalar_one_or_none()
    if task is None:
        raise NotFound(f"There is no {runner.kind} task {task_id}.")
    return task


async def _check_holder(session: AsyncSession, task_id: int, worker_name: str) -> None:
    """Whom it concerns who is in a task: the worker that holds a lease of it, or held the last of some share."""
    held = select(AccountTask.id).join(Worker, Worker.id == AccountTask.lease_holder)
    held = held.where(AccountTask.task_id == task_id, Worker.name == worker_name).limit(1)
    if await session.scalar(held) is None:
        raise Forbidden(f"The worker {worker_name} holds nothing of task {task_id}. Lease it first.")


async def _account_tasks(session: AsyncSession, task_id: int, share: tuple[int, int] | None) -> list[AccountTask]:
    query = select(AccountTask).where(AccountTask.task_id == task_id).order_by(AccountTask.position, AccountTask.id)
    if share is not None:
        index, count = share
        query = query.where(AccountTask.position % count == index)
    loaded = query.options(joinedload(AccountTask.account).joinedload(Account.proxy))
    return list(await session.scalars(loaded))


async def _files(session: AsyncSession, rows: Sequence[AccountTask]) -> dict[int, Media]:
    wanted = {media_id for row in rows for media_id in row.media_ids}
    return {file.id: file for file in await session.scalars(select(Media).where(among(Media.id, wanted)))}


async def _targets(session: AsyncSession, rows: Sequence[AccountTask]) -> list[dict[str, object]]:
    """Whom any of these may follow, by name."""
    known = await targets.leased(session, [key for row in rows for key in row.share.get("target_ids", ())])
    told = ({name: one[name] for name in ("username", "user_id")} for one in known.values())
    return sorted(told, key=lambda one: str(one["username"]))


async def _posts(session: AsyncSession, account_task_ids: list[int]) -> list[Post]:
    of_these = among(Post.account_task_id, account_task_ids)
    return list(await session.scalars(select(Post).where(of_these).order_by(Post.account_task_id, Post.position)))


def _row(row: AccountTask) -> dict[str, Any]:
    """What every account task has: its state in the first contract's words, and what the plan gave to it."""
    return {
        "account_task_id": row.id,
        "status": word_of(AccountTaskState(row.state), row.reason_code),
        "title": row.title or (row.account.username if row.account else ""),
        "share": row.share,
    }


def _first(row: AccountTask) -> int:
    return row.media_ids[0] if row.media_ids else 0


def _file(file: Media | None) -> dict[str, Any]:
    if file is None:
        return {"id": None, "url": None, "sha256": None}
    media = leased_media(file)
    facts = {"id": media.id, "title": media.name, "url": media.path, "sha256": media.sha256}
    return facts | {"size": media.size_bytes, "duration": media.duration_s}


def _upload(task: Task, posts: Sequence[Post], accounts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    for told in accounts:
        told["assigned"] = [post.id for post in posts if post.account_task_id == told["account_task_id"]]
    videos = [
        {"order": item.position, "location": item.location, "mentions": item.mentions, **_file(item.file)}
        for item in task.media
    ]
    return {
        "default_location": task.options.get("default_location"),
        "default_mentions": task.options.get("default_mentions", []),
        "videos": videos,
        "posts": [_post(post) for post in posts],
    }


def _post(post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "account_task_id": post.account_task_id,
        "video_id": post.media_id,
        "caption": post.caption,
        "location": post.location,
        "mentions": post.mentions,
        "scheduled_at": post.scheduled_at.isoformat() if post.scheduled_at else None,
        "state": post.state,
    }
