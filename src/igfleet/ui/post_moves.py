"""Moves of posts that a person asks for; those of runs are the ledger's. Both follow one table and one history."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import PostState
from igfleet.ui.models import Post, PostChange
from igfleet.ui.models.base import among


async def move_posts(
    session: AsyncSession,
    which: ColumnElement[bool],
    become: PostState,
    *,
    actor: str,
    why: str,
    values: Mapping[str, object] | None = None,
) -> list[int]:
    """Move those of the posts that may become this, each with a line in its history. Returns their ids.

    `values` are columns to be set besides.
    """
    may = [state.value for state in PostState if state.may_become(become)]
    chosen = select(Post.id, Post.state, Post.epoch).where(which, Post.state.in_(may)).order_by(Post.id)
    rows = (await session.execute(chosen.with_for_update())).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    change = {"state": become.value, "changed_at": func.now(), "reason_code": None, "message": "", **(values or {})}
    await session.execute(
        update(Post).where(among(Post.id, ids)).values(change).execution_options(synchronize_session=False)
    )
    history = [
        {"post_id": row.id, "was": row.state, "became": become.value, "epoch": row.epoch, "actor": actor, "why": why}
        for row in rows
    ]
    await session.execute(insert(PostChange), history)
    return ids
