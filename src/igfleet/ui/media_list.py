"""The library as a list: filtered, with what was made of each file, for the screen and for exports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.files import Origin
from igfleet.contracts.states import MediaState, PostState
from igfleet.media.facts import MediaKind
from igfleet.ui.exports import Sheet
from igfleet.ui.models import Media, Post
from igfleet.ui.models.base import among

COLUMNS = (
    "id",
    "name",
    "state",
    "kind",
    "origin",
    "source_id",
    "duration_s",
    "width",
    "height",
    "size_bytes",
    "video_codec",
    "audio_codec",
    "fps",
    "problems",
    "posts",
    "last_posted_at",
    "variants",
    "added_by",
    "created_at",
    "sha256",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to. A word that is not known narrows nothing."""

    name: str = ""
    state: str = ""
    kind: str = ""
    origin: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.name or self.state or self.kind or self.origin)

    def query(self) -> Select[Media]:
        query = select(Media)
        if self.name:
            query = query.where(Media.name.icontains(self.name, autoescape=True))
        for column, word, known in (
            (Media.state, self.state, set(MediaState)),
            (Media.kind, self.kind, set(MediaKind)),
            (Media.origin, self.origin, set(Origin)),
        ):
            if word in known:
                query = query.where(column == word)
        return query


@dataclass(frozen=True, slots=True)
class Usage:
    """What was made of a file."""

    posts: int = 0
    """Live ones."""
    last_at: datetime | None = None
    """When the newest of them went live."""
    variants: int = 0


async def usage(session: AsyncSession, media_ids: Sequence[int]) -> dict[int, Usage]:
    """By file."""
    published = select(Post.media_id, func.count(), func.max(Post.published_at)).where(
        among(Post.media_id, media_ids), Post.state == PostState.PUBLISHED
    )
    posts = {row[0]: (row[1], row[2]) for row in await session.execute(published.group_by(Post.media_id))}
    made = select(Media.source_id, func.count()).where(Media.source_id.in_(media_ids)).group_by(Media.source_id)
    variants = {row[0]: row[1] for row in await session.execute(made)}
    return {one: Usage(*posts.get(one, (0, None)), variants.get(one, 0)) for one in media_ids}


async def sheet(session: AsyncSession, wanted: Wanted) -> Sheet:
    """The whole list, newest first."""
    files = (await session.scalars(wanted.query().order_by(Media.id.desc()))).all()
    used = await usage(session, [file.id for file in files])
    return Sheet(COLUMNS, [_row(file, used[file.id]) for file in files])


def _row(file: Media, used: Usage) -> list[object]:
    own = {
        **{name: getattr(file, name) for name in COLUMNS if hasattr(Media, name)},
        **{name: file.facts.get(name) for name in ("video_codec", "audio_codec", "fps")},
        "problems": " ".join(str(problem["sentence"]) for problem in file.problems),
        "posts": used.posts,
        "last_posted_at": used.last_at,
        "variants": used.variants,
    }
    return [own[name] for name in COLUMNS]
