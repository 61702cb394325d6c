"""Who may call the API: workers with a token, each only for its own leases."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden, NotFound
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Ui
from igfleet.ui.models import Worker
from igfleet.ui.raw import Raw
from igfleet.ui.tokens import Caller


async def only_workers(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuse calls without a known token."""
    ui: UiContext = connection.app.state.ui
    connection.state.caller = await ui.tokens.caller(ui.database, connection.headers.get("authorization"))


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def provide_raw(ui: Ui) -> AsyncIterator[Raw]:
    """The driver's connection, in one transaction that ends with the request."""
    async with ui.database.transaction() as raw:
        yield raw


DEPENDENCIES = {"caller": Provide(provide_caller)}


async def check_lease(raw: Raw, caller: Caller, lease_id: UUID) -> None:
    """Refuse a token that is not the holder's. Raises `Forbidden`."""
    if caller.worker_name is None:
        return
    query = "SELECT w.name FROM account_tasks a JOIN workers w ON w.id = a.lease_holder WHERE a.lease_id = $1"
    holder = await raw.fetchval(query, lease_id)
    if holder is not None:
        caller.require_name(holder)


async def worker_of(session: AsyncSession, caller: Caller, worker_id: int) -> Worker:
    """A registered worker that the caller may act for. Raises `NotFound`, `Forbidden`."""
    worker = (await session.execute(select(Worker).where(Worker.id == worker_id))).scalar_one_or_none()
    if worker is None:
        raise NotFound(f"There is no worker {worker_id}. Register first.")
    caller.require_name(worker.name)
    return worker


def require_shared(caller: Caller) -> None:
    """The seed's calls name no worker: only the shared token may make them freely."""
    if caller.worker_name is not None:
        raise Forbidden("This call needs the shared token (WORKER_API_TOKEN).")
