"""Conversions: asked for by a person, done in the background by ffmpeg, ending in a new file of the library."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import log
from igfleet.contracts.files import Origin
from igfleet.contracts.states import ConversionState, MediaState
from igfleet.errors import Conflict, NotFound, RunError, UserError
from igfleet.media import conversion
from igfleet.media.facts import MediaFacts, MediaKind
from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.ui import library
from igfleet.ui.library import HasLibrary, Making
from igfleet.ui.models import AuditEntry, Conversion, Media

_log = log.get(__name__)
_TELL_EVERY_S = 1.0
_SILENT_S = 60
_S = ConversionState
_OPEN = (_S.WAITING, _S.RUNNING)

type Heard = Callable[[int], None]
"""Called with the percentage when it grew."""


def is_offered(media: Media) -> bool:
    """Whether a conversion would make it publishable, or better."""
    codes = [str(problem["code"]) for problem in media.problems]
    blocking = [str(problem["code"]) for problem in media.problems if not problem["is_warning"]]
    is_readable = media.kind == MediaKind.VIDEO and media.state in (MediaState.READY, MediaState.UNPUBLISHABLE)
    return is_readable and conversion.is_worthwhile(codes, blocking)


async def ask(session: AsyncSession, media: Media, actor: str) -> Conversion:
    """Ask for a conversion; while one is under way it is that one. Raises `Conflict` when none would help."""
    if not is_offered(media):
        raise Conflict(f"{media.name} would not become publishable by a conversion, or is so already.")
    fresh = insert(Conversion).values(media_id=media.id, asked_by=actor)
    await session.execute(
        fresh.on_conflict_do_nothing(index_elements=["media_id"], index_where=Conversion.state.in_(_OPEN))
    )
    session.add(AuditEntry(actor=actor, action="conversion_asked", subject=f"media:{media.id}", facts={}))
    found = await latest(session, media.id)
    assert found is not None
    return found


async def latest(session: AsyncSession, media_id: int) -> Conversion | None:
    """The newest conversion of a file."""
    query = select(Conversion).where(Conversion.media_id == media_id).order_by(Conversion.id.desc()).limit(1)
    return await session.scalar(query)


async def find(session: AsyncSession, conversion_id: int) -> Conversion:
    """Raises `NotFound`."""
    found = await session.get(Conversion, conversion_id, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no conversion {conversion_id}.")
    return found


async def next_up(session: AsyncSession) -> tuple[int, int] | None:
    """The one that waits longest, or that nobody works on any more, and its file."""
    query = select(Conversion.id, Conversion.media_id).where(_is_free()).order_by(Conversion.id).limit(1)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def work(ui: HasLibrary, conversion_id: int, heard: Heard) -> Conversion:
    """Do it, unless somebody else does. Returns the row as it stands then. Raises nothing for a file that fails."""
    media = await _taken(ui, conversion_id)
    if media is not None:
        try:
            made = await _Work(ui, conversion_id, media, heard).done()
            await _end(ui, conversion_id, _S.DONE, result_id=made)
        except (RunError, UserError) as error:
            await _end(ui, conversion_id, _S.FAILED, message=str(error))
    async with ui.database.sessions() as session:
        return await find(session, conversion_id)


async def _taken(ui: HasLibrary, conversion_id: int) -> Media | None:
    """The file of a conversion that is ours now; None when it is over, or somebody else's."""
    taken = {"state": _S.RUNNING, "percent": 0, "touched_at": func.now()}
    take = update(Conversion).where(Conversion.id == conversion_id, _is_free()).values(**taken)
    async with ui.database.sessions.begin() as session:
        media_id = await session.scalar(take.returning(Conversion.media_id))
        return await session.get(Media, media_id) if media_id is not None else None


def _is_free() -> ColumnElement[bool]:
    silent = Conversion.touched_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, _SILENT_S)
    return or_(Conversion.state == _S.WAITING, (Conversion.state == _S.RUNNING) & silent)


@dataclass
class _Work:
    ui: HasLibrary
    conversion_id: int
    media: Media
    heard: Heard
    share: float = field(default=0.0)

    async def done(self) -> int:
        """The id of the file that came out."""
        part = self.ui.storage.part(f"conversion-{self.conversion_id}")
        part.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        telling = asyncio.create_task(self._tell())
        try:
            made = await self._convert(part.path)
            await library.require_room(self.ui, part.size)
            stored = await self.ui.storage.adopt(part)
        finally:
            telling.cancel()
            part.remove()
        making = Making(Origin.CONVERTED, self.media.id, {"probe": made.model_dump(mode="json")})
        async with self.ui.database.sessions.begin() as session:
            added = await library.add(session, stored, _name(self.media.name), "conversion", making)
        await library.probe(self.ui, added.media.id)
        return added.media.id

    async def _convert(self, out: Path) -> MediaFacts:
        facts = MediaFacts.model_validate(self.media.facts)
        source = self.ui.storage.path(self.media.sha256)
        return await conversion.convert(locate_ffmpeg(self.ui.settings.ffmpeg), source, facts, out, self._note)

    def _note(self, share: float) -> None:
        self.share = share

    async def _tell(self) -> None:
        """Write down how far it is, as long as it goes on."""
        told = -1
        while True:
            percent = int(self.share * 100)
            row = update(Conversion).where(Conversion.id == self.conversion_id)
            try:
                async with self.ui.database.sessions.begin() as session:
                    await session.execute(row.values(percent=percent, touched_at=func.now()))
            except (SQLAlchemyError, OSError) as error:
                _log.warning("conversion_not_told", conversion=self.conversion_id, error=type(error).__name__)
            if percent > told:
                told = percent
                self.heard(percent)
            await asyncio.sleep(_TELL_EVERY_S)


async def _end(
    ui: HasLibrary, conversion_id: int, state: ConversionState, *, result_id: int | None = None, message: str = ""
) -> None:
    _log.info("conversion_ended", conversion=conversion_id, state=state, result=result_id, message=message)
    row = update(Conversion).where(Conversion.id == conversion_id)
    values = {"state": state, "result_id": result_id, "message": message, "finished_at": func.now()}
    async with ui.database.sessions.begin() as session:
        await session.execute(row.values(**values, **({"percent": 100} if state is _S.DONE else {})))


def _name(name: str) -> str:
    return f"{Path(name).stem} (publishable).mp4"
