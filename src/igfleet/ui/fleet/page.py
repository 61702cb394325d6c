"""What an account's page tells, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
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

_OVER = [state.value for state in FINAL_ACCOUNT_TASK_STATES]
_ACCOUNT = select(Account).where(Account.id == bindparam("account_id")).options(joinedload(Account.proxy))
_PLANNED = (
    select(Post.id)
    .join(AccountTask, AccountTask.id == Post.account_task_id)
    .join(Task, Task.id == Post.task_id)
    .where(Post.account_id == bindparam("account_id"), Post.state == PostState.PLANNED)
    .where(AccountTask.state.not_in(_OVER), Task.state != TaskState.DRAFT)
)
_PLANNED_COUNT = select(func.count()).select_from(_PLANNED.subquery())
_UPCOMING = (
    select(Post)
    .where(Post.id.in_(_PLANNED))
    .join(Task, Task.id == Post.task_id)
    .order_by(func.coalesce(Post.scheduled_at, Task.start_at).nulls_first(), Post.id)
    .options(joinedload(Post.file))
    .limit(20)
)
_CHECKS = (
    select(ProxyCheckEntry)
    .where(ProxyCheckEntry.proxy_id == bindparam("proxy_id"))
    .order_by(ProxyCheckEntry.id.desc())
    .limit(10)
)


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
    of_it = {"account_id": account_id}
    account = (await session.execute(_ACCOUNT, of_it)).scalar_one_or_none()
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    events = await timeline(session, account_id, only, before)
    upcoming = list(await session.scalars(_UPCOMING, of_it))
    return AccountPage(
        account=account,
        health=[evidence_of(account, part) for part in await parts_of(session, account_id)],
        budgets=await budgets_of(session, settings, account_id),
        rests=await rests_of(session, account_id),
        checks=await _checks(session, account.proxy_id),
        upcoming=upcoming,
        upcoming_total=await session.scalar(_PLANNED_COUNT, of_it) or 0 if upcoming else 0,
        events=events[:MOST],
        following=events[MOST - 1].at.isoformat() if len(events) > MOST else "",
        breakers=await breaker_list.shown(session, Scope.ACCOUNT, account_id),
    )


async def _checks(session: AsyncSession, proxy_id: int | None) -> list[ProxyCheckEntry]:
    return list(await session.scalars(_CHECKS, {"proxy_id": proxy_id})) if proxy_id is not None else []
