"""Files that people bring into the library in parts: they go on after a cut, a reload, another day's sign-in."""

from collections.abc import AsyncIterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui import library, uploads
from igfleet.ui.library import HasLibrary
from igfleet.ui.models import Upload


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload has come; `media_id` when the file is in the library."""

    id: int
    name: str
    offset: int
    size: int
    media_id: int | None = None
    is_new: bool = False
    """The library did not have these bytes before."""

    @property
    def percent(self) -> int:
        return int(100 * self.offset / self.size)


async def begin(ui: HasLibrary, actor: str, name: str, size: int, modified: int) -> Standing:
    """Begin, or go on: the same file (by name, size and time of change) is the same upload.

    Raises `Invalid`, `TooLarge`, `TooManyRequests`.
    """
    if size < 1:
        raise Invalid(f"{name} is empty.", {"size": "is 0"})
    mark = f"{size}:{modified}:{name}"
    async with ui.database.sessions.begin() as session:
        upload = await uploads.known(session, actor, mark)
        if upload is None:
            await library.require_room(ui, size)
            upload = await uploads.begin(session, actor, mark, name, size)
    return await _finished_when_whole(ui, actor, upload)


async def append(ui: HasLibrary, actor: str, upload_id: int, offset: int, chunks: AsyncIterable[bytes]) -> Standing:
    """Write one part; the last one brings the file into the library.

    Raises `NotFound` (begin anew), `WrongOffset`, `TooLarge`, `Unavailable`.
    """
    async with ui.database.sessions.begin() as session:
        upload = await uploads.find(session, upload_id, actor)
    if upload.media_id is None:
        await ui.storage.append(ui.storage.part(upload.key), offset, chunks, upload.size_bytes)
    return await _finished_when_whole(ui, actor, upload)


async def forget(ui: HasLibrary, actor: str, upload_id: int) -> None:
    """Give one up. Raises `NotFound`."""
    async with ui.database.sessions.begin() as session:
        upload = await uploads.find(session, upload_id, actor)
        await uploads.end(session, upload)
    ui.storage.part(upload.key).remove()


async def broken_off(ui: HasLibrary, session: AsyncSession, actor: str) -> list[Standing]:
    """What this person began and did not finish."""
    return [_standing(ui, upload) for upload in await uploads.of(session, actor) if upload.media_id is None]


async def _finished_when_whole(ui: HasLibrary, actor: str, upload: Upload) -> Standing:
    standing = _standing(ui, upload)
    if standing.media_id is not None or standing.offset < standing.size:
        return standing
    part = ui.storage.part(upload.key)
    stored = await ui.storage.adopt(part)
    async with ui.database.sessions.begin() as session:
        added = await library.add(session, stored, upload.name, actor)
        await uploads.become(session, upload, added.media.id)
    part.remove()
    return Standing(upload.id, upload.name, upload.size_bytes, upload.size_bytes, added.media.id, added.is_new)


def _standing(ui: HasLibrary, upload: Upload) -> Standing:
    offset = ui.storage.part(upload.key).size if upload.media_id is None else upload.size_bytes
    return Standing(upload.id, upload.name, offset, upload.size_bytes, upload.media_id)
