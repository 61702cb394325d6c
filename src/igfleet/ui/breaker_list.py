"""The breakers that are open, as people see them, and the word of a person that closes one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.errors import NotFound, NothingToDo
from igfleet.reasons import REASONS, ReasonCode
from igfleet.runners import KINDS
from igfleet.ui.models import Account, AccountTask, AuditEntry, Breaker, Proxy, Scope, Worker
from igfleet.ui.models.base import among
from igfleet.ui.queue.breaker_rules import BY_NAME
from igfleet.ui.scope.breakers import is_seen

_NAMED = 5
_OPEN = Breaker.ended_at.is_(None)
_NEWEST = select(Breaker).where(_OPEN).order_by(Breaker.id.desc()).limit(100)
_AT_PLACE = _NEWEST.where(Breaker.scope == bindparam("scope"), Breaker.key == bindparam("key"))
_RESTS = {
    Scope.ACCOUNT: "Nothing of this account is run",
    Scope.PROXY: "No account of this proxy is run",
    Scope.WORKER: "This worker gets no work",
    Scope.KIND: "Nothing of this kind is run",
    Scope.LIBRARY: "No work is given to workers with this version",
}


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    """One of them, in words."""

    breaker: Breaker
    place: str
    """The factor that the failures share."""
    path: str
    """Where it is looked at; empty where there is no page."""
    names: Sequence[str]
    """The first of those who met it."""

    @property
    def scope(self) -> Scope:
        return Scope(self.breaker.scope)

    @property
    def happened(self) -> str:
        rule = BY_NAME.get(self.breaker.rule)
        return rule.happened if rule else REASONS[ReasonCode(self.breaker.reason)].happened

    @property
    def todo(self) -> str:
        rule = BY_NAME.get(self.breaker.rule)
        return rule.todo if rule else REASONS[ReasonCode(self.breaker.reason)].todo

    @property
    def rests(self) -> str:
        return _RESTS[self.scope]

    @property
    def more(self) -> int:
        """How many are not named."""
        return len(self.breaker.subjects) - len(self.names)

    @property
    def is_probed(self) -> bool:
        """Its rest is over: one run is let through to try."""
        return self.breaker.until <= clock.now()


def counted(*which: ColumnElement[bool]) -> Select[int]:
    """How many of these are open."""
    return select(func.count()).select_from(Breaker).where(_OPEN, *which)


async def shown(session: AsyncSession, scope: Scope | None = None, key: object = None) -> list[OpenBreaker]:
    """The open ones, or the one of this place; the newest first."""
    query, given = (_NEWEST, {}) if scope is None else (_AT_PLACE, {"scope": scope, "key": str(key)})
    if seen := is_seen(session):
        query = query.where(*seen)
    rows = list(await session.scalars(query, given))
    if not rows:  # as nearly always: nothing to look up
        return []
    places = await _places(session, rows)
    names = await _names(session, {one for row in rows for one in row.subjects[:_NAMED]})
    return [
        OpenBreaker(row, *places[row.id], [names[one] for one in row.subjects[:_NAMED] if one in names]) for row in rows
    ]


async def close(session: AsyncSession, breaker_id: int, actor: str) -> Breaker:
    """A person says that it is over: what rested goes on. Audited. Raises `NotFound`, `NothingToDo`."""
    breaker = await session.get(Breaker, breaker_id, with_for_update=True, populate_existing=True)
    if breaker is None:
        raise NotFound(f"There is no breaker {breaker_id}.")
    if breaker.ended_at is not None:
        raise NothingToDo(f"Breaker {breaker_id} is closed already.")
    breaker.ended_at, breaker.ended_by, breaker.probe = clock.now(), actor, None
    subject, facts = f"{breaker.scope}:{breaker.key}", {"rule": breaker.rule}
    session.add(AuditEntry(actor=actor, action="breaker_closed", subject=subject, facts=facts))
    return breaker


async def _places(session: AsyncSession, rows: Sequence[Breaker]) -> dict[int, tuple[str, str]]:
    """By breaker: the name of its place, and where that is looked at."""

    def ids(scope: Scope) -> list[int]:
        return [int(row.key) for row in rows if row.scope == scope]

    accounts = await session.scalars(select(Account).where(among(Account.id, ids(Scope.ACCOUNT))))
    proxies = await session.scalars(select(Proxy).where(among(Proxy.id, ids(Scope.PROXY))))
    workers = await session.scalars(select(Worker).where(among(Worker.id, ids(Scope.WORKER))))
    known: dict[tuple[str, str], tuple[str, str]] = {
        **{(Scope.ACCOUNT, str(one.id)): (f"@{one.username}", f"/accounts/{one.id}") for one in accounts},
        **{(Scope.PROXY, str(one.id)): (f"proxy {one.name}", f"/proxies/{one.id}") for one in proxies},
        **{(Scope.WORKER, str(one.id)): (f"worker {one.name}", "/workers") for one in workers},
        **{(Scope.KIND, kind): (runner.title, f"/tasks?kind={kind}") for kind, runner in KINDS.items()},
    }
    return {row.id: known.get((row.scope, row.key), (row.key, "")) for row in rows}


async def _names(session: AsyncSession, subjects: set[int]) -> Mapping[int, str]:
    accounts = select(Account.id, "@" + Account.username).where(among(Account.id, [one for one in subjects if one > 0]))
    others = select(-AccountTask.id, AccountTask.title).where(among(AccountTask.id, [-one for one in subjects]))
    return {key: name for query in (accounts, others) for key, name in (await session.execute(query)).all()}
