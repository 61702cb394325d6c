"""Files that runs hand over: taken in parts under a live lease, kept where their purpose says."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from uuid import UUID

import anyio.to_thread
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.files import FileOffer, FileStanding, Origin, Purpose, stored_key
from igfleet.contracts.posts import LeasedMedia
from igfleet.contracts.states import AccountTaskState
from igfleet.errors import Invalid, LeaseLost, NotFound
from igfleet.ui import evidence, library, uploads
from igfleet.ui.context import UiContext
from igfleet.ui.models import AccountTask, Evidence, Media, Worker
from igfleet.ui.queue.compose import leased_media
from igfleet.ui.storage import Storage, Stored
from igfleet.ui.tokens import Caller

_HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the file stands; `new_media_id` names a new file of the library, which waits to be probed."""

    standing: FileStanding
    task_id: int
    new_media_id: int | None = None


async def offer(ui: UiContext, caller: Caller, lease_id: UUID, sha256: str, given: FileOffer) -> Taken:
    """Begin the file, or say how far it has come; keep it when all of it is here. Safe to repeat.

    Raises `LeaseLost`, `TooLarge`, `Damaged` (begin anew), `Invalid`.
    """
    async with ui.database.sessions.begin() as session:
        task = await _held(session, caller, lease_id)
        kept = await _kept(session, task, sha256, given)
        if kept is not None:
            return Taken(FileStanding(offset=given.size_bytes, file=kept), task.task_id)
        upload = await uploads.known(session, _owner(task), sha256)
        if upload is None:
            await _require_room(ui, session, task, given)
            upload = await uploads.begin(session, _owner(task), sha256, given.name, given.size_bytes)
    part = ui.storage.part(upload.key)
    if not ui.storage.has(sha256):
        if part.size < given.size_bytes:
            return Taken(FileStanding(offset=part.size), task.task_id)
        await ui.storage.adopt(part, expected=sha256)
    if ui.storage.size(sha256) != given.size_bytes:
        raise Invalid("The file has another size than was announced.", {"size_bytes": "is not the file's"})
    head = await anyio.to_thread.run_sync(_head, ui.storage, sha256)
    async with ui.database.sessions.begin() as session:
        taken = await _keep(session, await _held(session, caller, lease_id), sha256, given, head)
        await uploads.end(session, upload)
    part.remove()
    return taken


async def append(
    ui: UiContext, caller: Caller, lease_id: UUID, sha256: str, offset: int, chunks: AsyncIterable[bytes]
) -> FileStanding:
    """Write one part. Raises `LeaseLost`, `NotFound` (offer it first), `WrongOffset`, `TooLarge`, `Unavailable`."""
    async with ui.database.sessions.begin() as session:
        task = await _held(session, caller, lease_id)
        upload = await uploads.known(session, _owner(task), sha256)
    if upload is None:
        raise NotFound("That file was not offered.")
    part = ui.storage.part(upload.key)
    return FileStanding(offset=await ui.storage.append(part, offset, chunks, upload.size_bytes))


async def _held(session: AsyncSession, caller: Caller, lease_id: UUID) -> AccountTask:
    """The account task of a live lease of the caller, locked. Raises `LeaseLost`, `Forbidden`."""
    row = AccountTask
    is_live = (row.lease_id == lease_id, row.state == AccountTaskState.RUNNING, row.lease_expires_at > func.now())
    task = await session.scalar(select(row).where(*is_live).with_for_update())
    if task is None:
        raise LeaseLost("This lease is over: the account task was taken back, finished or cancelled. Drop the run.")
    if caller.worker_name is not None:
        holder = await session.scalar(select(Worker.name).where(Worker.id == task.lease_holder))
        caller.require_name(holder or "")
    return task


async def _kept(session: AsyncSession, task: AccountTask, sha256: str, given: FileOffer) -> LeasedMedia | None:
    """The file when an earlier call kept it already."""
    if given.purpose is Purpose.EVIDENCE:
        found = await evidence.of_lease(session, task.lease_id, given.name) if task.lease_id else None
        return _as_leased(found) if found is not None and found.sha256 == sha256 else None
    noted = task.checkpoints.get(stored_key(given.name))
    file = LeasedMedia.model_validate(noted) if noted else None
    return file if file is not None and file.sha256 == sha256 else None


async def _require_room(ui: UiContext, session: AsyncSession, task: AccountTask, given: FileOffer) -> None:
    if given.purpose is Purpose.EVIDENCE:
        await evidence.require_room(session, task, given)
    else:
        await library.require_room(ui, given.size_bytes)


async def _keep(session: AsyncSession, task: AccountTask, sha256: str, given: FileOffer, head: bytes) -> Taken:
    """Its row, the note in the checkpoints and the counter, in one transaction."""
    if given.purpose is Purpose.EVIDENCE:
        file, new_media_id = _as_leased(await evidence.keep(session, task, sha256, given, head)), None
    else:
        file, new_media_id = await _into_library(session, task, sha256, given)
        noted = file.model_dump(mode="json")
        task.checkpoints = {**task.checkpoints, stored_key(given.name): noted}
    if given.counter is not None:
        task.counters = {**task.counters, given.counter: task.counters.get(given.counter, 0) + 1}
    return Taken(FileStanding(offset=given.size_bytes, file=file), task.task_id, new_media_id)


async def _into_library(
    session: AsyncSession, task: AccountTask, sha256: str, given: FileOffer
) -> tuple[LeasedMedia, int | None]:
    origin = Origin.VARIANT if given.purpose is Purpose.VARIANT else Origin.PICTURE
    where = {"task_id": task.task_id, "account_task_id": task.id, "attempt": task.attempt}
    making = library.Making(origin, await _source(session, task, given), {**given.facts, **where})
    stored = Stored(sha256, given.size_bytes)
    added = await library.add(session, stored, given.name, f"task:{task.task_id}", making)
    return leased_media(added.media), added.media.id if added.is_new else None


async def _source(session: AsyncSession, task: AccountTask, given: FileOffer) -> int | None:
    """The source, which must be a file of the account task; None when it was deleted meanwhile. Raises `Invalid`."""
    if given.source_id is None:
        return None
    if given.source_id not in task.media_ids:
        raise Invalid("The source is no file of this account task.", {"source_id": "is not among its files"})
    return await session.scalar(select(Media.id).where(Media.id == given.source_id))


def _owner(task: AccountTask) -> str:
    return f"account_task:{task.id}"


def _head(storage: Storage, sha256: str) -> bytes:
    with storage.path(sha256).open("rb") as file:
        return file.read(_HEAD_BYTES)


def _as_leased(found: Evidence) -> LeasedMedia:
    path = f"/evidence/{found.id}"
    return LeasedMedia(id=found.id, name=found.name, path=path, sha256=found.sha256, size_bytes=found.size_bytes)
