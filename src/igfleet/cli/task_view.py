"""A task as `tasks show` prints it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from igfleet.cli.output import table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.models import Task

_TASK = ("id", "name", "kind", "state", "mode", "options", "seed", "plan_hash", "created_by", "created_at", "start_at")
TASK_NAMES = (*_TASK, "started_at", "finished_at", "cancelled_by")
_POST = ("id", "position", "round", "state", "caption", "location", "mentions", "scheduled_at", "upload_id")
_POST_END = ("media_pk", "code", "permalink", "published_at", "reason_code", "message", "media_id", "media_sha256")
POST_NAMES = (*_POST, *_POST_END)
_ROW = ("id", "position", "state", "attempt", "max_attempts", "step", "reason_code", "message", "counters", "title")
ROW_NAMES = (*_ROW, "share", "result")

type Json = dict[str, object]


async def whole(session: "AsyncSession", task: "Task") -> Json:
    """The task with its counts, account tasks, posts and the plan's notes."""
    from igfleet.ui.task_counts import counts

    return {
        **_fields(task, TASK_NAMES),
        "counts": await counts(session, task.id),
        "notes": task.plan_notes,
        "account_tasks": await _account_tasks(session, task.id),
        "posts": await _posts(session, task.id),
    }


def print_whole(shown: Json) -> None:
    """For people."""
    print(f"Task {shown['id']}: {shown['name']} ({shown['kind']}, {shown['mode']}) is {shown['state']}")
    print(in_words(shown["counts"]))  # type: ignore[arg-type]  # made by counts()
    _print_rows(shown["account_tasks"], ("id", "account", "state", "attempt", "reason_code", "message"))
    _print_rows(shown["posts"], ("id", "account", "video", "state", "scheduled_at", "permalink", "reason_code"))


def in_words(counted: Mapping[str, Mapping[str, int]]) -> str:
    """One line: how far the task is."""
    what = "posts" if counted["posts"]["total"] else "account_tasks"
    by_state = dict(counted[what])
    total = by_state.pop("total")
    states = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(by_state.items()))
    return f"{total} {what.replace('_', ' ')}: {states}" if total else "nothing to do"


async def _account_tasks(session: "AsyncSession", task_id: int) -> list[Json]:
    from sqlalchemy import select

    from igfleet.ui.models import Account, AccountTask

    query = select(AccountTask, Account.username).outerjoin(Account, Account.id == AccountTask.account_id)
    rows = await session.execute(query.where(AccountTask.task_id == task_id).order_by(AccountTask.id))
    return [_fields(row, ROW_NAMES) | {"account": username} for row, username in rows]


async def _posts(session: "AsyncSession", task_id: int) -> list[Json]:
    from sqlalchemy import select

    from igfleet.ui.models import Account, Media, Post

    query = (
        select(Post, Account.username, Media.name)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .where(Post.task_id == task_id)
        .order_by(Post.id)
    )
    rows = await session.execute(query)
    return [_fields(post, POST_NAMES) | {"account": name, "video": video} for post, name, video in rows]


def _fields(row: object, names: tuple[str, ...]) -> Json:
    return {name: getattr(row, name) for name in names}


def _print_rows(rows: object, columns: tuple[str, ...]) -> None:
    if isinstance(rows, list) and rows:
        print()
        table(columns, ([row[column] for column in columns] for row in rows))
