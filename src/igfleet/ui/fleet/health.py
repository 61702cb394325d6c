"""Health of accounts: a hundred points, less what each part takes away. The database reckons, for one and for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ARRAY, ColumnElement, Date, Integer, and_, bindparam, case, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountStatus, ProxyState
from igfleet.ui.models import Account, Breaker, Post, PostIncident, Proxy, Scope

FULL = 100
_SLOWDOWN, _SLOWDOWNS_MOST = 5, 20
_INCIDENT, _INCIDENTS_MOST = 10, 30


class Level(StrEnum):
    """What a score means. `good` from 80 points, `fair` from 50, `poor` below."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


FLOORS = {Level.GOOD: 80, Level.FAIR: 50, Level.POOR: 0}
_S, _X = AccountStatus, ProxyState
_STATUS = {
    _S.ACTIVE: 0,
    _S.LIMITED: 15,
    _S.INACTIVE: 40,
    _S.HUMAN_VERIFICATION_REQUIRED: 50,
    _S.PHONE_VERIFICATION_REQUIRED: 50,
    _S.BLOCKED: FULL,
    _S.SUSPENDED: FULL,
}
_PROXY = {_X.OK: 0, _X.UNCHECKED: 5, _X.FAILING: 30, _X.DISABLED: 30}


def _days(count: int) -> ColumnElement[object]:
    return func.make_interval(0, 0, 0, count)


_until = Account.authorised_until
_today = cast(func.now(), Date)
_breaks = Account.id.in_(  # found once for all accounts: few have any
    select(cast(Breaker.key, Account.id.type)).where(Breaker.scope == Scope.ACCOUNT, Breaker.ended_at.is_(None))
)
_told_of = select(Post.account_id).join(PostIncident, Post.id == PostIncident.post_id)
_told_of = _told_of.where(PostIncident.closed_at.is_(None))
_incidents = case(
    (
        Account.id.in_(_told_of),
        _told_of.with_only_columns(func.count())
        .where(Post.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery(),
    ),
    else_=0,
)
PARTS: Mapping[str, ColumnElement[int]] = {
    "status": case(*((Account.status == state.value, points) for state, points in _STATUS.items()), else_=0),
    "authorisation": case((_until < _today, 40), (_until < _today + 14, 10), else_=0),
    "proxy": case(
        (Account.proxy_id.is_(None), 10),
        *((Proxy.state == state.value, points) for state, points in _PROXY.items()),
        else_=0,
    ),
    "sign-in": case(
        (or_(Account.session_at.is_not(None), Account.web_session_at.is_not(None)), 0),
        (Account.has_password, 5),
        else_=30,
    ),
    "last run": case(
        (
            and_(
                Account.last_failure_at.is_not(None),
                or_(Account.last_success_at.is_(None), Account.last_failure_at > Account.last_success_at),
            ),
            15,
        ),
        else_=0,
    ),
    "slowness": func.least(Account.slowdowns * _SLOWDOWN, _SLOWDOWNS_MOST),
    "breaker": case((_breaks, 20), else_=0),
    "published posts": func.least(_incidents * _INCIDENT, _INCIDENTS_MOST),
}
"""What each part takes away, of an account that is outer-joined with its proxy."""
_taken: ColumnElement[int] = literal(0)
for _part in PARTS.values():
    _taken = _taken + _part
SCORE: ColumnElement[int] = cast(func.greatest(FULL - _taken, 0), Integer)
_PARTS_OF = (
    select(*(part.label(name) for name, part in PARTS.items()))
    .select_from(Account)
    .outerjoin(Proxy, Proxy.id == Account.proxy_id)
    .where(Account.id == bindparam("account_id"))
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an account's health, and what speaks for it."""

    name: str
    taken: int
    """Points that it costs; none is good."""


def level_of(score: int) -> Level:
    return next(level for level, floor in FLOORS.items() if score >= floor)


def is_level(level: Level) -> ColumnElement[bool]:
    """Whether an account's score is of this level. The score is reckoned once a row."""
    floors = sorted(FLOORS.values())
    place = func.width_bucket(SCORE, literal(floors, ARRAY(Integer)))
    return place == floors.index(FLOORS[level]) + 1


async def parts_of(session: AsyncSession, account_id: int) -> list[Part]:
    """All parts of one account's health."""
    row = (await session.execute(_PARTS_OF, {"account_id": account_id})).one()
    return [Part(name, int(taken)) for name, taken in zip(PARTS, row, strict=True)]
