"""Pages of long lists: by a unique key, never by OFFSET."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar.params import QueryParameter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import MOST, Strict

Cursor = Annotated[
    int | None, QueryParameter(name="cursor", ge=0, le=MOST, description="`next_cursor` of the page before.")
]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=500, description="Rows a page.")]
RowId = Annotated[int | None, QueryParameter(ge=1, le=MOST)]
"""Of what the list is to be about."""
USUAL = 100


class View(BaseModel):
    """What the operator API answers with. Fields are added, never renamed."""

    model_config = ConfigDict(from_attributes=True, frozen=True, use_attribute_docstrings=True)


class Body(Strict):
    """What the operator API is given: an unknown field is a mistake. Each has an example that works."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Page[T](View):
    """A page of a list. `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: Annotated[str | None, Field(examples=["1200"])] = None


async def rows_of(
    session: AsyncSession, query: Select[Any], key: Any, cursor: int | None, limit: int, *, newest: bool = False
) -> tuple[Sequence[Any], str | None]:
    """The rows of one page, and the cursor of the next."""
    if cursor is not None:
        query = query.where(key < cursor if newest else key > cursor)
    found = list(await session.scalars(query.order_by(key.desc() if newest else key).limit(limit + 1)))
    more = len(found) > limit
    return found[:limit], str(getattr(found[limit - 1], key.key)) if more else None
