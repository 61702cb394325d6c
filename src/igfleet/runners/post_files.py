"""The files of one post: its video, fetched and measured, and its cover."""

from dataclasses import dataclass
from pathlib import Path

from igfleet.contracts.posts import LeasedPost
from igfleet.errors import GiveUp
from igfleet.instagram.gateway import Reel
from igfleet.media.cover_hash import cover_hash
from igfleet.media.facts import NotMedia
from igfleet.media.ffmpeg import cover_of, locate_ffmpeg
from igfleet.media.probe import probed
from igfleet.reasons import ReasonCode
from igfleet.runners.base import RunContext


@dataclass(frozen=True, slots=True)
class PostFiles:
    reel: Reel
    size_bytes: int
    cover_hash: str


async def files_of(run: RunContext, post: LeasedPost) -> PostFiles:
    """Fetch the video, cut or convert the cover. Raises `GiveUp` (media_corrupt) for what cannot be read."""
    video = await run.fetch(post.media)
    cover = run.folder / f"cover-{post.id}.jpg"
    try:
        facts = await probed(video)
        if post.cover is not None:
            await cover_of(locate_ffmpeg(), await run.fetch(post.cover), cover)
        else:
            await cover_of(locate_ffmpeg(), video, cover, post.cover_at_s or 0.0)
        picture = cover_hash(cover)
    except (NotMedia, OSError) as error:
        raise GiveUp(f"{post.media.name}: {error}", ReasonCode.MEDIA_CORRUPT) from error
    reel = Reel(
        video=video,
        cover=cover,
        caption=post.caption,
        upload_id=post.upload_id,
        duration_s=facts.duration_s or 0.0,
        width=facts.width,
        height=facts.height,
        place=post.place,
        mentions=post.mentions,
    )
    return PostFiles(reel, _size(video), picture)


def _size(path: Path) -> int:
    return path.stat().st_size
