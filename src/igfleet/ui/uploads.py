"""Uploads in parts: begun, sent piece by piece, found again after a cut, forgotten after a day of silence."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotFound, TooManyRequests
from igfleet.ui.library import plain_name
from igfleet.ui.models import Upload

_MOST_OPEN = 500
_PATIENCE = timedelta(seconds=30)


async def known(session: AsyncSession, owner: str, mark: str) -> Upload | None:
    """The upload of that file, when it was begun already."""
    row = Upload
    found = update(row).where(row.owner == owner, row.mark == mark).values(touched_at=func.now()).returning(row)
    return (await session.execute(found)).scalar_one_or_none()


async def begin(session: AsyncSession, owner: str, mark: str, name: str, size_bytes: int) -> Upload:
    """Note a file that is about to come; the same file again is the same upload. Raises `TooManyRequests`."""
    is_open = Upload.owner == owner, Upload.media_id.is_(None)
    count = await session.scalar(select(func.count()).where(*is_open))
    if (count or 0) >= _MOST_OPEN:
        raise TooManyRequests(f"{_MOST_OPEN} files are on their way already: finish some first.", _PATIENCE)
    row = insert(Upload).values(owner=owner, mark=mark, name=plain_name(name), size_bytes=size_bytes)
    again = row.on_conflict_do_update(index_elements=["owner", "mark"], set_={"touched_at": func.now()})
    return (await session.execute(again.returning(Upload))).scalar_one()


async def find(session: AsyncSession, upload_id: int, owner: str) -> Upload:
    """An upload of that owner. Raises `NotFound`: then it begins anew."""
    row = Upload
    found = update(row).where(row.id == upload_id, row.owner == owner).values(touched_at=func.now()).returning(row)
    upload = (await session.execute(found)).scalar_one_or_none()
    if upload is None:
        raise NotFound("That upload is over or forgotten: it broke off more than a day ago. Upload the file again.")
    return upload


async def of(session: AsyncSession, owner: str) -> Sequence[Upload]:
    """What an owner has under way, the newest first."""
    return (await session.scalars(select(Upload).where(Upload.owner == owner).order_by(Upload.id.desc()))).all()


async def become(session: AsyncSession, upload: Upload, media_id: int) -> None:
    """It is whole and in the library; remembered for a while, so that the same file is not sent again."""
    await session.execute(update(Upload).where(Upload.id == upload.id).values(media_id=media_id))


async def end(session: AsyncSession, upload: Upload) -> None:
    """Forget it: the file is whole, or given up."""
    await session.execute(delete(Upload).where(Upload.id == upload.id))
