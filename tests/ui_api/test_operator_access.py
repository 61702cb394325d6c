"""Who may call the operator API: every route of it with no key, a worker's token, a dead key, and keys that may less.

What a route needs stands in its handler; these tables say it a second time, so that a new route is thought about.
"""

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from tests.domain.factories import accounts
from tests.serving import Served
from tests.ui_api.holding import holder, key
from tests.ui_api.routes import Route, all_routes

from igfleet.errors import Invalid
from igfleet.ui.keys import verbs
from igfleet.ui.keys.keyring import PREFIX
from igfleet.ui.models import Account, Role

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
MANAGERS = {"POST /api/v1/standstill", "POST /api/v1/standstill/end"}
ADMINS = {
    "GET /api/v1/audit", "GET /api/v1/users", "POST /api/v1/users", "PUT /api/v1/users/{user_id:int}/role",
    "PUT /api/v1/users/{user_id:int}/clients", "POST /api/v1/users/{user_id:int}/disabling",
    "POST /api/v1/users/{user_id:int}/enabling", "GET /api/v1/settings", "PUT /api/v1/settings/{name:str}",
    "DELETE /api/v1/settings/{name:str}", "GET /api/v1/audit/chain", "POST /api/v1/users/{user_id:int}/invitation",
    "POST /api/v1/users/{user_id:int}/signout", "POST /api/v1/users/{user_id:int}/second-factor/removal",
    "GET /api/v1/webhooks", "POST /api/v1/webhooks", "PUT /api/v1/webhooks/{webhook_id:int}",
    "PUT /api/v1/webhooks/{webhook_id:int}/quiet-hours",
    "DELETE /api/v1/webhooks/{webhook_id:int}", "POST /api/v1/webhooks/{webhook_id:int}/tests",
    "GET /api/v1/webhooks/deliveries", "POST /api/v1/webhooks/deliveries/{delivery_id:int}/replay",
    "GET /api/v1/methods", "PUT /api/v1/methods/{method:str}", "POST /api/v1/worker-tokens",
    "DELETE /api/v1/worker-tokens", "GET /api/v1/mails", "POST /api/v1/mails/{mail_id:int}/replay",
}  # fmt: skip
OF_THE_WHOLE_FLEET = {
    "POST /api/v1/accounts/imports", "GET /api/v1/proxies", "GET /api/v1/proxies/{proxy_id:int}",
    "POST /api/v1/proxies/imports", "POST /api/v1/proxies/checks", "POST /api/v1/proxies/{proxy_id:int}/rotations",
    "POST /api/v1/proxies/{proxy_id:int}/replacement", "DELETE /api/v1/media/{media_id:int}", "POST /api/v1/targets",
    "DELETE /api/v1/targets", "GET /api/v1/workers", "POST /api/v1/workers/{worker_id:int}/drain",
    "GET /api/v1/breakers", "POST /api/v1/breakers/{breaker_id:int}/end", *MANAGERS, *ADMINS,
    "POST /api/v1/captions", "PUT /api/v1/captions/{set_id:int}", "DELETE /api/v1/captions/{set_id:int}",
    "GET /api/v1/reports/posts", "GET /api/v1/recurring",
    "GET /api/v1/recurring/{recurring_id:int}/occurrences", "POST /api/v1/recurring",
    "POST /api/v1/recurring/{recurring_id:int}/pause", "POST /api/v1/recurring/{recurring_id:int}/pause/end",
    "DELETE /api/v1/recurring/{recurring_id:int}", "PUT /api/v1/proxies/{proxy_id:int}/switch",
    "GET /api/v1/overview", "GET /api/v1/schedule", "GET /api/v1/logs",  # unless they name a task
    "GET /api/v1/accounts/{account_id:int}/timeline", "GET /api/v1/proxies/{proxy_id:int}/checks",
}  # fmt: skip


def _routes(folder: Path) -> list[Route]:
    return [route for route in all_routes(folder / "routes") if route.is_operator_api]


async def test_only_a_key_that_lives_and_may_opens_anything(ui: Served, tmp_path: Path) -> None:
    revoked, expired = await key(ui), await key(ui)
    await _sql(ui, f"UPDATE api_keys SET revoked_at = now() WHERE id = {revoked.key.id}")
    await _sql(ui, f"UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE id = {expired.key.id}")
    bad = ["", "Bearer wrong", f"Bearer {revoked.token}", f"Bearer {expired.token}", f"Bearer {expired.token}x"]
    async with ui.client() as worker, ui.signed_in() as browser:
        for route in _routes(tmp_path):
            for header in bad:
                answer = await worker.request(
                    route.method,
                    route.address(),
                    headers={"Authorization": header},
                )
                assert (answer.status_code, answer.json()["reason_code"]) == (401, "not_signed_in"), route.name
            for client in (worker, browser):  # a worker's token and a session of the dashboard open nothing here
                assert (await client.request(route.method, route.address())).status_code == 401, route.name


