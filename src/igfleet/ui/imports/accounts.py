"""Importing accounts: parse, say what would happen to each line, then do it to the good ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.errors import Invalid
from igfleet.ui.imports.account_fields import FIELDS, SECRETS, shown, stored_form
from igfleet.ui.imports.account_lines import AccountLine, parse_accounts
from igfleet.ui.imports.proxies import Key, changes_of, keep, one_import_at_a_time, stored_proxies
from igfleet.ui.imports.proxy_lines import ProxyLine, parse_proxy
from igfleet.ui.imports.verdicts import Imported, LineVerdict, Preview, Verdict
from igfleet.ui.models import Account, AuditEntry, Proxy
from igfleet.ui.vault import Vault

OWNER = "account"
_BATCH = 5_000
_STATEMENT_LEAST = 3
_STATEMENT_MOST = 500
_FLAGS = {"password": "has_password", "totp_secret": "has_totp", "email_password": "has_email_password"}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A file compared with what is stored."""

    preview: Preview
    lines: Mapping[int, AccountLine]
    stored: Mapping[str, Account]


async def preview_accounts(session: AsyncSession, vault: Vault, content: str) -> Preview:
    """What an import of this text would do. Nothing is written. Raises `Invalid`, `TooLarge`."""
    return (await _plan(session, vault, content)).preview


async def apply_accounts(
    session: AsyncSession, vault: Vault, content: str, *, authorised_by: str, actor: str
) -> Imported:
    """Import the good lines, all in the caller's transaction; secrets are sealed.

    `authorised_by` is the operator's statement of who entitles them to manage these accounts, and on what basis. It
    becomes the authorisation record of each new account whose line gives none of its own.
    """
    statement = _stated(authorised_by)
    await one_import_at_a_time(session)
    plan = await _plan(session, vault, content)
    working = [line for line in plan.preview.lines if line.verdict in (Verdict.NEW, Verdict.UPDATE)]
    lines = [plan.lines[line.line] for line in working]
    proxies = await keep(
        session, vault, [parse_proxy(line.fields["proxy"]) for line in lines if "proxy" in line.fields]
    )
    accounts = []
    for verdict, line in zip(working, lines, strict=True):
        account = plan.stored.get(line.username) or _made(session, line.username, statement)
        if verdict.verdict is Verdict.UPDATE:
            session.add(_edited(account, line, verdict.changed, actor))
        _give(account, line, verdict.changed, proxies)
        accounts.append(account)
    await session.flush()  # the ids are needed to seal
    secrets = {account.id: line.secrets for account, line in zip(accounts, lines, strict=True)}
    await vault.seal_all(session, OWNER, secrets)
    ids = tuple(account.id for account in accounts)
    _audit(session, actor, statement, plan.preview, ids)
    return Imported(plan.preview, ids)


def _stated(text: str) -> str:
    statement = " ".join(text.split())
    if not _STATEMENT_LEAST <= len(statement) <= _STATEMENT_MOST:
        message = "Say who authorised you to manage these accounts, and on what basis"
        raise Invalid(f"{message} (3 to {_STATEMENT_MOST} characters).", {"authorised_by": message})
    return statement


async def _plan(session: AsyncSession, vault: Vault, content: str) -> _Plan:
    lines = await anyio.to_thread.run_sync(parse_accounts, content)
    stored = await _stored(session, [line.username for line in lines if not line.trouble])
    known = {stored[line.username].id: line.secrets for line in reversed(lines) if line.username in stored}
    differing = await vault.differing(session, OWNER, known)
    proxies = await _proxy_changes(session, vault, lines)
    verdicts, first = [], dict[str, int]()
    for line in lines:
        if line.trouble:
            verdicts.append(LineVerdict(line.line, Verdict.ERROR, line.username, why=line.trouble))
            continue
        if line.username in first:
            why = f"The same account stands in line {first[line.username]}"
            verdicts.append(LineVerdict(line.line, Verdict.DUPLICATE, line.username, why=why))
            continue
        first[line.username] = line.line
        account = stored.get(line.username)
        verdicts.append(
            _new(line) if account is None else _update(line, account, differing.get(account.id, set()), proxies)
        )
    return _Plan(Preview(tuple(verdicts)), {line.line: line for line in lines}, stored)


