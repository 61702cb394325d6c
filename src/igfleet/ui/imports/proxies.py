"""Importing proxies: one a line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, TooLarge
from igfleet.ui.imports.proxy_lines import ProxyLine, parse_proxy
from igfleet.ui.imports.source import MAX_FIELD, MAX_ROWS
from igfleet.ui.imports.verdicts import Imported, LineVerdict, Preview, Verdict
from igfleet.ui.models import AuditEntry, Proxy
from igfleet.ui.vault import Vault

OWNER = "proxy"
type Key = tuple[str, str, int, str]
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class _Good:
    line: int
    proxy: ProxyLine


async def preview_proxies(session: AsyncSession, vault: Vault, content: str) -> Preview:
    """What an import of this text would do. Nothing is written. Raises `Invalid`, `TooLarge`."""
    good, others = _read(content)
    stored = await stored_proxies(session, [entry.proxy.key for entry in good])
    changes = await changes_of(session, vault, {entry.proxy.key: entry.proxy for entry in good}, stored)
    verdicts = [_verdict(entry, stored, changes) for entry in good]
    return Preview(tuple(sorted([*verdicts, *others], key=lambda verdict: verdict.line)))


async def apply_proxies(session: AsyncSession, vault: Vault, content: str, actor: str) -> Imported:
    """Import the good lines, all in the caller's transaction. A field that is not given stays as it is."""
    await one_import_at_a_time(session)
    preview = await preview_proxies(session, vault, content)
    working = {line.line for line in preview.lines if line.verdict in (Verdict.NEW, Verdict.UPDATE)}
    wanted = [entry.proxy for entry in _read(content)[0] if entry.line in working]
    ids = await keep(session, vault, wanted)
    facts = {str(verdict): count for verdict, count in preview.counts.items()}
    session.add(AuditEntry(actor=actor, action="proxies_imported", subject="proxies", facts=facts))
    return Imported(preview, tuple(ids[proxy.key] for proxy in wanted))


async def keep(session: AsyncSession, vault: Vault, proxies: Iterable[ProxyLine]) -> dict[Key, int]:
    """Store these proxies, or what they change, and return their ids."""
    wanted = {proxy.key: proxy for proxy in proxies}
    stored = await stored_proxies(session, list(wanted))
    for key, proxy in wanted.items():
        if key not in stored:
            stored[key] = Proxy(scheme=proxy.scheme, host=proxy.host, port=proxy.port, username=proxy.username)
            session.add(stored[key])
    await session.flush()  # the ids are needed to seal
    for key, proxy in wanted.items():
        stored[key].has_password = bool(stored[key].has_password or proxy.password)
        stored[key].has_change_ip_url = bool(stored[key].has_change_ip_url or proxy.change_ip_url)
    await vault.seal_all(session, OWNER, {stored[key].id: proxy.secrets for key, proxy in wanted.items()})
    return {key: proxy.id for key, proxy in stored.items()}


async def stored_proxies(session: AsyncSession, keys: Sequence[Key]) -> dict[Key, Proxy]:
    """The stored ones among these."""
    address = tuple_(Proxy.scheme, func.lower(Proxy.host), Proxy.port, func.coalesce(Proxy.username, ""))
    found: dict[Key, Proxy] = {}
    for start in range(0, len(keys), _BATCH):
        for proxy in await session.scalars(select(Proxy).where(address.in_(keys[start : start + _BATCH]))):
            found[proxy.scheme, proxy.host.lower(), proxy.port, proxy.username or ""] = proxy
    return found


async def changes_of(
    session: AsyncSession, vault: Vault, wanted: Mapping[Key, ProxyLine], stored: Mapping[Key, Proxy]
) -> dict[Key, tuple[str, ...]]:
    """The names of the secrets that differ from the stored ones, by proxy."""
    known = {stored[key].id: proxy.secrets for key, proxy in wanted.items() if key in stored}
    differing = await vault.differing(session, OWNER, known)
    return {key: tuple(sorted(differing.get(proxy.id, ()))) for key, proxy in stored.items()}


async def one_import_at_a_time(session: AsyncSession) -> None:
    """Imports wait for one another, so that two of the same file do not make the same row twice."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('igfleet import'))"))


def _read(content: str) -> tuple[list[_Good], list[LineVerdict]]:
    good: list[_Good] = []
    others: list[LineVerdict] = []
    first: dict[Key, int] = {}
    for number, line in _lines(content):
        try:
            proxy = parse_proxy(line)
        except ValueError as error:
            others.append(LineVerdict(number, Verdict.ERROR, why=str(error)))
            continue
        if proxy.key in first:
            why = f"The same proxy stands in line {first[proxy.key]}"
            others.append(LineVerdict(number, Verdict.DUPLICATE, proxy.name, why=why))
            continue
        first[proxy.key] = number
        good.append(_Good(number, proxy))
    return good, others


def _lines(content: str) -> list[tuple[int, str]]:
    lines = [
        (number, line.strip())
        for number, line in enumerate(content.split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not lines:
        raise Invalid("The file is empty. Write one proxy a line, as in host:port:user:pass")
    if len(lines) > MAX_ROWS:
        raise TooLarge(f"The file has more than {MAX_ROWS:,} lines. Split it.")
    return [(number, line[: MAX_FIELD + 1]) for number, line in lines]


def _verdict(entry: _Good, stored: Mapping[Key, Proxy], changes: Mapping[Key, tuple[str, ...]]) -> LineVerdict:
    key, name = entry.proxy.key, entry.proxy.name
    if key not in stored:
        return LineVerdict(entry.line, Verdict.NEW, name)
    if changes[key]:
        return LineVerdict(entry.line, Verdict.UPDATE, name, changes[key])
    return LineVerdict(entry.line, Verdict.DUPLICATE, name, why="It is stored already, nothing changes")
