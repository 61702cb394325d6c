"""Long lists: a page of rows after a key, and how many there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar.params import QueryParameter
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import MOST

PAGE = 50
_COUNTED = 10_000

After = Annotated[int | None, QueryParameter(name="after", ge=0, le=MOST)]
"""The key after which a page of a list begins."""


@dataclass(frozen=True, slots=True)
class Page:
    """`following` is the key after which the next page begins; None on the last."""

    rows: Sequence[Any]
    total: int
    following: int | None

    @property
    def total_shown(self) -> str:
        return f"{_COUNTED:,}+" if self.total > _COUNTED else f"{self.total:,}"


async def page_of(
    session: AsyncSession, query: Select[Any], key: Any, after: int | None, *, newest: bool = False
) -> Page:
    """One page of a query, by a unique key. Never OFFSET."""
    counted = select(func.count()).select_from(query.with_only_columns(key).limit(_COUNTED + 1).subquery())
    total = await session.scalar(counted) or 0
    if after is not None:
        query = query.where(key < after if newest else key > after)
    rows = list(await session.scalars(query.order_by(key.desc() if newest else key).limit(PAGE + 1)))
    more = len(rows) > PAGE
    return Page(rows[:PAGE], total, getattr(rows[PAGE - 1], key.key) if more else None)


async def true_count(session: AsyncSession, query: Select[Any], key: Any, found: Page) -> int:
    """How many there are in all, also when the page gave up counting."""
    if found.total <= _COUNTED:
        return found.total
    return await session.scalar(select(func.count()).select_from(query.with_only_columns(key).subquery())) or 0
