"""A started task, two workers with tokens of their own, and leases that the first of them holds."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text
from tests.domain.factories import accounts, draft, videos
from tests.serving import Served

from igfleet.ui import tokens
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

TOTP_SECRET = "JBSWY3DPEHPK3PXP"
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Stage:
    """`leases` are the first worker's, one for each account, each with one planned post."""

    ui: Served
    task: int
    workers: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    leases: list[dict[str, Any]] = field(default_factory=list)

    def client(self, worker: str) -> httpx.AsyncClient:
        """A caller with this worker's own token."""
        return self.ui.client(self.tokens[worker])

    async def sql(self, statement: str, **given: object) -> Any:
        """One value, from behind the curtain."""
        async with self.ui.context.database.sessions.begin() as session:
            done = await session.execute(text(statement), given)
            return done.scalar() if done.returns_rows else None

    async def until(self, statement: str, value: object, seconds: float = 30) -> None:
        """Wait for what the ui does after it has answered."""
        async with asyncio.timeout(seconds):
            while await self.sql(statement) != value:  # noqa: ASYNC110  # any value
                await asyncio.sleep(0.02)

    async def lease(self, worker: str, limit: int = 100) -> list[dict[str, Any]]:
        """Claim what is free."""
        async with self.client(worker) as client:
            asked = {"worker_id": self.workers[worker], "kinds": ["bulk_upload"], "limit": limit}
            claimed: list[dict[str, Any]] = (await client.post("/api/leases", json=asked)).raise_for_status().json()
        return claimed


async def staged(ui: Served, count: int = 2, videos_each: int = 1, *, dry_run: bool = False, **options: Any) -> Stage:
    """`count` accounts, all leased to `w1`; `w2` has nothing."""
    async with ui.context.database.sessions.begin() as session:
        who = await accounts(session, count, has_totp=True)
        what = await videos(session, videos_each)
        given = {"distribution": "every_video_to_every_account", "concurrency": 100, **options}
        task = await draft(session, ui.context.settings, who, what, **given)
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="test", dry_run=dry_run)
        for account in who:
            await ui.context.vault.seal(session, "account", account.id, {"totp_secret": TOTP_SECRET})
        made = {name: await tokens.make(session, name, "test") for name in ("w1", "w2")}
    stage = Stage(ui, task.id, tokens=made)
    for name in made:
        async with stage.client(name) as client:
            body = {"name": name, "version": "0", "kinds": ["bulk_upload"], "methods": ["instagrapi"], "slots": 100}
            stage.workers[name] = (await client.post("/api/workers/register", json=body)).json()["worker_id"]
    stage.leases = await stage.lease("w1")
    assert len(stage.leases) == count
    return stage


async def form_token(browser: httpx.AsyncClient) -> str:
    """A form token of the session that the browser is in."""
    return token_in(await browser.get("/signin"))


def token_in(page: httpx.Response) -> str:
    """The form token of a page."""
    found = _TOKEN.search(page.text)
    assert found, page.text[:500]
    return found[1]
