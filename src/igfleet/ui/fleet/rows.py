"""The list of accounts: one page of rows with all that stands in them, and what can be filtered by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from igfleet.contracts.states import AccountStatus
from igfleet.ui.fleet.health import SCORE, Level, level_of
from igfleet.ui.models import Account, Post
from igfleet.ui.models.base import among

_SUGGESTED = 200
_ROWS = (
    select(Account, SCORE)
    .outerjoin(Account.proxy)
    .options(contains_eager(Account.proxy))
    .where(among(Account.id, bindparam("ids")))
    .order_by(Account.id)
)
_POSTS = (
    select(Post.account_id, func.count())
    .where(among(Post.account_id, bindparam("ids")), Post.permitted_at > func.now() - func.make_interval(0, 0, 0, 1))
    .group_by(Post.account_id)
)
_PRESENT = Account.archived_at.is_(None)
_counts = select(Account.status, func.count().label("n")).where(_PRESENT).group_by(Account.status).subquery()
_newest = select(Account.client, Account.tags).where(_PRESENT).order_by(Account.id.desc()).limit(1_000).cte()
_tag = select(func.unnest(_newest.c.tags).label("tag")).subquery().c.tag
_OFFERED = select(
    select(func.array_agg(_newest.c.client.distinct())).where(_newest.c.client != "").scalar_subquery(),
    select(func.array_agg(_tag.distinct())).scalar_subquery(),
    select(func.jsonb_object_agg(_counts.c.status, _counts.c.n, type_=JSONB)).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, its proxy, its health and what it published in the last 24 hours."""

    account: Account
    score: int
    posts: int

    @property
    def level(self) -> Level:
        return level_of(self.score)

    @property
    def session_at(self) -> datetime | None:
        """The newest of its sessions."""
        return max(filter(None, (self.account.session_at, self.account.web_session_at)), default=None)


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the filter's fields offer."""

    clients: Sequence[str]
    tags: Sequence[str]
    counts: dict[str, int]
    """Accounts that are not archived, by status; those without any are left out."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


async def rows_of(session: AsyncSession, ids: Sequence[int]) -> list[AccountRow]:
    """These accounts, by number."""
    found = (await session.execute(_ROWS, {"ids": ids})).all()
    posts = dict((await session.execute(_POSTS, {"ids": ids})).all())
    return [AccountRow(account, int(score), posts.get(account.id, 0)) for account, score in found]


async def suggested(session: AsyncSession) -> Suggested:
    """How many accounts there are of each status; and the clients and tags of the newest accounts, to choose from."""
    clients, tags, counts = (await session.execute(_OFFERED)).one()
    there = counts or {}
    return Suggested(
        clients=sorted(clients or ())[:_SUGGESTED],
        tags=sorted(tags or ())[:_SUGGESTED],
        counts={status.value: there[status] for status in AccountStatus if status in there},
    )
