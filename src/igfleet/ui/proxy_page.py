"""What a proxy's page tells, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import ProxyState, TaskState
from igfleet.runners.proxy_diag import ProxyDiag
from igfleet.ui import breaker_list
from igfleet.ui.breaker_list import OpenBreaker
from igfleet.ui.models import Account, AccountTask, Proxy, ProxyCheckEntry, Scope, Task
from igfleet.ui.proxies import find_proxy
from igfleet.ui.proxy_list import ProxyRow, rows_of
from igfleet.ui.strip import SLOTS, Strip, strip

_ACCOUNTS = 200
_OTHERS = 500


@dataclass(frozen=True, slots=True)
class ProxyPage:
    row: ProxyRow
    history: Sequence[ProxyCheckEntry]
    """The newest first."""
    chart: Strip
    accounts: Sequence[Account]
    """The first of them, by name."""
    checking: int | None
    """The task that is checking it just now."""
    breakers: Sequence[OpenBreaker] = ()

    @property
    def proxy(self) -> Proxy:
        return self.row.proxy


async def gather(session: AsyncSession, proxy_id: int) -> ProxyPage:
    """Everything the page shows. Raises `NotFound`."""
    proxy = await find_proxy(session, proxy_id)
    entry = ProxyCheckEntry
    newest = select(entry).where(entry.proxy_id == proxy_id).order_by(entry.id.desc()).limit(SLOTS)
    history = list(await session.scalars(newest.options(joinedload(entry.worker))))
    behind = select(Account).where(Account.proxy_id == proxy_id, Account.archived_at.is_(None))
    (row,) = await rows_of(session, [proxy])
    return ProxyPage(
        row=row,
        history=history,
        chart=strip(history),
        accounts=list(await session.scalars(behind.order_by(Account.username).limit(_ACCOUNTS))),
        checking=await _checking(session, proxy_id),
        breakers=await breaker_list.shown(session, Scope.PROXY, proxy_id),
    )


async def others(session: AsyncSession, proxy_id: int) -> list[tuple[Proxy, int]]:
    """The proxies that could take over, those with the fewest accounts first, and how many each has."""
    used = select(func.count()).where(Account.proxy_id == Proxy.id, Account.archived_at.is_(None)).scalar_subquery()
    query = select(Proxy, used).where(Proxy.id != proxy_id, Proxy.state != ProxyState.DISABLED)
    order = Proxy.state != ProxyState.OK, used, Proxy.id
    return [(proxy, count) for proxy, count in await session.execute(query.order_by(*order).limit(_OTHERS))]


async def _checking(session: AsyncSession, proxy_id: int) -> int | None:
    query = (
        select(AccountTask.task_id)
        .join(Task, Task.id == AccountTask.task_id)
        .where(AccountTask.proxy_id == proxy_id, AccountTask.kind == ProxyDiag.kind, AccountTask.finished_at.is_(None))
        .where(Task.state.in_([TaskState.QUEUED, TaskState.RUNNING]))
        .order_by(AccountTask.id.desc())
    )
    return await session.scalar(query.limit(1))
