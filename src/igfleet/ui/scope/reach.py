"""What a request names must be something that its sender sees: else it is not there, whatever the route does."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden, NotFound
from igfleet.ui.db import Database
from igfleet.ui.models import (
    Account,
    Breaker,
    BulkJob,
    Challenge,
    Evidence,
    Hold,
    LogEntry,
    Post,
    PostIncident,
    Proxy,
    RecurringTask,
    Task,
)
from igfleet.ui.scope.breakers import is_seen
from igfleet.ui.scope.scope import Scope, confine

FLEET = "fleet"
"""In a route's `opt`: what it does concerns all clients, so it needs somebody who is not limited to some."""
_NAMED: Mapping[str, tuple[str, Any]] = {
    "account_id": ("account", Account),
    "task_id": ("task", Task),
    "post_id": ("post", Post),
    "proxy_id": ("proxy", Proxy),
    "challenge_id": ("challenge", Challenge),
    "incident_id": ("incident", PostIncident),
    "evidence_id": ("evidence", Evidence),
    "line_id": ("log line", LogEntry),
    "job_id": ("bulk job", BulkJob),
    "recurring_id": ("recurring task", RecurringTask),
    "hold_id": ("paused day", Hold),
    "breaker_id": ("breaker", Breaker),
}
"""By the name of a path's parameter: what it stands for."""


async def require_reach(database: Database, scope: Scope, opt: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    """Let a limited caller do what concerns their own accounts only. Raises `Forbidden`, `NotFound`."""
    if not scope.is_limited:
        return
    if opt.get(FLEET):
        raise Forbidden(f"This concerns all clients, and you are limited to {', '.join(scope.clients)}.")
    async with database.sessions.begin() as session:
        await confine(session, scope)
        for name in _NAMED.keys() & named.keys():
            await require_seen(session, name, named[name])


async def require_seen(session: AsyncSession, name: str, key: Any) -> None:
    """Raises `NotFound` for what a confined session does not see."""
    if name in _NAMED:
        word, table = _NAMED[name]
        own = is_seen(session) if table is Breaker else []
        if await session.scalar(select(table.id).where(table.id == key, *own)) is None:
            raise NotFound(f"There is no {word} {key}.")
