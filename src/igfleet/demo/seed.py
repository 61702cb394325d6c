"""Fills an empty installation with the examples, by the same verbs that an operator uses."""

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.demo import orders
from igfleet.demo.cast import (
    AUTHORISED_BY,
    CHALLENGED,
    CLIENTS,
    LONG_WINDED,
    PER_CLIENT,
    UNSURE,
    Member,
    as_csv,
    cast,
    proxies_of,
)
from igfleet.runners.distribution import round_robin
from igfleet.ui import library, targets
from igfleet.ui.captions import sets as caption_sets
from igfleet.ui.context import UiContext
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.models import Account, Proxy, Role, User
from igfleet.ui.people import add_user
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.plan import plan

ACTOR = "demo"
_USER = "demo"
_FEW = 4
"""So many accounts of a client take part in each small order."""


async def is_seeded(ui: UiContext) -> bool:
    """Whether the examples are there already, whole."""
    async with ui.database.sessions() as session:
        return await session.scalar(select(User.id).where(User.name == _USER)) is not None


async def seed(ui: UiContext, sandbox: dict[str, str], clips: Sequence[Path], pictures: Sequence[Path]) -> None:
    """Accounts and faults into the sandbox, accounts, media and drafts into igfleet. The user comes last of all."""
    members = cast()
    passwords = proxies_of(members)
    await _tell_sandbox(sandbox["control_url"], members, passwords)
    proxy = urlsplit(sandbox["proxy_url"])
    table = as_csv(members, passwords, str(proxy.hostname), proxy.port or 0)
    async with ui.database.sessions.begin() as session:
        await apply_accounts(session, ui.vault, table, authorised_by=AUTHORISED_BY, actor=ACTOR)
    at_once = asyncio.Semaphore(os.cpu_count() or 1)
    added = await asyncio.gather(*(_add(ui, file, at_once) for file in (*clips, *pictures)))
    media, portraits = added[: len(clips)], added[len(clips) :]
    async with ui.database.sessions.begin() as session:
        await _order_others(session, ui, media, portraits)
        await _order(session, ui, media, [clip.name for clip in clips])
        for name, captions in orders.caption_sets().items():
            await caption_sets.keep(session, name, captions, ACTOR)
        await add_user(session, _USER, secrets.token_urlsafe(24), Role.ADMIN, ACTOR)


async def follow_sandbox(ui: UiContext, port: int) -> None:
    """The sandbox may listen elsewhere than the last time: its proxies move along."""
    async with ui.database.sessions.begin() as session:
        moved = Proxy.host == "127.0.0.1", Proxy.port > 1023, Proxy.port != port
        await session.execute(update(Proxy).where(*moved).values(port=port))


async def _tell_sandbox(control_url: str, members: Sequence[Member], passwords: dict[str, str]) -> None:
    accounts = [
        {
            "username": one.username,
            "password": one.password,
            "totp_secret": one.totp_secret or None,
            "state": "challenge_native" if one.username == CHALLENGED else "ok",
            "pictures": 2,
            "stories": 1,
        }
        for one in members
    ]
    lost_answer = {"act": "drop_after", "account": UNSURE, "path": "configure_to_clips", "count": 1}
    async with httpx.AsyncClient(base_url=f"{control_url}/v1/", trust_env=False, timeout=30) as client:
        (await client.post("accounts", json={"accounts": accounts})).raise_for_status()
        (await client.post("faults", json=lost_answer)).raise_for_status()
        for name, password in passwords.items():
            (await client.post("proxies", json={"username": name, "password": password})).raise_for_status()


async def _add(ui: UiContext, file: Path, at_once: asyncio.Semaphore) -> int:
    async with at_once:
        stored = await library.receive_file(ui, file)
        async with ui.database.sessions.begin() as session:
            media_id = (await library.add(session, stored, file.name, ACTOR)).media.id
        await library.probe(ui, media_id)
    return media_id


async def _order_others(session: AsyncSession, ui: UiContext, clips: Sequence[int], pictures: Sequence[int]) -> None:
    """A draft of each kind but the bulk upload, and people to follow."""
    await targets.add(session, orders.NEIGHBOURS, [f"lake_{number:02d}" for number in range(1, 11)], ACTOR)
    few = {client: await drafts.accounts_named(session, _few_of(client)) for client in CLIENTS}
    everybody = list(await session.scalars(select(Account.id).order_by(Account.username)))
    for draft in orders.of_other_kinds(few, everybody, clips, pictures):
        task = await drafts.create(session, ui.settings, draft, ACTOR)
        await plan(session, ui.settings, task.id)


def _few_of(client: str) -> list[str]:
    """Accounts that take no part in the campaigns."""
    return [f"{client}_{number:02d}" for number in range(PER_CLIENT - _FEW + 1, PER_CLIENT + 1)]


async def _order(session: AsyncSession, ui: UiContext, media: Sequence[int], names: Sequence[str]) -> None:
    launched = await drafts.accounts_tagged(session, "launch")
    usernames = list(
        await session.scalars(select(Account.username).where(Account.id.in_(launched)).order_by(Account.username))
    )
    dealt = round_robin(len(launched), len(media), 2)
    video = next(names[card.video] for card in dealt if usernames[card.account] == LONG_WINDED)
    evening = await drafts.accounts_tagged(session, "evening")
    for draft in (orders.evening(evening, media), orders.launch(launched, media, names, video)):
        task = await drafts.create(session, ui.settings, draft, ACTOR)
        await plan(session, ui.settings, task.id)
