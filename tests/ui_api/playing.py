"""A worker, played by a test over the API, and accounts with something to do."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain.factories import accounts
from tests.serving import Served

from igfleet.ui.models import Account, AccountTask, Challenge, Proxy
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

NEVER_PAUSES = {"stop_in_a_row": 0, "stop_percent": 100, "stop_challenges": 0}
"""Options of a task that goes on, however many of its accounts fail."""


@dataclass
class Player:
    """One worker. Calls return what the ui answers; an error fails the test unless `code` names it."""

    ui: Served
    client: httpx.AsyncClient
    worker_id: int = 0
    held: list[dict[str, Any]] = field(default_factory=list)

    async def register(self, name: str = "w1") -> None:
        body = {"name": name, "version": "0", "kinds": ["bulk_login"], "methods": ["instagrapi"], "slots": 5}
        self.worker_id = (await self.call("POST", "workers/register", body))["worker_id"]

    async def lease(self, *kinds: str) -> dict[str, Any] | None:
        """One account task, or None when there is nothing to do."""
        found = await self.call("POST", "leases", {"worker_id": self.worker_id, "kinds": kinds or ["bulk_login"]})
        return found[0] if found else None

    async def leased(self) -> dict[str, Any]:
        """One account task; there must be one."""
        lease = await self.lease()
        assert lease is not None
        return lease

    async def end(self, lease: dict[str, Any], outcome: str, reason: str | None = None, **more: Any) -> str:
        body = {"outcome": outcome, "reason_code": reason, **more}
        state: str = (await self.call("PUT", f"leases/{lease['id']}/outcome", body))["state"]
        return state

    async def spend(self, lease: dict[str, Any], action: str) -> str:
        """The reason code of the refusal; empty when the act may be done."""
        answer = await self.client.post(f"/api/leases/{lease['id']}/spendings", json={"action": action})
        return str(answer.json()["reason_code"]) if answer.status_code == 423 else ""

    async def keep_session(self, lease: dict[str, Any], seq: int = 1, **more: Any) -> None:
        session = {"kind": "mobile", "settings": "{}", **more}
        await self.call("POST", f"leases/{lease['id']}/reports", {"seq": seq, "session": session})

    async def meet(self, lease: dict[str, Any], kind: str = "email_code", **more: Any) -> dict[str, Any]:
        body = {"kind": kind, "destination": "n***@e***.com", "resume": "canary-resume", **more}
        met: dict[str, Any] = await self.call("POST", f"leases/{lease['id']}/challenges", body)
        return met

    async def look(self, lease: dict[str, Any], challenge: dict[str, Any], wait_s: float = 0) -> dict[str, Any]:
        path = f"leases/{lease['id']}/challenges/{challenge['id']}?wait_s={wait_s}"
        seen: dict[str, Any] = await self.call("GET", path)
        return seen

    async def judge(self, lease: dict[str, Any], challenge: dict[str, Any], **verdict: bool) -> str:
        path = f"leases/{lease['id']}/challenges/{challenge['id']}/verdict"
        state: str = (await self.call("PUT", path, verdict))["state"]
        return state

    async def call(self, method: str, path: str, body: Any = None, code: int = 0) -> Any:
        answer = await self.client.request(method, f"/api/{path}", json=body)
        if code:
            assert answer.status_code == code, answer.text
        else:
            answer.raise_for_status()
        return answer.json()


async def ordered(
    ui: Served, names: int = 1, *, kind: str = "bulk_login", on_one_proxy: bool = False, **options: Any
) -> list[int]:
    """A started task of so many accounts; their ids. Accounts that exist already are taken.

    Each has a proxy of its own, so that what they meet has nothing in common but the kind and the worker.
    """
    async with ui.context.database.sessions.begin() as session:
        known = list(await session.scalars(select(Account).order_by(Account.id).limit(names)))
        who = known or await _made(session, names, 1 if on_one_proxy else names)
        ids = tuple(account.id for account in who)
        draft = Draft(kind=kind, name="Sign in", account_ids=ids, options=options)
        task = await create(session, ui.context.settings, draft, "user:anna")
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")
    return list(ids)


async def _made(session: AsyncSession, count: int, proxies: int) -> list[Account]:
    """Accounts with proxies that nobody asks."""
    exits = [Proxy(scheme="http", host="127.0.0.1", port=9 + number) for number in range(proxies)]
    session.add_all(exits)
    await session.flush()
    made = await accounts(session, count)
    for number, account in enumerate(made):
        account.proxy_id = exits[number % proxies].id
    await session.flush()
    return made


async def status_of(ui: Served, account_id: int) -> str:
    async with ui.context.database.sessions() as session:
        return (await session.get_one(Account, account_id)).status


async def states_of(ui: Served, account_id: int) -> list[str]:
    """Of the account's account tasks, oldest first."""
    async with ui.context.database.sessions() as session:
        rows = select(AccountTask.state).where(AccountTask.account_id == account_id).order_by(AccountTask.id)
        return list(await session.scalars(rows))


async def challenges_of(ui: Served, account_id: int) -> list[Challenge]:
    """Oldest first."""
    async with ui.context.database.sessions() as session:
        rows = select(Challenge).where(Challenge.account_id == account_id).order_by(Challenge.id)
        return list(await session.scalars(rows))
