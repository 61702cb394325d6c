"""Draining a worker: it finishes what it has and takes nothing new."""

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotFound
from igfleet.ui.models import AuditEntry, Worker


async def drain(session: AsyncSession, worker_id: int, actor: str, *, on: bool) -> Worker:
    """Begin it, or take it back. Audited. Raises `NotFound`."""
    worker = await session.get(Worker, worker_id)
    if worker is None:
        raise NotFound(f"There is no worker {worker_id}.")
    worker.draining_since = func.now() if on else None
    action = "worker_drained" if on else "worker_undrained"
    session.add(AuditEntry(actor=actor, action=action, subject=f"worker:{worker.name}"))
    return worker