async def _stored(session: AsyncSession, usernames: Sequence[str]) -> dict[str, Account]:
    found: dict[str, Account] = {}
    for start in range(0, len(usernames), _BATCH):
        same = func.lower(Account.username).in_(usernames[start : start + _BATCH])
        for account in await session.scalars(select(Account).where(same)):
            found[account.username.lower()] = account
    return found


@dataclass(frozen=True, slots=True)
class _Proxies:
    stored: Mapping[Key, Proxy]
    changes: Mapping[Key, tuple[str, ...]]

    def is_changed(self, account: Account, proxy: ProxyLine) -> bool:
        """Whether the cell gives the account another proxy, or its proxy other secrets."""
        stored = self.stored.get(proxy.key)
        return stored is None or stored.id != account.proxy_id or bool(self.changes[proxy.key])


async def _proxy_changes(session: AsyncSession, vault: Vault, lines: Sequence[AccountLine]) -> _Proxies:
    wanted = [parse_proxy(line.fields["proxy"]) for line in lines if "proxy" in line.fields]
    by_key = {proxy.key: proxy for proxy in wanted}
    stored = await stored_proxies(session, list(by_key))
    return _Proxies(stored, await changes_of(session, vault, by_key, stored))


def _new(line: AccountLine) -> LineVerdict:
    if "password" not in line.fields:
        return LineVerdict(line.line, Verdict.ERROR, line.username, why="password: is missing, and the account is new")
    return LineVerdict(line.line, Verdict.NEW, line.username)


def _update(line: AccountLine, account: Account, differing: set[str], proxies: _Proxies) -> LineVerdict:
    changed = tuple(
        name
        for name, value in line.fields.items()
        if name in differing
        or (name == "proxy" and proxies.is_changed(account, parse_proxy(value)))
        or (name in _PLAIN and getattr(account, name) != stored_form(name, value))
    )
    if changed:
        return LineVerdict(line.line, Verdict.UPDATE, line.username, changed)
    return LineVerdict(line.line, Verdict.DUPLICATE, line.username, why="It is stored already, nothing changes")


_PLAIN = frozenset(FIELDS) - SECRETS - {"username", "proxy"}


def _made(session: AsyncSession, username: str, statement: str) -> Account:
    account = Account(username=username, authorised_by=statement)
    session.add(account)
    return account


def _edited(account: Account, line: AccountLine, changed: Sequence[str], actor: str) -> AuditEntry:
    """What the line changes, for the account's time line: secrets only by name."""
    plain = [name for name in changed if name not in SECRETS | {"proxy"}]
    facts = {
        "before": {name: shown(getattr(account, name)) if name in plain else "–" for name in changed},
        "after": {name: shown(stored_form(name, line.fields[name])) if name in plain else "given" for name in changed},
    }
    return AuditEntry(actor=actor, action="account_edited", subject=f"account:{account.id}", facts=facts)


def _give(account: Account, line: AccountLine, changed: Sequence[str], proxies: Mapping[Key, int]) -> None:
    """Set what the line gives. Status and archive are never touched: an import revives nobody."""
    for name, value in line.fields.items():
        if name in _PLAIN:
            setattr(account, name, stored_form(name, value))
        elif name in _FLAGS:
            setattr(account, _FLAGS[name], True)
        elif name == "proxy":
            account.proxy_id = proxies[parse_proxy(value).key]
    if {"authorised_by", "authorised_until"} & set(changed):
        account.authorised_at = clock.now()


def _audit(session: AsyncSession, actor: str, statement: str, preview: Preview, ids: tuple[int, ...]) -> None:
    counts = {str(verdict): count for verdict, count in preview.counts.items()}
    facts = {"authorised_by": statement, "account_ids": list(ids), **counts}
    session.add(AuditEntry(actor=actor, action="accounts_imported", subject="accounts", facts=facts))
