"""Who may call what: every route of the API with no token, a wrong one, a revoked one, and another worker's.

The tables name every route; a new one fails the first test until it says who may call it.
"""

import asyncio
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.serving import Served
from tests.ui_api.bodies import bodies
from tests.ui_api.routes import Route, all_routes
from tests.ui_api.stage import TOTP_SECRET, Stage, staged

from igfleet.ui import tokens

pytestmark = pytest.mark.anyio


class May(Enum):
    """Whom a route serves besides the shared token."""

    HOLDER = "the worker that holds the lease"
    NAMED = "the worker that is named"
    OWN = "any worker; it sees its own only"
    ANY = "any worker"
    SHARED = "nobody"


_LEASE, _POST = "/api/leases/{lease_id:uuid}", "/api/leases/{lease_id:uuid}/posts/{post_id:int}"
WHO = {
    "POST /api/workers/register": May.NAMED,
    "POST /api/workers/{worker_id:int}/heartbeat": May.NAMED,
    "POST /api/leases": May.NAMED,
    "POST /api/leases/renew": May.OWN,
    f"POST {_LEASE}/reports": May.HOLDER,
    f"PUT {_LEASE}/outcome": May.HOLDER,
    f"POST {_LEASE}/totp": May.HOLDER,
    f"POST {_LEASE}/spendings": May.HOLDER,
    f"PUT {_LEASE}/files/{{sha256:str}}": May.HOLDER,
    f"PATCH {_LEASE}/files/{{sha256:str}}": May.HOLDER,
    f"POST {_LEASE}/lookups": May.HOLDER,
    f"PUT {_LEASE}/lookups": May.HOLDER,
    f"POST {_LEASE}/challenges": May.HOLDER,
    f"GET {_LEASE}/challenges/{{challenge_id:int}}": May.HOLDER,
    f"PUT {_LEASE}/challenges/{{challenge_id:int}}/verdict": May.HOLDER,
    f"PUT {_POST}/intent": May.HOLDER,
    f"POST {_POST}/permit": May.HOLDER,
    f"PUT {_POST}/outcome": May.HOLDER,
    f"POST {_POST}/readings": May.HOLDER,
    "GET /api/media/{media_id:int}/download": May.ANY,
    "GET /api/media/images/{media_id:int}/download": May.ANY,
    "GET /api/{kind:str}/{task_id:int}/aggregate": May.OWN,
    "POST /api/{kind:str}/{task_id:int}/status": May.SHARED,
    "POST /api/bulk-accounts/{account_task_id:int}/status": May.SHARED,
    "POST /api/bulk-accounts/{account_task_id:int}/counters": May.SHARED,
    "POST /api/{kind:str}/accounts/{account_task_id:int}/status": May.SHARED,
    "POST /api/{kind:str}/accounts/{account_task_id:int}/counters": May.SHARED,
}
PUBLIC = {
    "GET /health/live", "GET /health/ready", "GET /metrics", "GET /signin", "POST /signin", "GET /setup", "POST /setup",
    "POST /signin/code", "GET /invitation", "POST /invitation",
    "GET /static/{fingerprint:str}/{name:path}",
}  # fmt: skip


def test_every_route_is_either_public_or_asks_who_calls(tmp_path: Path) -> None:
    routes = all_routes(tmp_path)

    assert {route.name for route in routes if route.is_api} == set(WHO), "say in WHO whom the new route serves"
    assert {route.name for route in routes if route.is_public} == PUBLIC


async def test_without_a_good_token_nobody_is_served(ui_without_proxies: Served, tmp_path: Path) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.ui.context.database.sessions.begin() as session:
        revoked = await tokens.make(session, "w3", "test")
        await tokens.revoke(session, "w3", "test")
    before = await _everything(stage)
    own = stage.tokens["w1"]
    for header in (None, "Bearer wrong", f"Bearer {revoked}", f"Basic {own}", "Bearer", own):
        async with stage.ui.client(None) as client:
            for route in (route for route in all_routes(tmp_path / "routes") if route.is_api):
                answer = await _call(client, stage, route, {"Authorization": header} if header else {})

                assert answer.status_code == 401, (route.name, header)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await _everything(stage) == before


