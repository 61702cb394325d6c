"""How much of what was published was seen again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import CheckState
from igfleet.ui.models import Check, Post


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the published posts that were to be looked for by now."""

    due: int = 0
    verified: int = 0
    """Their last look that could tell found them, as they were asked for."""

    @property
    def percent(self) -> int:
        """Rounded down: 100 means all of them."""
        return 100 * self.verified // self.due if self.due else 100


def _rated(which: ColumnElement[bool]) -> Select[int, int]:
    """Both numbers of these posts."""
    told = Check.state.in_((CheckState.VERIFIED, CheckState.CHANGED, CheckState.MISSING))
    last = (
        select(Check.post_id, Check.state)
        .join(Post, Post.id == Check.post_id)
        .where(which, told)
        .order_by(Check.post_id, Check.age_s.desc())
        .ext(distinct_on(Check.post_id))
        .subquery()
    )
    verified = select(func.count()).select_from(last).where(last.c.state == CheckState.VERIFIED)
    due = select(func.count(Check.post_id.distinct())).join(Post, Post.id == Check.post_id)
    due = due.where(which, Check.due_at <= func.now())
    return select(due.scalar_subquery(), verified.scalar_subquery())


_OF_TASK = _rated(Post.task_id == bindparam("task_id"))
_SINCE = _rated(Post.published_at > bindparam("moment"))


async def of_task(session: AsyncSession, task_id: int) -> Rate:
    return Rate(*(await session.execute(_OF_TASK, {"task_id": task_id})).one())


async def since(session: AsyncSession, moment: datetime) -> Rate:
    """Of what was published since then."""
    return Rate(*(await session.execute(_SINCE, {"moment": moment})).one())
