"""Long lists: a page of rows after a key, and how many there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """One page of a query, by a unique key. Never OFFSET.

    Of the first page the keys are found in the same statement that counts them: some conditions cost much for each row.
    """
    order = key.desc() if newest else key
    every = query.with_only_columns(key).order_by(order).limit(_COUNTED + 1).cte()
    found = every.c[key.key]
    total = select(func.count()).select_from(every).scalar_subquery()
    keys = select(found, total).order_by(found.desc() if newest else found).limit(PAGE + 1)
    first = (await session.execute(keys)).all()
    if after is None:
        query = query.where(among(key, [row[0] for row in first]))
    else:
        query = query.where(key < after if newest else key > after)
    rows = list(await session.scalars(query.order_by(order).limit(PAGE + 1)))
    more = len(rows) > PAGE
    return Page(rows[:PAGE], first[0][1] if first else 0, getattr(rows[PAGE - 1], key.key) if more else None)


async def true_count(session: AsyncSession, query: Select[Any], key: Any, found: Page) -> int:
    """How many there are in all, also when the page gave up counting."""
    if found.total <= _COUNTED:
        return found.total
    return await session.scalar(select(func.count()).select_from(query.with_only_columns(key).subquery())) or 0
