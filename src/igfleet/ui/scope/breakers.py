"""Which breakers a limited person sees. They are no view: the queue must know of all that rest."""

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import Account, Breaker, Proxy
from igfleet.ui.models import Scope as Place
from igfleet.ui.scope.scope import scope_in

SEEN: ColumnElement[bool] = or_(
    and_(Breaker.scope == Place.ACCOUNT, Breaker.key.in_(select(cast(Account.id, Text)))),
    and_(Breaker.scope == Place.PROXY, Breaker.key.in_(select(cast(Proxy.id, Text)))),
)
"""In a transaction that is confined: those of their own accounts and of the proxies of these."""


def is_seen(session: AsyncSession) -> list[ColumnElement[bool]]:
    """The same, and nothing to ask where nobody is limited."""
    return [SEEN] if scope_in(session).is_limited else []
