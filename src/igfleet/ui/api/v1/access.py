"""Who may call the operator API: people's programs with a key, each within the key's scopes."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.errors import Forbidden
from igfleet.ui.context import UiContext
from igfleet.ui.keys.holder import Holder, not_found
from igfleet.ui.models import Account, BulkJob, Hold, Post, Role, Task
from igfleet.ui.scope.reach import require_reach

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FLEET = {"fleet": True}
"""In a handler's `opt`: it is about no account in particular, so a key for some accounts does not open it."""
MANAGERS = {"role": Role.MANAGER, **FLEET}
ADMINS = {"role": Role.ADMIN, **FLEET}
Caller = NamedDependency[Holder]


async def only_keys(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A route's `opt` says the least `role` (viewer for reading, operator for the rest by default) and `fleet`."""
    ui: UiContext = connection.app.state.ui
    holder = await ui.keys.holder(ui.database, connection.headers.get("authorization"))
    is_safe = str(connection.scope.get("method", "GET")) in SAFE
    least = handler.opt.get("role", Role.VIEWER if is_safe else Role.OPERATOR)
    holder.require(least, writes=not is_safe, fleet=bool(handler.opt.get("fleet")))
    connection.state.holder, connection.state.scope = holder, holder.scope
    await require_reach(ui.database, holder.scope, {}, connection.path_params)


async def provide_holder(request: Request[Any, Any, Any]) -> Holder:
    holder: Holder = request.state.holder
    return holder


DEPENDENCIES = {"caller": Provide(provide_holder)}


async def account_of(session: AsyncSession, caller: Holder, account_id: int) -> Account:
    """An account that the key opens. Raises `NotFound`."""
    query = select(Account).where(Account.id == account_id, caller.accounts()).options(joinedload(Account.proxy))
    found = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise not_found("account", account_id)
    return found


async def task_of(session: AsyncSession, caller: Holder, task_id: int) -> Task:
    """A task that the key opens. Raises `NotFound`."""
    found = await session.scalar(select(Task).where(Task.id == task_id, caller.tasks()))
    if found is None:
        raise not_found("task", task_id)
    return found


async def require_named(session: AsyncSession, caller: Holder, task_id: int | None) -> None:
    """Where tasks of all kinds stand together, a key with limits names the one it means. Raises as `task_of`."""
    if task_id is not None:
        await task_of(session, caller, task_id)
    elif caller.has_limits:
        raise Forbidden("This key opens some accounts or kinds of task only: name a task.")


async def post_of(session: AsyncSession, caller: Holder, post_id: int) -> Post:
    """A post that the key opens, with its account and file. Raises `NotFound`."""
    query = select(Post).join(Task, Task.id == Post.task_id).where(Post.id == post_id, caller.tasks())
    found = (await session.execute(query.options(joinedload(Post.account), joinedload(Post.file)))).scalar_one_or_none()
    if found is None:
        raise not_found("post", post_id)
    return found


async def job_of(session: AsyncSession, caller: Holder, job_id: int) -> BulkJob:
    """A bulk job that the key opens. Raises `NotFound`."""
    found = await session.scalar(select(BulkJob).where(BulkJob.id == job_id, caller.jobs()))
    if found is None:
        raise not_found("bulk job", job_id)
    return found


async def hold_of(session: AsyncSession, caller: Holder, hold_id: int) -> Hold:
    """A paused day that the key opens. Raises `NotFound`."""
    found = await session.scalar(select(Hold).where(Hold.id == hold_id, caller.holds()))
    if found is None:
        raise not_found("paused day", hold_id)
    return found
