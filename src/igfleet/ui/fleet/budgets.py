"""What an account may still do in this hour and today, per action."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.tasks import Action
from igfleet.settings import UiSettings
from igfleet.ui.models import Post, Spending

_IN_HOUR, _IN_DAY = func.now() - timedelta(hours=1), func.now() - timedelta(days=1)
_SPENT = (
    select(
        Spending.action,
        func.coalesce(func.sum(Spending.amount).filter(Spending.at > _IN_HOUR), 0),
        func.coalesce(func.sum(Spending.amount), 0),
    )
    .where(Spending.account_id == bindparam("account_id"), Spending.at > _IN_DAY)
    .group_by(Spending.action)
)
_POSTED = select(func.count().filter(Post.permitted_at > _IN_HOUR), func.count()).where(
    Post.account_id == bindparam("account_id"), Post.permitted_at > _IN_DAY
)


@dataclass(frozen=True, slots=True)
class Budget:
    """Of one action. An hour and a day are the last 60 minutes and 24 hours."""

    action: str
    used_hour: int
    per_hour: int
    used_day: int
    per_day: int

    @property
    def left_day(self) -> int:
        return max(self.per_day - self.used_day, 0)

    @property
    def left_hour(self) -> int:
        return max(min(self.per_hour - self.used_hour, self.left_day), 0)


async def budgets_of(session: AsyncSession, settings: UiSettings, account_id: int) -> list[Budget]:
    """Of every action that has a limit; publishing is counted by the ledger of posts."""
    of_it = {"account_id": account_id}
    used = {row[0]: (int(row[1]), int(row[2])) for row in await session.execute(_SPENT, of_it)}
    posts = (await session.execute(_POSTED, of_it)).one()
    used[Action.PUBLISH] = (posts[0], posts[1])
    limits = {Action.PUBLISH.value: (settings.publish_budget_per_hour, settings.publish_budget_per_day)}
    limits |= settings.action_budgets
    return [
        Budget(action, used.get(action, (0, 0))[0], hour, used.get(action, (0, 0))[1], day)
        for action, (hour, day) in limits.items()
    ]
