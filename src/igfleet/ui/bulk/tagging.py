"""A tag given to many rows, or taken from them; only the rows that this changes are counted and audited."""

from collections.abc import Sequence

from sqlalchemy import func, update

from igfleet.ui.bulk.act import Work
from igfleet.ui.models import Account, Proxy
from igfleet.ui.models.base import among

type Tagged = type[Account] | type[Proxy]


async def tag(work: Work, table: Tagged, noun: str, ids: Sequence[int]) -> int:
    """Give the job's option as a tag to those that lack it."""
    lacking = among(table.id, ids), ~table.tags.contains([work.option])
    tagged = update(table).where(*lacking).values(tags=func.array_append(table.tags, work.option))
    return await work.audited(tagged.returning(table.id), f"{noun}_tagged", noun, tag=work.option)


async def untag(work: Work, table: Tagged, noun: str, ids: Sequence[int]) -> int:
    """Take the job's option from those that have it as a tag."""
    having = among(table.id, ids), table.tags.contains([work.option])
    untagged = update(table).where(*having).values(tags=func.array_remove(table.tags, work.option))
    return await work.audited(untagged.returning(table.id), f"{noun}_untagged", noun, tag=work.option)
