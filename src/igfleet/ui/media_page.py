"""What the page of one file tells, read from the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import PostState
from igfleet.media.recipes import Drawn, words
from igfleet.ui import conversions, library
from igfleet.ui.models import Conversion, Media, Post, Task, TaskMedia

_VARIANTS, _TASKS = 60, 20


@dataclass(frozen=True, slots=True)
class MediaPage:
    media: Media
    source: Media | None
    """What it was made of."""
    changes: Sequence[str]
    """What was done to the source, in words."""
    variants: Sequence[Media]
    """The newest that were made of it, converted files among them."""
    variants_total: int
    conversion: Conversion | None
    converted: Media | None
    is_convertible: bool
    tasks: Sequence[Task]
    last_post: Post | None
    posts: dict[str, int] = field(default_factory=dict)
    """By state."""

    def changes_of(self, variant: Media) -> Sequence[str]:
        return changes_of(variant)


async def gather(session: AsyncSession, media_id: int) -> MediaPage:
    """Everything the page shows. Raises `NotFound`."""
    media = await library.find(session, media_id)
    made = select(Media).where(Media.source_id == media_id)
    counted = select(Post.state, func.count()).where(Post.media_id == media_id).group_by(Post.state)
    conversion = await conversions.latest(session, media_id)
    return MediaPage(
        media=media,
        source=await session.get(Media, media.source_id) if media.source_id else None,
        changes=changes_of(media),
        variants=(await session.scalars(made.order_by(Media.id.desc()).limit(_VARIANTS))).all(),
        variants_total=await session.scalar(select(func.count()).select_from(made.subquery())) or 0,
        conversion=conversion,
        converted=await session.get(Media, conversion.result_id) if conversion and conversion.result_id else None,
        is_convertible=conversions.is_offered(media),
        tasks=await _tasks(session, media_id),
        last_post=await _last_post(session, media_id),
        posts=dict((await session.execute(counted)).all()),
    )


def changes_of(media: Media) -> Sequence[str]:
    """What a variant's recipe did, in words; nothing for other files."""
    try:
        return words(Drawn.model_validate(media.making.get("drawn")))
    except ValidationError:
        return ()


async def _tasks(session: AsyncSession, media_id: int) -> Sequence[Task]:
    """The tasks that use it, the newest first."""
    named = select(TaskMedia.task_id).where(TaskMedia.media_id == media_id)
    covers = select(TaskMedia.task_id).where(TaskMedia.cover_media_id == media_id)
    query = select(Task).where(Task.id.in_(named.union(covers)))
    return (await session.scalars(query.order_by(Task.id.desc()).limit(_TASKS))).all()


async def _last_post(session: AsyncSession, media_id: int) -> Post | None:
    query = select(Post).where(Post.media_id == media_id, Post.state == PostState.PUBLISHED)
    loaded = query.options(joinedload(Post.account)).order_by(Post.published_at.desc().nulls_last()).limit(1)
    return await session.scalar(loaded)
