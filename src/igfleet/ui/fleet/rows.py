"""The list of accounts: one page of rows with all that stands in them, and what can be filtered by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from igfleet.contracts.states import AccountStatus
from igfleet.ui.fleet.health import SCORE, Level, level_of
from igfleet.ui.models import Account, Post
from igfleet.ui.models.base import among

_SUGGESTED = 200
_NEWEST = 1_000


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
    query = select(Account, SCORE).outerjoin(Account.proxy).options(contains_eager(Account.proxy))
    found = (await session.execute(query.where(among(Account.id, ids)).order_by(Account.id))).all()
    lately = Post.permitted_at > func.now() - func.make_interval(0, 0, 0, 1)
    counted = select(Post.account_id, func.count()).where(among(Post.account_id, ids), lately)
    posts = dict((await session.execute(counted.group_by(Post.account_id))).all())
    return [AccountRow(account, int(score), posts.get(account.id, 0)) for account, score in found]


async def suggested(session: AsyncSession) -> Suggested:
    """How many accounts there are of each status; and the clients and tags of the newest accounts, to choose from."""
    present = Account.archived_at.is_(None)
    counts = select(Account.status, func.count().label("n")).where(present).group_by(Account.status).subquery()
    by_status = select(func.jsonb_object_agg(counts.c.status, counts.c.n, type_=JSONB)).scalar_subquery()
    newest = select(Account.client, Account.tags).where(present).order_by(Account.id.desc()).limit(_NEWEST).cte()
    tag = select(func.unnest(newest.c.tags).label("tag")).subquery().c.tag
    clients = select(func.array_agg(newest.c.client.distinct())).where(newest.c.client != "").scalar_subquery()
    tags = select(func.array_agg(tag.distinct())).scalar_subquery()
    found = (await session.execute(select(clients, tags, by_status))).one()
    there = found[2] or {}
    return Suggested(
        clients=sorted(found[0] or ())[:_SUGGESTED],
        tags=sorted(found[1] or ())[:_SUGGESTED],
        counts={status.value: there[status] for status in AccountStatus if status in there},
    )
