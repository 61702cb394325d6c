"""Programs that hold a key of the operator API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tests.serving import Served

from igfleet.ui.keys import verbs
from igfleet.ui.models import Role


async def key(ui: Served, person: str = "boss", role: Role = Role.ADMIN, **limits: Any) -> verbs.Made:
    """A key of somebody with this role, made when there is none of that name; it may write unless told otherwise."""
    async with ui.context.database.sessions.begin() as session:
        known = await verbs.find_user(session, person)
    if known is None:
        await ui.user(person, role)
    async with ui.context.database.sessions.begin() as session:
        wanted = verbs.NewKey(**{"name": "test", "role": role, "may_write": True, **limits})
        return await verbs.make(session, await verbs.user_named(session, person), wanted, "test")


@asynccontextmanager
async def holder(
    ui: Served, person: str = "boss", role: Role = Role.ADMIN, **limits: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the operator API."""
    made = await key(ui, person, role, **limits)
    async with ui.client(made.token) as client:
        yield client
