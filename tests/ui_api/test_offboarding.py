"""A client leaves: their secrets and files are destroyed, everybody else's stay, and a receipt tells."""

import json
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories
from tests.serving import Served

from igfleet.errors import Conflict, Invalid
from igfleet.ui.models import Account, AuditEntry, Media, Post, Role, User
from igfleet.ui.offboarding import offboard
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.users import roster

pytestmark = pytest.mark.anyio
_CLAIM = """
UPDATE account_tasks SET state = 'running', lease_expires_at = now() + interval '1 hour'
WHERE id = (SELECT min(id) FROM account_tasks)
"""
_TOLD = """
WITH hook AS (INSERT INTO webhooks (name, host, format, events, created_by)
  VALUES ('ours', 'hooks.example', 'json', '{post_published,account_needs_person}', 'user:anna') RETURNING id)
INSERT INTO deliveries (webhook_id, event, subject_id, state, body)
SELECT hook.id, told.* FROM hook, (
  SELECT 'post_published', min(p.id), 'delivered', 'of ' || a.client FROM posts p JOIN accounts a ON a.id = p.account_id
    GROUP BY a.client
  UNION ALL SELECT 'account_needs_person', min(id), 'waiting', 'of Nord' FROM accounts WHERE client = 'Nord') told
"""


async def test_what_only_a_client_used_is_destroyed_and_told(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    context = ui.context
    shas = await _staged(ui)

    with pytest.raises(Invalid):
        offboard.require_confirmed("Nord", "nord")
    left = await offboard.stop(context, "Nord", "user:anna")
    sheet = await offboard.export(context, "Nord")
    receipt = await offboard.destroy(context, "Nord", "user:anna", {"posts": len(sheet.rows)})

    assert left == 0
    assert [row[1] for row in sheet.rows] == ["nord_01", "nord_01", "nord_02", "nord_02"]
    assert receipt.facts["destroyed"] == {
        "data_keys": 3, "sealed_secrets": 3, "proxies": 1, "media": 1, "media_bytes": 1, "evidence": 0,
        "deliveries": 2,
    }  # fmt: skip
    assert (receipt.facts["people_disabled"], receipt.facts["accounts"]) == (1, ["nord_01", "nord_02"])
    assert offboard.hash_of(json.loads(json.dumps(receipt.facts))) == receipt.hash
    assert [context.storage.has(sha256) for sha256 in shas] == [False, True]
    async with context.database.sessions() as session:
        bodies = list(await session.scalars(text("SELECT body FROM deliveries ORDER BY id")))
        assert [body for body in bodies if body] == ["of Sued"]
        assert await context.vault.try_all(session) == (2, []), "of the other account, and of the proxy they shared"
        assert await _states(session) == {"Nord": {"cancelled"}, "Sued": {"planned"}}
        gone = await session.scalar(select(Account).where(Account.username == "nord_01"))
        assert gone is not None
        assert (gone.email, gone.has_password, gone.proxy_id, gone.archived_at is None) == (None, False, None, False)
        said = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "client_offboarded"))).one()
        assert said.facts["receipt"] == receipt.hash
        stored = await offboard.find_receipt(session, receipt.id)
        assert offboard.hash_of(stored.facts) == stored.hash


async def test_while_a_run_is_under_way_nothing_is_destroyed(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    await _staged(ui)
    async with ui.context.database.sessions.begin() as session:
        await session.execute(text(_CLAIM))

    left = await offboard.stop(ui.context, "Nord", "user:anna")
    with pytest.raises(Conflict, match="still under way"):
        await offboard.destroy(ui.context, "Nord", "user:anna", {})

    assert left == 1
    async with ui.context.database.sessions() as session:
        assert await ui.context.vault.try_all(session) == (5, [])


async def _staged(ui: Served) -> list[str]:
    """Two accounts of Nord and one of Sued, a proxy and a file of Nord's alone, and one of each that both use."""
    context = ui.context
    async with context.database.sessions.begin() as session:
        accounts = await factories.accounts(session, 3, client="Nord", email="n@example.com")
        accounts[2].client = "Sued"
        own, shared = await factories.proxies(session, 2)
        for account, proxy in zip(accounts, (own, shared, shared), strict=True):
            account.proxy_id = proxy.id
            account.has_password = True
            await context.vault.seal(session, "account", account.id, {"password": "of them"})
        for proxy in (own, shared):
            await context.vault.seal(session, "proxy", proxy.id, {"password": "of it"})
        media = await factories.videos(session, 2, duration_s=3)
        await _ordered(session, ui, accounts[:2], media)
        await _ordered(session, ui, accounts[2:], media[1:])
        await session.execute(text(_TOLD))
        user = await _user(session, "nils")
        await roster.change_clients(session, user, ["Nord"], "user:anna")
    shas = [medium.sha256 for medium in media]
    for sha256 in shas:
        place = context.storage.thumbnail(sha256).with_suffix("")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"a")
    return shas


async def _ordered(session: AsyncSession, ui: Served, accounts: list[Account], media: list[Media]) -> None:
    how: dict[str, Any] = {"distribution": "every_video_to_every_account", "delay_min_s": 0}
    task = await factories.draft(session, ui.context.settings, accounts, media, **how)
    await plan(session, ui.context.settings, task.id)
    await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")


async def _user(session: AsyncSession, name: str) -> User:
    user = User(name=name, password_hash="x", role=Role.VIEWER)
    session.add(user)
    await session.flush()
    return user


async def _states(session: AsyncSession) -> dict[str, set[str]]:
    """Of posts, by client."""
    found: dict[str, set[str]] = {}
    for client, state in await session.execute(select(Account.client, Post.state).join(Post)):
        found.setdefault(client, set()).add(state)
    return found
