"""Doing bulk jobs: a batch, and how far it is, in one transaction. A ui that dies loses at most its present batch."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from igfleet import log
from igfleet.errors import NotFound, UserError, WrongState
from igfleet.settings import UiSettings
from igfleet.ui.bulk.act import Work
from igfleet.ui.bulk.ordering import LISTS, told
from igfleet.ui.bus import Bus
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, BulkJob, BulkState, User
from igfleet.ui.scope.scope import EVERYTHING, Scope, confine, scope_of

_log = log.get(__name__)
_S = BulkState
_OPEN = [state.value for state in BulkState if state.is_open]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows that were just done."""

    told: tuple[str, int] | None = None
    """The topic and the key by which open pages hear of it."""
    has_more: bool = False


class HasWork(Protocol):
    """What the background gives."""

    @property
    def database(self) -> Database: ...

    @property
    def settings(self) -> UiSettings: ...

    @property
    def bus(self) -> Bus: ...


async def find(session: AsyncSession, job_id: int) -> BulkJob:
    """Raises `NotFound`."""
    job = await session.get(BulkJob, job_id)
    if job is None:
        raise NotFound(f"There is no bulk job {job_id}.")
    return job


async def file_of(session: AsyncSession, job_id: int) -> bytes:
    """What it wrote, as CSV. Raises `NotFound`."""
    file = await session.scalar(select(BulkJob.file).where(BulkJob.id == job_id))
    if file is None:
        raise NotFound("There is no file.")
    return file


async def open_ones(session: AsyncSession) -> list[int]:
    """Those that are not over, the oldest first."""
    query = select(BulkJob.id).where(BulkJob.state.in_(_OPEN)).order_by(BulkJob.id)
    return list(await session.scalars(query.limit(20)))


async def work(ui: HasWork, job_id: int) -> None:
    """Do it to the end, unless somebody else is at it. What the act refuses ends the job as failed."""
    batch = Batch(has_more=True)
    while batch.has_more:
        try:
            async with ui.database.sessions.begin() as session:
                await confine(session, await _scope(session, job_id))
                batch = await _batch(session, ui.settings, job_id)
        except UserError as error:
            batch = Batch()
            await _fail(ui, job_id, str(error))
        ui.bus.tell("bulk", job_id)
        if batch.told:
            ui.bus.tell(*batch.told)
    ui.bus.tell("work")


async def cancel(session: AsyncSession, job_id: int, actor: str) -> None:
    """No further batch. What is done stays done. Audited. Raises `WrongState` when it is over."""
    job = await session.scalar(select(BulkJob).where(BulkJob.id == job_id).with_for_update())
    if job is None:
        raise NotFound(f"There is no bulk job {job_id}.")
    if not BulkState(job.state).is_open:
        raise WrongState("It is over already.")
    job.state, job.message = _S.CANCELLED, f"Cancelled by {actor}: {told(job)}"
    job.finished_at = func.now()
    session.add(AuditEntry(actor=actor, action="bulk_cancelled", subject=f"bulk:{job_id}", facts={"done": job.done}))


async def _scope(session: AsyncSession, job_id: int) -> Scope:
    """What the person may see by now who ordered it."""
    user = await session.scalar(select(User).join(BulkJob, BulkJob.user_id == User.id).where(BulkJob.id == job_id))
    return scope_of(user) if user else EVERYTHING


async def _batch(session: AsyncSession, settings: UiSettings, job_id: int) -> Batch:
    """The next batch. The row's lock keeps others away until it is committed."""
    mine = select(BulkJob).where(BulkJob.id == job_id, BulkJob.state.in_(_OPEN)).options(undefer(BulkJob.ids))
    job = await session.scalar(mine.with_for_update(skip_locked=True))
    if job is None:
        return Batch()
    listed, act = LISTS[job.noun], LISTS[job.noun].acts[job.act]
    step = job.ids[job.done : job.total if act.is_whole else job.done + listed.batch]
    job.changed += await act.do(Work(session, settings, job), step)
    job.done += len(step)
    job.state = _S.RUNNING
    if job.done >= job.total:
        job.state, job.message = _S.DONE, told(job)
        job.finished_at = func.now()
        _log.info("bulk_done", job=job.id, act=job.act, rows=job.done, changed=job.changed)
    return Batch(listed.changed(job.options, step), has_more=job.done < job.total)


async def _fail(ui: HasWork, job_id: int, message: str) -> None:
    row = update(BulkJob).where(BulkJob.id == job_id, BulkJob.state.in_(_OPEN))
    async with ui.database.sessions.begin() as session:
        await session.execute(row.values(state=_S.FAILED, message=message, finished_at=func.now()))
