"""Reading changes nothing: every GET route is asked twice, and the database is as it was."""

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.serving import Served
from tests.ui_api.holding import holder
from tests.ui_api.routes import all_routes
from tests.walks.screens import OUTSIDE, SCREENS, WRONG, address
from tests.walks.stage import furnished

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
_NOTED = {"user_sessions": ["seen_at"], "api_keys": ["last_used_at"]}
"""When somebody was last there: the only thing that reading may write."""
_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%' ORDER BY 1
"""
_CONTENT = """
SELECT md5(string_agg(row, '|' ORDER BY row))
FROM (SELECT (to_jsonb(t) - CAST(:noted AS text[]))::text AS row FROM {} t) content
"""
_BETWEEN_TICKS_S = 2.5


async def test_every_get_route_asked_twice_leaves_the_database_as_it_was(
    ui_without_proxies: Served, tmp_path: Path
) -> None:
    ui = ui_without_proxies
    await ui.user("anna")
    await furnished(ui)
    routes = [route for route in all_routes(tmp_path) if route.is_safe]
    async with ui.signed_in("boss") as person, ui.client() as worker, holder(ui) as program:
        before = await _settled(ui)
        served: set[str] = set()
        for _ in range(2):
            for route in routes:
                client = worker if route.is_api else program if route.is_operator_api else person
                served |= {route.path} if await _ask(client, route.address()) < 400 else set()
            for screen in (*SCREENS, *OUTSIDE, *WRONG):
                await _ask(person, address(screen))
        after = await _content(ui)

    assert {name for name, content in after.items() if before[name] != content} == set()
    assert len(served) > len(routes) * 0.8, "the crawl has lost its way"


async def _ask(client: httpx.AsyncClient, path: str) -> int:
    async with client.stream("GET", path, headers={"accept": "text/html"}) as answer:
        if not path.startswith("/events"):  # which has no end
            await answer.aread()
        assert answer.status_code < 500, path
        return answer.status_code


async def _content(ui: Served) -> dict[str, str]:
    async with ui.context.database.sessions() as session:
        tables = list(await session.scalars(text(_TABLES)))
        return {
            name: await session.scalar(text(_CONTENT.format(name)), {"noted": _NOTED.get(name, [])}) for name in tables
        }


async def _settled(ui: Served) -> dict[str, str]:
    """What the tables hold when the background work has nothing more to do to the new rows."""
    async with asyncio.timeout(120):
        before, now = {"": ""}, await _content(ui)
        while before != now:
            await asyncio.sleep(_BETWEEN_TICKS_S)
            before, now = now, await _content(ui)
    return now
