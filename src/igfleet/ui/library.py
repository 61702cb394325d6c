"""The library: files enter it once, are probed, and leave it when nothing needs them any more."""

from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import anyio
import anyio.to_thread
from pydantic import JsonValue
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import log
from igfleet.contracts.files import Origin
from igfleet.contracts.states import MediaState
from igfleet.errors import Conflict, NotFound, TooLarge
from igfleet.media.examine import Examined, examine
from igfleet.media.facts import MediaKind, NotMedia
from igfleet.media.ffmpeg import ToolMissing, locate_ffmpeg
from igfleet.media.limits import MediaProblem, problems
from igfleet.media.probe import probed
from igfleet.settings import UiSettings
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, Evidence, Media, Post, TaskMedia, Upload
from igfleet.ui.storage import Storage, Stored

_log = log.get(__name__)
_NAME_MAX = 200
_PROBED_WITHIN = timedelta(minutes=2)
_FORGOTTEN_AT_ONCE = 100


class HasLibrary(Protocol):
    """What the library needs of the ui."""

    @property
    def settings(self) -> UiSettings: ...
    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...


@dataclass(frozen=True, slots=True)
class Making:
    """How a file came to be that nobody uploaded."""

    origin: Origin
    source_id: int | None
    facts: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Added:
    """`is_new` is false when the same bytes were there already: then it is the row of before."""

    media: Media
    is_new: bool


async def receive(ui: HasLibrary, chunks: AsyncIterable[bytes]) -> Stored:
    """Write an upload to disk, outside any transaction: it may take minutes. Raises `TooLarge`, `Unavailable`."""
    return await ui.storage.store(chunks, await room_bytes(ui))


async def receive_file(ui: HasLibrary, path: Path) -> Stored:
    """The same for a file of this machine."""
    return await ui.storage.store_file(path, await room_bytes(ui))


async def room_bytes(ui: HasLibrary) -> int:
    """How much the library may still grow, with all that is on its way."""
    async with ui.database.sessions() as session:
        kept = select(func.coalesce(func.sum(Media.size_bytes), 0)).scalar_subquery()
        is_coming = Upload.media_id.is_(None)
        coming = select(func.coalesce(func.sum(Upload.size_bytes), 0)).where(is_coming).scalar_subquery()
        used = await session.scalar(select(kept + coming))
    return max(0, ui.settings.media_quota_bytes - int(used or 0))


async def require_room(ui: HasLibrary, size_bytes: int) -> None:
    """Raises `TooLarge` for a file that the library would not take."""
    most = ui.settings.media_max_bytes
    if size_bytes > most:
        raise TooLarge(f"The file is larger than {most / 1024**2:,.0f} MB, the most that MEDIA_MAX_BYTES allows.")
    if size_bytes > await room_bytes(ui):
        raise TooLarge("The library is full: delete what is no longer needed, or raise MEDIA_QUOTA_BYTES.")


async def add(session: AsyncSession, stored: Stored, name: str, actor: str, making: Making | None = None) -> Added:
    """The row of a stored file. A new one is `probing` until `probe` was run on it."""
    made = await session.scalar(
        insert(Media)
        .values(
            sha256=stored.sha256,
            name=plain_name(name),
            size_bytes=stored.size_bytes,
            added_by=actor,
            origin=making.origin if making else Origin.UPLOADED,
            source_id=making.source_id if making else None,
            making=making.facts if making else {},
        )
        .on_conflict_do_nothing()
        .returning(Media.id)
    )
    media = (await session.execute(select(Media).where(Media.sha256 == stored.sha256))).scalar_one()
    return Added(media, made is not None)


async def probe(ui: HasLibrary, media_id: int) -> MediaState:
    """Find out what the file is and whether it can be published. Safe to repeat. Raises `NotFound`."""
    async with ui.database.sessions() as session:
        media = await find(session, media_id)
    try:
        found = await _examined(ui, media.sha256)
    except (NotMedia, NotFound) as error:
        todo = "Upload another file." if isinstance(error, NotMedia) else ""
        problem = MediaProblem(code=error.reason_code, sentence=str(error), todo=todo)
        return await _note(ui, media_id, MediaState.BROKEN, None, (problem,))
    state = MediaState.READY if found.is_publishable else MediaState.UNPUBLISHABLE
    return await _note(ui, media_id, state, found, found.problems)


