"""The list of proxies, with what their checks say: for the page, the exports and the command line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.proxy_checks import ProxyVerdict
from igfleet.contracts.states import ProxyState
from igfleet.ui.exports import Sheet
from igfleet.ui.finding.filters import ListFilter
from igfleet.ui.models import Account, Proxy, ProxyCheckEntry
from igfleet.ui.models.base import among
from igfleet.ui.words import look

_LATELY = timedelta(hours=24)
_FINE = [verdict.value for verdict in ProxyVerdict if verdict.is_usable]
_BATCH = 2_000
COLUMNS = (
    "id",
    "scheme",
    "host",
    "port",
    "username",
    "state",
    "verdict",
    "latency_ms",
    "exit_ip",
    "country",
    "checked_at",
    "fails_24h",
    "accounts",
    "trouble",
    "tags",
)


@dataclass(frozen=True, slots=True)
class ProxyRow:
    """A proxy with its last check, its failed checks of the last 24 hours, and the accounts behind it."""

    proxy: Proxy
    last: ProxyCheckEntry | None
    fails: int
    accounts: int

    def cells(self) -> Iterator[object]:
        """In the order of `COLUMNS`."""
        proxy, last = self.proxy, self.last
        yield from (proxy.id, proxy.scheme, proxy.host, proxy.port, proxy.shown_user or None, proxy.state)
        yield from (last.verdict, last.latency_ms, last.exit_ip, last.country) if last else (None,) * 4
        yield from (proxy.checked_at, self.fails, self.accounts, proxy.trouble, " ".join(proxy.tags))


@dataclass(frozen=True, slots=True)
class ProxyFilter(ListFilter):
    """Everything empty means all."""

    choices = {"state": [*ProxyState]}
    q: str = ""
    """A part of the host."""
    state: str = ""
    tag: str = ""

    def select(self) -> Select[Proxy]:
        """The proxies."""
        query = select(Proxy)
        if self.q:
            query = query.where(Proxy.host.icontains(self.q, autoescape=True))
        if self.state in set(ProxyState):
            query = query.where(Proxy.state == self.state)
        if self.tag:
            query = query.where(Proxy.tags.contains([self.tag]))
        return query

    def told(self) -> list[str]:
        """The same in words."""
        state = look("proxy", self.state).label if self.state in set(ProxyState) else self.state
        words = {"host with": self.q, "state": state, "tag": self.tag}
        return [f"{word} {value}" for word, value in words.items() if value]


async def tags_in_use(session: AsyncSession) -> Sequence[str]:
    """The tags that proxies have."""
    query = select(func.unnest(Proxy.tags).label("tag")).distinct()
    return list(await session.scalars(query.order_by("tag").limit(200)))


async def rows_of(session: AsyncSession, proxies: Sequence[Proxy]) -> list[ProxyRow]:
    """The same proxies with all that the list shows."""
    ids = [proxy.id for proxy in proxies]
    entry = ProxyCheckEntry
    newest = select(entry).ext(distinct_on(entry.proxy_id)).where(among(entry.proxy_id, ids))
    last = {row.proxy_id: row for row in await session.scalars(newest.order_by(entry.proxy_id, entry.id.desc()))}
    failed = select(entry.proxy_id, func.count()).where(
        among(entry.proxy_id, ids), entry.at > func.now() - _LATELY, entry.verdict.not_in(_FINE)
    )
    fails = dict((await session.execute(failed.group_by(entry.proxy_id))).all())
    used = select(Proxy.id, func.count()).join(Account, Account.proxy_id == Proxy.id)
    in_use = used.where(among(Proxy.id, ids), Account.archived_at.is_(None)).group_by(Proxy.id)
    accounts = dict((await session.execute(in_use)).all())
    return [ProxyRow(proxy, last.get(proxy.id), fails.get(proxy.id, 0), accounts.get(proxy.id, 0)) for proxy in proxies]


async def sheet(session: AsyncSession, query: Select[Proxy], most: int) -> Sheet:
    """All proxies of a filter, by number, without their secrets."""
    proxies = list(await session.scalars(query.order_by(Proxy.id).limit(most)))
    rows: list[tuple[object, ...]] = []
    for start in range(0, len(proxies), _BATCH):
        rows += [tuple(row.cells()) for row in await rows_of(session, proxies[start : start + _BATCH])]
    return Sheet(COLUMNS, rows)
