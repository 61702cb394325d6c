"""The tokens of workers: one shared by all (`WORKER_API_TOKEN`), or one of each worker's own.

Own tokens look like `igfw_<id>_<random>` and are stored as their sha256. A revoked one stops working within a second.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden, NotFound, NotSignedIn
from igfleet.log import redactor
from igfleet.settings import UiSettings
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, WorkerToken

_CACHE_S = 1.0
_CACHE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API. `worker_name` is None for the shared token, which may act for any worker."""

    worker_name: str | None
    token_id: int | None

    def require_name(self, name: str) -> None:
        """Raises `Forbidden` when the token belongs to another worker."""
        if self.worker_name is not None and self.worker_name != name:
            raise Forbidden(f"This token belongs to the worker {self.worker_name!r}, not to {name!r}.")


class Tokens:
    """Tells who a bearer token belongs to."""

    def __init__(self, settings: UiSettings) -> None:
        shared = settings.worker_api_token
        self._shared = _digest(shared.get_secret_value()) if shared and shared.get_secret_value() else None
        self._known: dict[bytes, tuple[float, Caller]] = {}

    async def caller(self, database: Database, header: str | None) -> Caller:
        """The caller behind an `Authorization` header. Raises `NotSignedIn`."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("A worker's token is needed: send `Authorization: Bearer <token>`.")
        digest = _digest(token.strip())
        if self._shared is not None and hmac.compare_digest(digest, self._shared):
            return Caller(None, None)
        cached = self._known.get(digest)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        return await self._look_up(database, digest)

    async def _look_up(self, database: Database, digest: bytes) -> Caller:
        async with database.sessions() as session:
            query = select(WorkerToken).where(WorkerToken.digest == digest, WorkerToken.revoked_at.is_(None))
            token = (await session.execute(query)).scalar_one_or_none()
        self._known.pop(digest, None)
        if token is None:
            raise NotSignedIn("This token is not known here, or it was revoked. Check UI_API_TOKEN of the worker.")
        if len(self._known) >= _CACHE_MAX:
            self._known.clear()
        caller = Caller(token.worker_name, token.id)
        self._known[digest] = (time.monotonic() + _CACHE_S, caller)
        return caller


async def make(session: AsyncSession, worker_name: str, actor: str) -> str:
    """A new token for the worker of this name. It can be shown only now."""
    row = WorkerToken(digest=secrets.token_bytes(32), worker_name=worker_name, created_by=actor)
    session.add(row)
    await session.flush()  # the id is part of the token
    token = f"igfw_{row.id}_{secrets.token_urlsafe(32)}"
    redactor.learn(token)
    row.digest = _digest(token)
    session.add(
        AuditEntry(actor=actor, action="worker_token_made", subject=f"worker:{worker_name}", facts={"id": row.id})
    )
    return token


async def revoke(session: AsyncSession, worker_name: str, actor: str) -> int:
    """Revoke every token of a worker. Returns how many. Raises `NotFound` when there was none."""
    query = (
        update(WorkerToken)
        .where(WorkerToken.worker_name == worker_name, WorkerToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(WorkerToken.id)
    )
    revoked = list(await session.scalars(query))
    if not revoked:
        raise NotFound(f"The worker {worker_name!r} has no token.")
    session.add(
        AuditEntry(actor=actor, action="worker_token_revoked", subject=f"worker:{worker_name}", facts={"ids": revoked})
    )
    return len(revoked)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
