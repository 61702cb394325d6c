"""What a person may see, and the one way in which a transaction is held to it.

A confined transaction finds `views.SCHEMA` before all other tables: whatever a statement asks for, it meets the
person's own rows only. So no query and no handler has to think of it, and what is forgotten is not shown.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden
from igfleet.ui.models import Role, User
from igfleet.ui.scope.views import SCHEMA

_KEY = "scope"
_CONFINE = text(
    "SELECT set_config('igfleet.clients', CAST(CAST(:clients AS text[]) AS text), true),"
    " set_config('igfleet.actor', :actor, true), set_config('igfleet.user', :user_id, true),"
    f" set_config('search_path', '{SCHEMA}, ' || current_setting('search_path'), true)"
)
_PATH = text("SELECT set_config('search_path', :path, true)")
_IS_WHOLE = text(f"SELECT {SCHEMA}.is_whole(:task_id)")


@dataclass(frozen=True, slots=True)
class Scope:
    """The clients whose accounts one person sees. None at all limits nothing."""

    user_id: int = 0
    actor: str = ""
    """`user:NAME`: of the tasks about no account, their own are theirs."""
    clients: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        return bool(self.clients)

    def may_be_client(self, client: str) -> bool:
        """Whether an account of this client would be seen."""
        return not self.clients or client in self.clients


EVERYTHING = Scope()


def scope_of(user: User) -> Scope:
    """Of one person. An admin is never limited."""
    clients = () if user.role == Role.ADMIN else tuple(user.clients)
    return Scope(user.id, f"user:{user.name}", clients)


async def confine(session: AsyncSession, scope: Scope) -> None:
    """Hold the rest of this transaction to a scope."""
    if scope.is_limited:
        given = {"clients": list(scope.clients), "actor": scope.actor, "user_id": str(scope.user_id)}
        await session.execute(_CONFINE, given)
        session.info[_KEY] = scope


def scope_in(session: AsyncSession) -> Scope:
    """What a session is held to."""
    found: Scope = session.info.get(_KEY, EVERYTHING)
    return found


@asynccontextmanager
async def lifted(session: AsyncSession) -> AsyncIterator[None]:
    """For what is derived from all rows, such as a task's state: nothing that was read here is shown."""
    if not scope_in(session).is_limited:
        yield
        return
    await session.flush()
    path = await session.scalar(text("SELECT current_setting('search_path')"))
    await session.execute(_PATH, {"path": str(path).removeprefix(f"{SCHEMA}, ")})
    yield
    await session.flush()
    await session.execute(_PATH, {"path": path})


async def is_whole(session: AsyncSession, task_id: int) -> bool:
    """Whether all that a task is about is seen."""
    return not scope_in(session).is_limited or bool(await session.scalar(_IS_WHOLE, {"task_id": task_id}))


async def require_whole(session: AsyncSession, task_id: int) -> None:
    """Let nobody act on a task as a whole who sees a part of it only. Raises `Forbidden`."""
    if not await is_whole(session, task_id):
        raise Forbidden(
            f"Task {task_id} is about accounts of other clients too: it needs somebody who sees them all."
            " You can act on your own accounts."
        )
