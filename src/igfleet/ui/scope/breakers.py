"""Which breakers a limited person sees. They are no view: the queue must know of all that rest."""

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models import Account, Breaker, Proxy
from igfleet.ui.models import Scope as Place
from igfleet.ui.scope.scope import scope_in


def is_seen(session: AsyncSession) -> list[ColumnElement[bool]]:
    """Those of their own accounts and of the proxies of these; nothing to ask where nobody is limited."""
    if not scope_in(session).is_limited:
        return []
    accounts = and_(Breaker.scope == Place.ACCOUNT, Breaker.key.in_(select(cast(Account.id, Text))))
    proxies = and_(Breaker.scope == Place.PROXY, Breaker.key.in_(select(cast(Proxy.id, Text))))
    return [or_(accounts, proxies)]
