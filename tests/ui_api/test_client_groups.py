"""Who is limited to a client sees and touches nothing of another: every route, read from the application itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.serving import Served
from tests.ui_api.holding import holder
from tests.ui_api.routes import Route, all_routes
from tests.ui_api.stage import form_token
from tests.ui_api.two_clients import CANARY, Client, two_clients

from igfleet.ui.models import Role

pytestmark = pytest.mark.anyio
_ENDLESS = "/events"
_ASIDE = {"/signout", "/schema", "/api/v1/openapi.json", "/docs/api", "/docs/api/openapi.json"}
"""Signing out ends the test; the others describe routes."""
_STRETCH = {"since": "2020-01-01T00:00:00+00:00", "until": "2029-01-01T00:00:00+00:00"}
_LIMIT = "UPDATE users SET clients = '{Bakery}' WHERE name = 'lena'"
_TABLES = (
    "accounts", "account_tasks", "posts", "tasks", "challenges", "post_incidents", "proxies", "recurring_tasks",
    "holds", "breakers", "bulk_jobs", "log_lines", "audit", "media", "targets", "caption_sets",
)  # fmt: skip


@asynccontextmanager
async def limited(ui: Served) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient, Client, Client]]:
    """A manager who sees the bakery only: her browser, her program; what is the bakery's, and what is not."""
    await ui.user("otto", Role.OPERATOR)
    async with (
        ui.signed_in("lena", Role.MANAGER) as browser,
        holder(ui, "lena", Role.MANAGER) as program,
    ):
        own, foreign = await two_clients(ui, "user:lena", "user:otto")
        await _sql(ui, _LIMIT)
        yield browser, program, own, foreign


async def test_no_page_and_no_answer_names_what_is_another_clients(ui_without_proxies: Served, tmp_path: Path) -> None:
    async with limited(ui_without_proxies) as (browser, program, own, _):
        for route in _routes(tmp_path, safe=True):
            for task in _tasks_for(route):
                answer = await _call(browser, program, route, own.keys | {"task_id": own.keys[task]})

                assert answer.status_code < 500, (route.name, answer.text)
                assert CANARY not in answer.text.lower(), (route.name, task, _around(answer.text))
        for path in _SEARCHES:
            assert CANARY not in (await browser.get(path)).text, path
        for path in ("/accounts", "/tasks", "/proxies", "/inbox", "/logs", "/schedule/recurring", "/bulk", "/reports"):
            assert "bakery" in (await browser.get(path)).text.lower(), path


async def test_what_is_another_clients_is_not_there_and_stays_as_it_was(
    ui_without_proxies: Served, tmp_path: Path
) -> None:
    async with limited(ui_without_proxies) as (browser, program, own, foreign):
        token = await form_token(browser)
        before = await _everything(ui_without_proxies)
        for route in [*_routes(tmp_path, safe=True), *_routes(tmp_path, safe=False)]:
            names_something = any(f"{{{name}:" in route.path for name in foreign.keys)
            if not names_something and not route.opt.get("fleet"):
                continue
            for task in ("task_id", "draft") if "{task_id" in route.path else ("task_id",):
                answer = await _call(browser, program, route, foreign.keys | {"task_id": foreign.keys[task]}, token)

                expected = 403 if route.opt.get("fleet") else 404
                assert answer.status_code == expected, (route.name, answer.status_code, answer.text[:300])
                assert CANARY not in answer.text.lower(), route.name
        for verb in ("cancellation", "pause", "pause/end", "canary/end", "retry", "clones"):
            answer = await browser.post(f"/tasks/{own.keys['mixed']}/{verb}", data={"csrf": token})

            assert answer.status_code == 403, verb
        body = {"kind": "bulk_login", "accounts": [foreign.username]}
        assert (await program.post("/api/v1/tasks", json=body)).status_code == 404
        assert await _everything(ui_without_proxies) == before


async def test_what_a_form_names_of_another_client_is_not_taken(ui_without_proxies: Served) -> None:
    async with limited(ui_without_proxies) as (browser, program, own, foreign):
        token, theirs = await form_token(browser), foreign.keys
        before = await _everything(ui_without_proxies)
        refused = {
            "/bulk/new/accounts": {"act": "pause", "row": theirs["account_id"]},
            "/bulk/new/tasks": {"act": "pause", "row": theirs["task_id"]},
            "/bulk/new/proxies": {"act": "check", "row": theirs["proxy_id"]},
            "/bulk/new/account_tasks": {"act": "cancel", "task": theirs["task_id"], "all": "1"},
            "/proxies/checks": {"row": theirs["proxy_id"]},
            f"/proxies/{own.keys['proxy_id']}/replacement": {"new_id": theirs["proxy_id"]},
            "/schedule/holds": {"date": "2030-01-01", "zone": "UTC", "task": theirs["task_id"]},
            "/schedule/move": {"task": theirs["task_id"], "zone": "UTC", "to": "2030-01-01T10:00", **_STRETCH},
            "/schedule/recurring": {"task": theirs["task_id"], "name": "x", "at": "09:00", "timezone": "UTC"},
        }
        for path, form in refused.items():
            answer = await browser.post(path, data={"csrf": token, **form})

            assert 400 <= answer.status_code < 500, (path, answer.status_code)
            assert CANARY not in answer.text.lower(), path
        for topic in ("task", "bulk"):
            key = theirs["task_id" if topic == "task" else "job_id"]
            assert (await browser.get(f"/events?topic={topic}&id={key}", timeout=5)).status_code == 404
        orders = [{"accounts": [foreign.username]}, {"account_ids": [theirs["account_id"]]}, {"tag": CANARY}]
        for order in orders:
            answer = await program.post("/api/v1/tasks", json={"kind": "bulk_login", **order})
            assert answer.status_code in (404, 422), (order, answer.text)
        assert await _everything(ui_without_proxies) == before


