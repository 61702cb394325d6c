"""Storing a plan: its account tasks, and for uploads its posts, exactly as they will run."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import BigInteger, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.ui.models import AccountTask, Post
from igfleet.ui.planning.order import Order
from igfleet.ui.planning.posts import Plan, PlannedPost
from igfleet.ui.planning.shares import SharePlan

_BATCH = 2_000


async def store(session: AsyncSession, order: Order, made: Plan | SharePlan) -> None:
    """Store what was planned; nothing of it can be claimed yet."""
    if isinstance(made, Plan):
        await _store_posts(session, order, made)
    else:
        await _store_shares(session, order, made)


def _common(order: Order) -> dict[str, object]:
    return {
        "task_id": order.task.id,
        "kind": order.task.kind,
        "method": order.options.driver,
        "labels": list(order.options.worker_labels),
        "state": AccountTaskState.SCHEDULED,
        "max_attempts": order.options.max_attempts,
    }


async def _store_shares(session: AsyncSession, order: Order, made: SharePlan) -> None:
    common = _common(order)
    rows = (
        {
            **common,
            "account_id": share.account_id,
            "position": position,
            "title": share.title,
            "share": dict(share.facts),
            "media_ids": list(share.media_ids),
            "proxy_id": share.proxy_id,
        }
        for position, share in enumerate(made.shares)
    )
    while batch := list(itertools.islice(rows, _BATCH)):
        await session.execute(insert(AccountTask), batch)


async def _store_posts(session: AsyncSession, order: Order, made: Plan) -> None:
    if not made.posts:
        return
    shares: dict[int, list[PlannedPost]] = {}
    for post in made.posts:
        shares.setdefault(post.account.id, []).append(post)
    ids = await _store_account_tasks(session, order, shares)
    upload_ids = await _upload_ids(session, order, list(shares))
    rows = _post_rows(order, shares, ids, upload_ids)
    while batch := list(itertools.islice(rows, _BATCH)):
        await session.execute(insert(Post), batch)


async def _store_account_tasks(
    session: AsyncSession, order: Order, shares: Mapping[int, Sequence[PlannedPost]]
) -> dict[int, int]:
    common = _common(order)
    rows = [
        {**common, "account_id": account.id, "position": position}
        for position, account in enumerate(order.accounts)
        if account.id in shares
    ]
    made = await session.execute(insert(AccountTask).returning(AccountTask.account_id, AccountTask.id), rows)
    return {account_id: account_task_id for account_id, account_task_id in made if account_id is not None}


async def _upload_ids(session: AsyncSession, order: Order, account_ids: Sequence[int]) -> dict[int, int]:
    """The first upload id of each account: the present millisecond, later than any it ever had."""
    latest = select(Post.account_id, func.max(cast(Post.upload_id, BigInteger)))
    rows = await session.execute(latest.where(Post.account_id.in_(account_ids)).group_by(Post.account_id))
    used = {account_id: int(upload_id) for account_id, upload_id in rows}
    now = int(order.now.timestamp() * 1000)
    return {account_id: max(now, used.get(account_id, 0) + 1) for account_id in account_ids}


def _post_rows(
    order: Order, shares: Mapping[int, Sequence[PlannedPost]], ids: Mapping[int, int], upload_ids: Mapping[int, int]
) -> Iterator[dict[str, object]]:
    for account_id, posts in shares.items():
        in_time = sorted(posts, key=lambda post: max(post.scheduled_at or order.begins, order.begins))
        for position, post in enumerate(in_time):
            yield {
                "task_id": order.task.id,
                "account_task_id": ids[account_id],
                "account_id": account_id,
                "media_id": post.media.id,
                "media_sha256": post.media.sha256,
                "position": position,
                "round": post.round,
                "caption": post.caption,
                "location": post.place.model_dump(mode="json") if post.place else None,
                "mentions": list(post.mentions),
                "cover_media_id": post.cover_media_id,
                "cover_at_s": post.cover_at_s,
                "scheduled_at": post.scheduled_at,
                "state": PostState.PLANNED,
                "upload_id": str(upload_ids[account_id] + position),
            }
