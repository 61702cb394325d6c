"""Evidence: kept for a while with the attempt that it tells about."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.files import FileOffer
from igfleet.errors import NotFound, TooLarge
from igfleet.ui.models import AccountTask, Evidence

MAX_BYTES = 64 * 1024**2
"""Of one file."""
_MOST_OF_ATTEMPT = 20
_KEPT_DAYS = 90
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
)


async def require_room(session: AsyncSession, task: AccountTask, offer: FileOffer) -> None:
    """Raises `TooLarge` for a file, or a number of files, that one attempt may not leave behind."""
    if offer.size_bytes > MAX_BYTES:
        raise TooLarge(f"A file of evidence has at most {MAX_BYTES // 1024**2} MB; {offer.name} is larger.")
    count = await session.scalar(select(func.count()).where(Evidence.lease_id == task.lease_id))
    if (count or 0) >= _MOST_OF_ATTEMPT:
        raise TooLarge(f"One attempt keeps at most {_MOST_OF_ATTEMPT} files of evidence.")


async def keep(session: AsyncSession, task: AccountTask, sha256: str, offer: FileOffer, head: bytes) -> Evidence:
    """The row of a stored file; the same file of the same lease is the same row. `head` is how the file begins."""
    row = insert(Evidence).values(
        account_task_id=task.id,
        attempt=task.attempt,
        lease_id=task.lease_id,
        name=offer.name,
        sha256=sha256,
        size_bytes=offer.size_bytes,
        media_type=_media_type(head),
        facts=dict(offer.facts),
    )
    again = row.on_conflict_do_update(
        index_elements=["lease_id", "name"],
        set_={name: row.excluded[name] for name in ("sha256", "size_bytes", "media_type", "facts")},
    )
    return (await session.execute(again.returning(Evidence))).scalar_one()


async def find(session: AsyncSession, evidence_id: int) -> Evidence:
    """Raises `NotFound`."""
    found = await session.get(Evidence, evidence_id)
    if found is None:
        raise NotFound("That piece of evidence is gone: it is kept for a limited time.")
    return found


async def of(session: AsyncSession, account_task_ids: Sequence[int]) -> dict[int, list[Evidence]]:
    """What is kept of these account tasks, in the order in which it came."""
    found: dict[int, list[Evidence]] = {}
    query = select(Evidence).where(Evidence.account_task_id.in_(account_task_ids)).order_by(Evidence.id)
    for one in await session.scalars(query):
        found.setdefault(one.account_task_id, []).append(one)
    return found


async def of_lease(session: AsyncSession, lease_id: UUID, name: str) -> Evidence | None:
    """The file that a lease kept under that name."""
    return await session.scalar(select(Evidence).where(Evidence.lease_id == lease_id, Evidence.name == name))


async def prune(session: AsyncSession, quota_bytes: int) -> list[str]:
    """Drop what is old, and the oldest while all of it is larger than the quota; the sha256 of what was dropped."""
    newer = func.sum(Evidence.size_bytes).over(order_by=Evidence.id.desc())
    sized = select(Evidence.id, newer.label("up_to_here")).subquery()
    over = select(sized.c.id).where(sized.c.up_to_here > quota_bytes)
    is_old = Evidence.created_at < func.now() - func.make_interval(0, 0, 0, _KEPT_DAYS)
    dropped = delete(Evidence).where(is_old | Evidence.id.in_(over)).returning(Evidence.sha256)
    return list(await session.scalars(dropped))


def _media_type(head: bytes) -> str:
    return next((kind for magic, kind in _KINDS if head.startswith(magic)), "application/octet-stream")
