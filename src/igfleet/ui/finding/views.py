"""Saved views: a filter of a list under a name, for the person who saved it."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid, NotFound
from igfleet.ui.models import SavedView

LISTS = ("/accounts", "/tasks", "/proxies", "/media")
_NOT_OF_THE_FILTER = ("after", "done", "page")
_NAME_MOST, _QUERY_MOST, _MOST = 60, 2000, 30
_MINE = (
    select(SavedView)
    .where(SavedView.user_id == bindparam("user_id"), SavedView.path == bindparam("path"))
    .order_by(func.lower(SavedView.name))
    .limit(_MOST)
)


def normal(query: str) -> str:
    """A filter in one form, whatever the order of its fields; without what is empty or only a place in the list."""
    given = parse_qsl(query)
    return urlencode(sorted((name, value) for name, value in given if name not in _NOT_OF_THE_FILTER))


async def of(session: AsyncSession, user_id: int, path: str) -> Sequence[SavedView]:
    """Those of one list, by name."""
    return list(await session.scalars(_MINE, {"user_id": user_id, "path": path}))


async def save(session: AsyncSession, user_id: int, path: str, name: str, query: str) -> SavedView:
    """Keep a filter; a name that there is already gets the new one. Raises `Invalid`, `Conflict`."""
    name, query = " ".join(name.split()), normal(query)
    if path not in LISTS:
        raise Invalid("Views are saved of lists.", {"list": "is no list"})
    if not 0 < len(name) <= _NAME_MOST:
        raise Invalid(f"Give the view a name of at most {_NAME_MOST} characters.", {"name": "is needed"})
    if not query or len(query) > _QUERY_MOST:
        raise Invalid("Set a filter first, then save it.", {"query": "is empty"})
    known = await of(session, user_id, path)
    if len(known) >= _MOST and name.lower() not in {one.name.lower() for one in known}:
        raise Conflict(f"There are {_MOST} views of this list already. Delete one first.")
    fresh = insert(SavedView).values(user_id=user_id, path=path, name=name, query=query)
    target = [text("user_id"), text("path"), text("lower(name)")]
    kept = fresh.on_conflict_do_update(index_elements=target, set_={"query": query, "name": name})
    saved: SavedView | None = await session.scalar(
        kept.returning(SavedView), execution_options={"populate_existing": True}
    )
    assert saved is not None
    return saved


async def forget(session: AsyncSession, user_id: int, view_id: int) -> str:
    """Delete one of one's own; the address of its list. Raises `NotFound`."""
    mine = delete(SavedView).where(SavedView.id == view_id, SavedView.user_id == user_id)
    path: str | None = await session.scalar(mine.returning(SavedView.path))
    if path is None:
        raise NotFound(f"There is no view {view_id} of yours.")
    return path
