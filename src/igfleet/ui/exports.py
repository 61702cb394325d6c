"""Exports as CSV. Cells that a spreadsheet would take for a formula are neutralised; secrets are never among them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import Account, AccountTask, Media, Post, Proxy
from igfleet.ui.models.base import among

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


async def posts_csv(session: AsyncSession, task_id: int) -> str:
    """The posts of a task, account by account."""
    rows = await session.execute(
        select(Post, Account.username, Media.name)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .join(AccountTask, AccountTask.id == Post.account_task_id)
        .where(Post.task_id == task_id)
        .order_by(AccountTask.position, Post.position)
    )
    return csv_text(POST_COLUMNS, (_post_cells(post, username, name) for post, username, name in rows))


async def accounts_csv(session: AsyncSession, account_ids: Sequence[int]) -> str:
    """These accounts, by user name."""
    rows = await session.execute(
        select(Account, Proxy)
        .outerjoin(Proxy, Proxy.id == Account.proxy_id)
        .where(among(Account.id, account_ids))
        .order_by(Account.username)
    )
    return csv_text(ACCOUNT_COLUMNS, (_account_cells(account, proxy) for account, proxy in rows))


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
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _post_cells(post: Post, username: str, name: str) -> Iterator[object]:
    yield from (post.id, username, name, post.state, post.scheduled_at, post.published_at, post.permalink)
    yield from (post.media_pk, post.reason_code, post.message, post.caption, post.media_sha256)


def _account_cells(account: Account, proxy: Proxy | None) -> Iterator[object]:
    yield from (account.id, account.username, account.status, account.status_reason, account.client)
    yield from (" ".join(account.tags), account.email, account.phone, proxy.label if proxy else None)
    yield from (account.locale, account.timezone, account.authorised_by, account.authorised_until)
    yield from (account.last_success_at, account.last_failure_at, account.last_failure_reason, account.notes)
