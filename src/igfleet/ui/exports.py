"""Exports as CSV and JSON. Cells that a spreadsheet would run are neutralised; secrets are never among them."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import WorkerState
from igfleet.ui.models import Account, AccountTask, Media, Post, Proxy, Task, Worker
from igfleet.ui.models.base import among
from igfleet.ui.progress import Progress, progress

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
POST_COLUMNS = (
    "post",
    "account",
    "video",
    "state",
    "scheduled_at",
    "published_at",
    "permalink",
    "media_id",
    "reason_code",
    "message",
    "caption",
    "sha256",
)
ACCOUNT_COLUMNS = (
    "id",
    "username",
    "status",
    "status_reason",
    "client",
    "tags",
    "email",
    "phone",
    "proxy",
    "locale",
    "timezone",
    "authorised_by",
    "authorised_until",
    "last_success_at",
    "last_failure_at",
    "last_failure_reason",
    "notes",
)

_TASK_FIELDS = (
    "id",
    "kind",
    "name",
    "state",
    "mode",
    "created_by",
    "created_at",
    "start_at",
    "started_at",
    "finished_at",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under their columns, before they are written as one format or the other."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def csv(self) -> str:
        return csv_text(self.columns, self.rows)

    def json(self) -> str:
        """A list of objects: times in ISO form, everything else as it is."""
        objects = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return json.dumps(objects, ensure_ascii=False, indent=1, default=_iso)


async def posts_sheet(session: AsyncSession, task_id: int, state: str = "") -> Sheet:
    """The posts of a task, account by account; only those of account tasks in one state when it is given."""
    query = (
        select(Post, Account.username, Media.name)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .join(AccountTask, AccountTask.id == Post.account_task_id)
        .where(Post.task_id == task_id)
        .order_by(AccountTask.position, Post.position)
    )
    if state:
        query = query.where(AccountTask.state == state)
    rows = await session.execute(query)
    return Sheet(POST_COLUMNS, [tuple(_post_cells(post, username, name)) for post, username, name in rows])


async def posts_of_accounts(session: AsyncSession, account_ids: Sequence[int]) -> Sheet:
    """All posts of these accounts, account by account, oldest first."""
    rows = await session.execute(
        select(Post, Account.username, Media.name)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .where(among(Post.account_id, account_ids))
        .order_by(Account.username, Post.id)
    )
    return Sheet(POST_COLUMNS, [tuple(_post_cells(post, username, name)) for post, username, name in rows])


async def accounts_sheet(session: AsyncSession, account_ids: Sequence[int]) -> Sheet:
    """These accounts, by user name."""
    rows = await session.execute(
        select(Account, Proxy)
        .outerjoin(Proxy, Proxy.id == Account.proxy_id)
        .where(among(Account.id, account_ids))
        .order_by(Account.username)
    )
    return Sheet(ACCOUNT_COLUMNS, [tuple(_account_cells(account, proxy)) for account, proxy in rows])


async def tasks_sheet(session: AsyncSession, tasks: Sequence[Task]) -> Sheet:
    """These tasks, in their order, with how far each is."""
    far = await progress(session, tasks)
    rows = [(*(getattr(task, name) for name in _TASK_FIELDS), *_counted(far[task.id])) for task in tasks]
    return Sheet((*_TASK_FIELDS, "counted", "total", "done"), rows)


WORKER_COLUMNS = (
    "id",
    "name",
    "version",
    "slots",
    "running",
    "kinds",
    "methods",
    "labels",
    "registered_at",
    "seen_at",
    "cpu_percent",
    "memory_bytes",
    "disk_free_bytes",
)


def workers_sheet(workers: Sequence[tuple[Worker, WorkerState]]) -> Sheet:
    """These workers, with the state that follows from their last heartbeat."""
    rows = [(*(getattr(worker, name) for name in WORKER_COLUMNS), state.value) for worker, state in workers]
    return Sheet((*WORKER_COLUMNS, "state"), rows)


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A CSV file with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue()


def neutral(value: object) -> str:
    """The text of a cell: times in ISO form, nothing that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _counted(far: Progress) -> tuple[object, ...]:
    return far.noun, far.total, far.done


def _post_cells(post: Post, username: str, name: str) -> Iterator[object]:
    yield from (post.id, username, name, post.state, post.scheduled_at, post.published_at, post.permalink)
    yield from (post.media_pk, post.reason_code, post.message, post.caption, post.media_sha256)


def _account_cells(account: Account, proxy: Proxy | None) -> Iterator[object]:
    yield from (account.id, account.username, account.status, account.status_reason, account.client)
    yield from (" ".join(account.tags), account.email, account.phone, proxy.name if proxy else None)
    yield from (account.locale, account.timezone, account.authorised_by, account.authorised_until)
    yield from (account.last_success_at, account.last_failure_at, account.last_failure_reason, account.notes)