async def test_a_key_opens_no_more_than_it_says(ui: Served, tmp_path: Path) -> None:
    async with (
        holder(ui, may_write=False) as reader,
        holder(ui, role=Role.OPERATOR) as operator,
        holder(ui, tags=["north"]) as narrow,
    ):
        for route in _routes(tmp_path):
            refused = {
                "reader": await _is_forbidden(reader, route),
                "operator": await _is_forbidden(operator, route),
                "narrow": await _is_forbidden(narrow, route),
            }
            assert refused == {
                "reader": not route.is_safe,
                "operator": route.name in MANAGERS | ADMINS,
                "narrow": route.name in OF_THE_WHOLE_FLEET,
            }, route.name


async def test_a_key_of_a_viewer_may_not_write_even_if_it_says_so(ui: Served) -> None:
    async with holder(ui, person="vera", role=Role.VIEWER) as client:
        read = await client.get("/api/v1/accounts")
        written = await client.post("/api/v1/tasks", json={})

    assert (read.status_code, written.status_code) == (200, 403)
    assert "needs the role operator" in written.json()["detail"]


async def test_a_key_loses_what_its_person_loses(ui: Served) -> None:
    async with holder(ui, person="otto") as client:
        before = (await client.get("/api/v1/me")).json()["role"]
        await _sql(ui, "UPDATE users SET role = 'viewer' WHERE name = 'otto'")
        await asyncio.sleep(1.1)  # what is promised: within a second
        after = (await client.get("/api/v1/me")).json()["role"]
        await _sql(ui, "UPDATE users SET disabled_at = now() WHERE name = 'otto'")
        await asyncio.sleep(1.1)
        gone = await client.get("/api/v1/me")

    assert (before, after, gone.status_code) == ("admin", "viewer", 401)


async def test_what_is_stored_of_a_key_opens_nothing_and_its_use_is_noted(ui: Served) -> None:
    made = await key(ui)
    async with ui.client(made.token) as client:
        await client.get("/api/v1/me")
    async with ui.context.database.sessions() as session:
        [kept] = await verbs.listed(session)
        stored = str((await session.execute(text("SELECT k::text FROM api_keys k"))).scalar())

    assert kept.last_used_at is not None
    assert made.token.removeprefix(f"{PREFIX}{kept.id}_") not in stored


async def test_nobody_makes_a_key_above_themselves(ui: Served) -> None:
    with pytest.raises(Invalid, match="may not have a higher role"):
        await key(ui, person="olga", role=Role.OPERATOR) and await _made_above(ui, "olga")


async def test_a_key_for_some_accounts_sees_these_and_their_tasks_only(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        north, south, client = await accounts(session, 3)
        north.tags, south.tags, client.client = ["north"], ["south"], "Bakery"
        ids = {account.username: account.id for account in (north, south, client)}
    order = {"kind": "bulk_login", "accounts": ["nord_01"]}
    both = {"kind": "bulk_login", "accounts": ["nord_01", "nord_02"]}
    async with holder(ui) as boss, holder(ui, tags=["north"], clients=["Bakery"]) as narrow:
        own, mixed = [(await boss.post("/api/v1/tasks", json=body)).json()["task_id"] for body in (order, both)]
        seen = [row["username"] for row in (await narrow.get("/api/v1/accounts")).json()["items"]]
        tasks = [row["id"] for row in (await narrow.get("/api/v1/tasks")).json()["items"]]
        foreign = [
            (await narrow.get(f"/api/v1/accounts/{ids['nord_02']}")).status_code,
            (await narrow.post(f"/api/v1/accounts/{ids['nord_02']}/stop")).status_code,
            (await narrow.get(f"/api/v1/tasks/{mixed}")).status_code,
            (await narrow.post(f"/api/v1/tasks/{mixed}/start", json={})).status_code,
            (await narrow.post("/api/v1/tasks", json=both)).status_code,
        ]
        made = await narrow.post("/api/v1/tasks", json={**order, "accounts": ["nord_03"]})

    assert seen == ["nord_01", "nord_03"]
    assert tasks == [own]
    assert foreign == [404] * 5
    assert made.status_code == 201
    async with ui.context.database.sessions() as session:
        assert (await session.get_one(Account, ids["nord_02"])).status == "active"


async def test_a_key_for_one_kind_makes_and_sees_no_other(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 1)
    body = {"kind": "bulk_login", "accounts": ["nord_01"]}
    async with holder(ui) as boss, holder(ui, kinds=["bio"]) as narrow:
        task = (await boss.post("/api/v1/tasks", json=body)).json()["task_id"]
        made = await narrow.post("/api/v1/tasks", json=body)
        shown = await narrow.get(f"/api/v1/tasks/{task}")

    assert (made.status_code, made.json()["reason_code"]) == (403, "forbidden")
    assert shown.status_code == 404


async def _is_forbidden(client: httpx.AsyncClient, route: Route) -> bool:
    answer = await client.request(route.method, route.address())
    return answer.status_code == 403


async def _made_above(ui: Served, person: str) -> None:
    async with ui.context.database.sessions.begin() as session:
        wanted = verbs.NewKey(name="too much", role=Role.ADMIN)
        await verbs.make(session, await verbs.user_named(session, person), wanted, "test")


async def _sql(ui: Served, statement: str) -> None:
    async with ui.context.database.sessions.begin() as session:
        await session.execute(text(statement))
