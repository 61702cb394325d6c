"""The account objects of an aggregate, with secrets for whom the settings allow them. Every opening is audited."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState
from igfleet.ui.context import UiContext
from igfleet.ui.models import Account, AccountTask, Proxy, Worker
from igfleet.ui.models.base import among
from igfleet.ui.tokens import Caller
from igfleet.ui.vault import Opened

_SEED = "totp_secret"
"""Never given to a worker with a token of its own: it asks for the present code under its lease."""
_NAMES = {
    "password": "password",
    "tfa_secret": _SEED,
    "email_password": "email_password",
    "session_settings": "session_mobile",
}
"""The first contract's name of a secret, and ours."""

type _Secrets = Mapping[int, Mapping[str, Opened]]


async def accounts_of(
    session: AsyncSession, ui: UiContext, rows: Sequence[AccountTask], caller: Caller
) -> list[dict[str, Any]]:
    """One object for each row. An account task about a proxy has no account: its object has the proxy alone."""
    proxies = await _proxies(session, rows)
    readable = await _readable(session, ui, rows, caller)
    open_rows = [row for row in rows if row.id in readable]
    actor = f"worker:{caller.worker_name or 'shared'}"
    owners = {row.account_id: "aggregate" for row in open_rows if row.account_id is not None}
    keyed = {proxy.id: "aggregate" for row in open_rows if (proxy := proxies.get(row.id)) and proxy.has_password}
    fields = [field for field in _NAMES.values() if caller.worker_name is None or field != _SEED]
    secrets = await ui.vault.open_all(session, "account", owners, fields, actor=actor) if owners else {}
    keys = await ui.vault.open_all(session, "proxy", keyed, ["password"], actor=actor) if keyed else {}
    return [_told(row, proxies.get(row.id), row.id in readable, secrets, keys) for row in rows]


async def _proxies(session: AsyncSession, rows: Sequence[AccountTask]) -> dict[int, Proxy]:
    """By account task: the proxy that it is about, else the account's own."""
    about = [row.proxy_id for row in rows if row.proxy_id is not None]
    named = {one.id: one for one in await session.scalars(select(Proxy).where(among(Proxy.id, about)))}
    found = {}
    for row in rows:
        proxy = named.get(row.proxy_id or 0) or (row.account.proxy if row.account else None)
        if proxy is not None:
            found[row.id] = proxy
    return found


async def _readable(session: AsyncSession, ui: UiContext, rows: Sequence[AccountTask], caller: Caller) -> set[int]:
    """`all`: every row, for the shared token. `leased`: those leased to the calling worker. `never`: none."""
    if ui.settings.aggregate_secrets == "all" and caller.worker_name is None:
        return {row.id for row in rows}
    if ui.settings.aggregate_secrets != "leased" or caller.worker_name is None:
        return set()
    holder = await session.scalar(select(Worker.id).where(Worker.name == caller.worker_name))
    return {
        row.id
        for row in rows
        if holder is not None and row.lease_holder == holder and row.state == AccountTaskState.RUNNING
    }


def _told(row: AccountTask, proxy: Proxy | None, may_read: bool, secrets: _Secrets, keys: _Secrets) -> dict[str, Any]:
    told: dict[str, Any] = _facts(row.account) if row.account else {"id": None, "username": row.title}
    if proxy is not None:
        told["proxy"] = _address(proxy)
    if not may_read:
        return told
    if row.account is not None:
        opened = secrets.get(row.account.id, {})
        told |= {name: _plain(opened, field) for name, field in _NAMES.items()}
    if proxy is not None:
        told["proxy"]["pass"] = _plain(keys.get(proxy.id, {}), "password")
    return told


def _facts(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "username": account.username,
        "email_username": account.email,
        "phone": account.phone,
        "locale": account.locale,
        "language": account.locale.split("_")[0],
        "dolphin_profile_id": account.dolphin_profile_id,
    }


def _address(proxy: Proxy) -> dict[str, Any]:
    return {"id": proxy.id, "type": proxy.scheme, "host": proxy.host, "port": proxy.port, "user": proxy.username}


def _plain(opened: Mapping[str, Opened], field: str) -> str | None:
    return opened[field].secret.get_secret_value() if field in opened else None
