"""Long lists: a page of rows after a key, and how many there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from litestar.params import QueryParameter
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import MOST
from igfleet.ui.models.base import among

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
    found = await keys_of(session, query, key, after, newest=newest)
    rows = await session.scalars(query.where(among(key, found.rows)).order_by(key.desc() if newest else key))
    return replace(found, rows=list(rows))


async def keys_of(
    session: AsyncSession, query: Select[Any], key: Any, after: int | None, *, newest: bool = False
) -> Page:
    """The same with the keys alone, for who loads the rows in another way.

    Of the first page they are found in the same statement that counts them: some conditions cost much for each row.
    """
    order = key.desc() if newest else key
    only = query.with_only_columns(key).order_by(order)
    every = only.limit(_COUNTED + 1).cte()
    found = every.c[key.key]
    total = select(func.count()).select_from(every).scalar_subquery()
    first = (
        await session.execute(select(found, total).order_by(found.desc() if newest else found).limit(PAGE + 1))
    ).all()
    if after is None:
        keys = [row[0] for row in first]
    else:
        keys = list(await session.scalars(only.where(key < after if newest else key > after).limit(PAGE + 1)))
    return Page(keys[:PAGE], first[0][1] if first else 0, keys[PAGE - 1] if len(keys) > PAGE else None)


async def true_count(session: AsyncSession, query: Select[Any], key: Any, found: Page) -> int:
    """How many there are in all, also when the page gave up counting."""
    if found.total <= _COUNTED:
        return found.total
    return await session.scalar(select(func.count()).select_from(query.with_only_columns(key).subquery())) or 0