async def test_with_her_own_she_does_all_that_others_do(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with limited(ui) as (browser, program, own, foreign):
        token, keys = await form_token(browser), own.keys
        body = {"kind": "bulk_upload", "accounts": [own.username], "media": [{"media_id": 3}]}
        made = (await program.post("/api/v1/tasks", json=body)).json()["task_id"]
        for verb in ("plan", "start", "pause", "pause/end", "cancellation", "clones"):
            answer = await program.post(f"/api/v1/tasks/{made}/{verb}", json={})
            assert answer.status_code in (200, 201), (verb, answer.text)
        done = {
            f"/accounts/{keys['account_id']}/stop": {},
            f"/accounts/{keys['account_id']}/resumption": {},
            f"/accounts/{keys['account_id']}/notes": {"note": "seen"},
            "/schedule/move": {"task": keys["mixed"], "zone": "UTC", "to": "2030-01-01T10:00", **_STRETCH},
            "/schedule/holds": {"date": "2030-01-01", "zone": "UTC", "why": "a holiday"},
            f"/schedule/holds/{keys['hold_id']}/end": {},
            "/schedule/recurring": {
                "task": keys["task_id"], "name": "again", "at": "09:00", "timezone": "UTC", "weekdays": ["0"],
                "missed": "skip", "late_min": "60",
            },
            f"/inbox/{keys['challenge_id']}/omission": {},
            f"/inbox/incidents/{keys['incident_id']}/closing": {},
            f"/breakers/{keys['breaker_id']}/end": {},
            "/proxies/checks": {"row": keys["proxy_id"]},
            "/bulk/new/accounts": {"act": "tag", "all": "1", "option": "hers"},
        }  # fmt: skip
        for path, form in done.items():
            answer = await browser.post(path, data={"csrf": token, **form})
            assert answer.status_code == 303, (path, answer.status_code, answer.text[-2000:])
        async with asyncio.timeout(30):
            while "1 account tagged" not in (await browser.get(answer.headers["location"])).text:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async with ui.context.database.sessions() as session:
        rows = await session.execute(text("SELECT client, tags, status FROM accounts ORDER BY id"))
        tasks = dict((await session.execute(text("SELECT id, state FROM tasks"))).all())
        held = await session.scalar(text("SELECT count(*) FROM posts WHERE hold_id IS NOT NULL"))
        moved = text(
            "SELECT username, scheduled_at > now() FROM posts p JOIN accounts o ON o.id = p.account_id"
            " WHERE p.task_id = :id ORDER BY username"
        )
        times = dict((await session.execute(moved, {"id": keys["mixed"]})).all())
    assert [tuple(row) for row in rows] == [
        ("Bakery", ["bakery", "hers"], "active"), (foreign.name, [CANARY], "active")
    ]  # fmt: skip
    assert tasks[made] == "cancelled"
    assert tasks[keys["mixed"]] in ("queued", "running")
    assert held == 1, "hers alone"
    assert times == {own.username: True, foreign.username: None}, "moved is hers alone"


def _routes(folder: Path, *, safe: bool) -> list[Route]:
    found = [one for one in all_routes(folder) if not one.is_public and not one.is_api and one.path not in _ASIDE]
    return [one for one in found if one.is_safe == safe and one.opt.get("role") is not Role.ADMIN]


def _tasks_for(route: Route) -> tuple[str, ...]:
    """Which of her tasks a route is asked for: one that is about another client too wherever there is a choice."""
    if "{task_id" not in route.path:
        return ("task_id",)
    return ("draft", "mixed") if route.path.endswith(("/plan", "/edit")) else ("mixed",)


async def _call(
    browser: httpx.AsyncClient, program: httpx.AsyncClient, route: Route, keys: dict[str, Any], token: str = ""
) -> httpx.Response:
    address = route.address(**{"media_id": 1, "field": "password", "noun": "accounts", **keys})
    if route.path.startswith("/bulk/new"):
        address += "?act=tag"
    if route.path == "/schedule/recurring/new":
        address += f"?task={keys['task_id']}"
    if route.path == _ENDLESS:
        address += "?topic=task&id=999999"
    if route.is_operator_api:
        return await program.request(route.method, address, json=None if route.is_safe else {})
    form = None if route.is_safe else {"csrf": token}
    return await browser.request(route.method, address, data=form, headers={"X-CSRF-Token": token} if token else {})


_SEARCHES = [f"/{page}?q={CANARY[:-1]}" for page in ("accounts", "tasks", "proxies", "logs", "find", "reports")]


def _around(answer: str) -> str:
    at = answer.lower().index(CANARY)
    return answer[max(0, at - 200) : at + 100]


async def _everything(ui: Served) -> list[Any]:
    """All rows as one value; whether a post is watched yet changes by itself."""
    rows = "SELECT (to_jsonb(t) - 'is_watched')::text FROM {} t"
    whole = f"SELECT md5(string_agg(row, '|' ORDER BY row)) FROM ({rows}) a(row)"
    async with ui.context.database.sessions() as session:
        return [await session.scalar(text(whole.format(name))) for name in _TABLES]


async def _sql(ui: Served, statement: str) -> None:
    async with ui.context.database.sessions.begin() as session:
        await session.execute(text(statement))