async def forgotten(session: AsyncSession) -> Sequence[int]:
    """The files that wait for `probe` for so long that whoever should have done it is gone, the oldest first."""
    waiting = Media.state == MediaState.PROBING, Media.created_at < func.now() - _PROBED_WITHIN
    return (await session.scalars(select(Media.id).where(*waiting).order_by(Media.id).limit(_FORGOTTEN_AT_ONCE))).all()


async def find(session: AsyncSession, media_id: int) -> Media:
    """The row. Raises `NotFound`."""
    media = await session.get(Media, media_id)
    if media is None:
        raise NotFound(f"There is no medium {media_id} in the library.")
    return media


async def thumbnail(ui: HasLibrary, media: Media) -> bytes:
    """Its small picture, a JPEG. Raises `NotFound` while it was not looked at, and for what shows nothing."""
    try:
        return await anyio.Path(ui.storage.thumbnail(media.sha256)).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"There is no thumbnail of {media.name}.") from error


async def find_named(session: AsyncSession, reference: str) -> Media:
    """A medium by its id, its sha256, or its name if only one has it. Raises `NotFound`, `Conflict`."""
    if reference.isdecimal() and len(reference) < 19:
        media = await session.get(Media, int(reference))
        if media is not None:
            return media
    same = or_(Media.name == reference, Media.sha256 == reference)
    found = (await session.scalars(select(Media).where(same).order_by(Media.id).limit(3))).all()
    if not found:
        raise NotFound(f"There is no medium named {reference!r} in the library.")
    if len(found) > 1:
        raise Conflict(f"Several media are named {reference!r}: name it by its id ({found[0].id}, {found[1].id}, …).")
    return found[0]


async def delete(session: AsyncSession, media: Media, actor: str) -> None:
    """Take the row out. Raises `Conflict` while a task or post uses it. `remove_file` follows after the commit."""
    in_tasks = select(TaskMedia.task_id).where(
        or_(TaskMedia.media_id == media.id, TaskMedia.cover_media_id == media.id)
    )
    in_posts = select(Post.task_id).where(or_(Post.media_id == media.id, Post.cover_media_id == media.id))
    used = await session.scalar(in_tasks.union(in_posts).limit(1))
    if used is not None:
        raise Conflict(f"{media.name} is used by task {used}, so it stays: the record of what was published needs it.")
    session.add(
        AuditEntry(actor=actor, action="media_deleted", subject=f"media:{media.id}", facts={"name": media.name})
    )
    await session.delete(media)


async def remove_file(ui: HasLibrary, sha256: str) -> None:
    """Remove the bytes, unless the same file was added again meanwhile, or is evidence too."""
    in_library = select(Media.sha256).where(Media.sha256 == sha256)
    as_evidence = select(Evidence.sha256).where(Evidence.sha256 == sha256)
    async with ui.database.sessions() as session:
        if await session.scalar(in_library.union_all(as_evidence).limit(1)) is None:
            await anyio.to_thread.run_sync(ui.storage.remove, sha256)


async def _examined(ui: HasLibrary, sha256: str) -> Examined:
    path = ui.storage.path(sha256)
    try:
        return await examine(path, locate_ffmpeg(ui.settings.ffmpeg), ui.storage.thumbnail(sha256))
    except ToolMissing as error:
        _log.warning("thumbnail_skipped", why=str(error))
        facts = await probed(path)
        return Examined(facts, problems(facts))


async def _note(
    ui: HasLibrary,
    media_id: int,
    state: MediaState,
    found: Examined | None,
    noted: Sequence[MediaProblem],
) -> MediaState:
    async with ui.database.sessions.begin() as session:
        media = await find(session, media_id)
        media.state = state
        media.problems = [problem.model_dump(mode="json") for problem in noted]
        media.has_thumbnail = ui.storage.thumbnail(media.sha256).is_file()
        if found is not None:
            media.kind = MediaKind(found.facts.kind)
            media.duration_s = found.facts.duration_s
            media.width, media.height = found.facts.width, found.facts.height
            media.facts = found.facts.model_dump(mode="json")
    _log.info("media_probed", media_id=media_id, state=state)
    return state


def plain_name(name: str) -> str:
    """The last part of the given name, printable and not too long: for people, never a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return printable[-_NAME_MAX:] or "unnamed"
