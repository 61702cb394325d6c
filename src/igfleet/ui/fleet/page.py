"""What an account's page tells, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import FINAL_ACCOUNT_TASK_STATES, PostState, TaskState
from igfleet.errors import NotFound
from igfleet.settings import UiSettings
from igfleet.ui import breaker_list
from igfleet.ui.account_rests import Resting, rests_of
from igfleet.ui.breaker_list import OpenBreaker
from igfleet.ui.fleet.budgets import Budget, budgets_of
from igfleet.ui.fleet.evidence import Evidence, evidence_of
from igfleet.ui.fleet.health import FULL, Level, level_of, parts_of
from igfleet.ui.fleet.timeline import MOST, Event, timeline
from igfleet.ui.models import Account, AccountTask, Post, ProxyCheckEntry, Scope, Task

_CHECKS = 10
_UPCOMING = 20


@dataclass(frozen=True, slots=True)
class AccountPage:
    account: Account
    health: Sequence[Evidence]
    budgets: Sequence[Budget]
    rests: Sequence[Resting]
    checks: Sequence[ProxyCheckEntry]
    """Of its proxy, the newest first."""
    upcoming: Sequence[Post]
    upcoming_total: int
    events: Sequence[Event]
    following: str
    """The moment before which the next page of the time line begins; empty on the last."""
    breakers: Sequence[OpenBreaker]

    @property
    def score(self) -> int:
        return max(FULL - sum(one.part.taken for one in self.health), 0)

    @property
    def level(self) -> Level:
        return level_of(self.score)


async def gather(
    session: AsyncSession, settings: UiSettings, account_id: int, only: str = "", before: datetime | None = None
) -> AccountPage:
    """Everything the page shows; of the time line one sort only, when it is named. Raises `NotFound`."""
    query = select(Account).where(Account.id == account_id).options(joinedload(Account.proxy))
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    events = await timeline(session, account_id, only, before)
    planned = _planned(account_id)
    total = await session.scalar(select(func.count()).select_from(planned.subquery())) or 0
    order = func.coalesce(Post.scheduled_at, Task.start_at).nulls_first(), Post.id
    upcoming = select(Post).where(Post.id.in_(planned)).join(Task, Task.id == Post.task_id).order_by(*order)
    return AccountPage(
        account=account,
        health=[evidence_of(account, part) for part in await parts_of(session, account_id)],
        budgets=await budgets_of(session, settings, account_id),
        rests=await rests_of(session, account_id),
        checks=await _checks(session, account.proxy_id),
        upcoming=list(await session.scalars(upcoming.options(joinedload(Post.file)).limit(_UPCOMING))),
        upcoming_total=total,
        events=events[:MOST],
        following=events[MOST - 1].at.isoformat() if len(events) > MOST else "",
        breakers=await breaker_list.shown(session, Scope.ACCOUNT, account_id),
    )


def _planned(account_id: int) -> Select[int]:
    over = [state.value for state in FINAL_ACCOUNT_TASK_STATES]
    query = select(Post.id).join(AccountTask, AccountTask.id == Post.account_task_id)
    query = query.join(Task, Task.id == Post.task_id).where(Post.account_id == account_id)
    return query.where(Post.state == PostState.PLANNED, AccountTask.state.not_in(over), Task.state != TaskState.DRAFT)


async def _checks(session: AsyncSession, proxy_id: int | None) -> list[ProxyCheckEntry]:
    if proxy_id is None:
        return []
    newest = select(ProxyCheckEntry).where(ProxyCheckEntry.proxy_id == proxy_id).order_by(ProxyCheckEntry.id.desc())
    return list(await session.scalars(newest.limit(_CHECKS)))
