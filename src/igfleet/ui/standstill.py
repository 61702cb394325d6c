"""Pausing everything: begun and ended by a person, obeyed by the ui at once and acknowledged by each worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.states import PostState, WorkerState
from igfleet.errors import NothingToDo
from igfleet.ui import overview
from igfleet.ui.models import AuditEntry, Post, Standstill, Worker
from igfleet.ui.queue.pauses import PERMITS

_LONGEST = 500
_PRESENT = select(Standstill).where(Standstill.ended_at.is_(None))
_PAST = Post.state == PostState.PUBLISHING


@dataclass(frozen=True, slots=True)
class Told:
    """What one worker makes of it."""

    worker: Worker
    state: WorkerState
    has_acknowledged: bool
    past_permit: int
    """Commits of it that are under way just now."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the page shows."""

    standstill: Standstill | None
    workers: Sequence[Told]
    past_permit: int
    """Commits under way just now."""

    @property
    def acknowledged(self) -> int:
        return sum(one.has_acknowledged for one in self.workers)

    @property
    def waiting_for(self) -> list[str]:
        """The workers that are there and have not acknowledged it, by name."""
        there = (WorkerState.ONLINE, WorkerState.DRAINING)
        return [one.worker.name for one in self.workers if one.state in there and not one.has_acknowledged]


async def present(session: AsyncSession) -> Standstill | None:
    """The one that has not ended."""
    return await session.scalar(_PRESENT)


async def begin(session: AsyncSession, why: str, actor: str) -> Standstill:
    """Pause everything. Audited. Again is harmless: the first reason stays."""
    await session.execute(select(func.pg_advisory_xact_lock(PERMITS)))
    known = await present(session)
    if known is not None:
        return known
    past = await session.scalar(select(func.count()).select_from(Post).where(_PAST)) or 0
    made = Standstill(began_by=actor, why=why.strip()[:_LONGEST], past_permit=past)
    session.add(made)
    facts = {"why": made.why, "past_permit": past}
    session.add(AuditEntry(actor=actor, action="everything_paused", subject="fleet", facts=facts))
    await session.flush()
    return made


async def end(session: AsyncSession, actor: str) -> None:
    """Let everything go on. Audited. Raises `NothingToDo` when nothing is paused."""
    await session.execute(select(func.pg_advisory_xact_lock(PERMITS)))
    known = await present(session)
    if known is None:
        raise NothingToDo("Not everything is paused: there is nothing to resume.")
    known.ended_at, known.ended_by = clock.now(), actor
    session.add(AuditEntry(actor=actor, action="everything_resumed", subject="fleet"))


async def gather(session: AsyncSession) -> Scene:
    """Who has acknowledged it, and what can no longer be held back."""
    standstill = await present(session)
    counted = select(Post.worker_id, func.count()).where(_PAST).group_by(Post.worker_id)
    past = dict((await session.execute(counted)).all())
    told = [
        Told(
            worker=worker,
            state=state,
            has_acknowledged=standstill is not None and worker.standstill_seen == standstill.id,
            past_permit=past.get(worker.id, 0),
        )
        for worker, state in await overview.workers(session)
    ]
    return Scene(standstill, told, sum(past.values()))