async def test_a_token_that_is_revoked_stops_within_a_second(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.client("w1") as client:
        assert (await client.post("/api/leases/renew", json={"leases": []})).status_code == 200
        async with stage.ui.context.database.sessions.begin() as session:
            await tokens.revoke(session, "w1", "test")
        await asyncio.sleep(1.1)

        assert (await client.post("/api/leases/renew", json={"leases": []})).status_code == 401


async def test_another_workers_token_is_of_no_use(ui_without_proxies: Served, tmp_path: Path) -> None:
    stage = await staged(ui_without_proxies)
    before = await _everything(stage)
    async with stage.client("w2") as client:
        for route in (route for route in all_routes(tmp_path / "routes") if route.is_api):
            if WHO[route.name] in (May.ANY, May.OWN):
                continue
            answer = await _call(client, stage, route, {})

            assert answer.status_code == 403, (route.name, answer.text)
            assert answer.json()["reason_code"] == "forbidden"
    assert await _everything(stage) == before


async def test_of_what_is_not_its_own_a_worker_learns_nothing(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.client("w2") as client:
        [renewal] = (await client.post("/api/leases/renew", json={"leases": [stage.leases[0]["id"]]})).json()
        aggregate = await client.get(f"/api/bulk-tasks/{stage.task}/aggregate")
    async with stage.client("w1") as client:
        own = (await client.get(f"/api/bulk-tasks/{stage.task}/aggregate")).text

    assert renewal["is_held"] is False
    assert (aggregate.status_code, aggregate.json()["reason_code"]) == (403, "forbidden")
    assert "nord_01" not in aggregate.text
    assert "nord_01" in own
    assert TOTP_SECRET not in own, "a seed never leaves the ui with a worker's own token"


async def test_a_worker_may_read_the_task_of_a_lease_that_it_held(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.client("w1") as client:
        for lease in stage.leases:
            await client.put(f"/api/leases/{lease['id']}/outcome", json={"outcome": "released"})
        answer = await client.get(f"/api/bulk-tasks/{stage.task}/aggregate")

    assert answer.status_code == 200
    assert [one["account"]["username"] for one in answer.json()["accounts"]] == ["nord_01", "nord_02"]


async def test_a_lease_that_is_over_serves_nobody(ui_without_proxies: Served, tmp_path: Path) -> None:
    stage = await staged(ui_without_proxies)
    over = "UPDATE account_tasks SET state = 'running', lease_expires_at = now() - interval '1 second'"
    statuses = {}
    async with stage.client("w1") as client:
        for route in all_routes(tmp_path / "routes"):
            if WHO.get(route.name) is May.HOLDER:
                await stage.sql(over)  # each time: the rescue takes it back within two seconds
                statuses[route.name] = (await _call(client, stage, route, {})).json().get("reason_code")

    assert statuses == dict.fromkeys(statuses, "lease_lost")


async def test_what_is_told_under_a_lease_that_never_was_is_not_kept(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    post = stage.leases[0]["posts"][0]["id"]
    told = bodies(stage)["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/outcome"]
    async with stage.client("w2") as client:
        answer = await client.put(f"/api/leases/00000000-0000-4000-8000-000000000009/posts/{post}/outcome", json=told)

    assert answer.json()["reason_code"] == "lease_lost"
    assert await stage.sql("SELECT evidence FROM posts WHERE id = :id", id=post) == []


async def _call(client: httpx.AsyncClient, stage: Stage, route: Route, headers: dict[str, str]) -> httpx.Response:
    lease = stage.leases[0]
    address = route.address(
        worker_id=stage.workers["w1"], lease_id=lease["id"], post_id=lease["posts"][0]["id"], task_id=stage.task,
        kind="bulk_login" if "accounts" in route.path else "bulk-tasks", account_task_id=lease["account_task_id"],
        sha256="a" * 64,
    )  # fmt: skip
    if route.method == "PATCH":
        headers = {**headers, "Upload-Offset": "0"}
    return await client.request(route.method, address, json=bodies(stage).get(route.name), headers=headers)


async def _everything(stage: Stage) -> Any:
    """What must not change, as one value."""
    tables = ("account_tasks", "posts", "workers", "log_lines", "audit", "sealed_secrets")
    async with stage.ui.context.database.sessions() as session:
        whole = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
        return [await session.scalar(text(whole.format(name))) for name in tables]


async def test_a_link_that_leads_elsewhere_is_not_taken_from_a_worker(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    lease = stage.leases[0]
    [post] = lease["posts"]
    await stage.sql("UPDATE posts SET state = 'publishing' WHERE id = :id", id=post["id"])
    media = {"pk": "3400000000000000001", "code": "Ca/../x", "taken_at": "2026-05-31T12:00:00Z"}
    told = {"kind": "published", "media": media, "permalink": "javascript:alert(1)"}
    async with stage.client("w1") as client:
        answer = await client.put(f"/api/leases/{lease['id']}/posts/{post['id']}/outcome", json=told)

    assert answer.json()["permalink"] == "https://www.instagram.com/reel/Ca%2F..%2Fx/"
