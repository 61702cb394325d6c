"""The files of one post: its video, fetched and measured, and its cover."""

from dataclasses import dataclass
from pathlib import Path

from igfleet.contracts.posts import LeasedMedia, LeasedPost
from igfleet.errors import GiveUp
from igfleet.instagram.gateway import Reel
from igfleet.media.cover_hash import difference_hash
from igfleet.media.facts import NotMedia
from igfleet.media.ffmpeg import cover_of, levels_of, locate_ffmpeg
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
    try:
        duration_s, width, height = await _measured(post.media, video)
        cover = await _cover(run, post, video)
    except NotMedia as error:
        raise GiveUp(f"{post.media.name}: {error}", ReasonCode.MEDIA_CORRUPT) from error
    reel = Reel(
        video=video,
        cover=cover,
        caption=post.caption,
        upload_id=post.upload_id,
        duration_s=duration_s,
        width=width,
        height=height,
        place=post.place,
        mentions=post.mentions,
    )
    return PostFiles(reel, _size(video), difference_hash(_read(levels_of(cover))))


async def _measured(media: LeasedMedia, video: Path) -> tuple[float, int, int]:
    """Length and size of the picture. The ui has probed the same bytes: the file is checked by its sha256."""
    if media.duration_s is not None and media.width is not None and media.height is not None:
        return media.duration_s, media.width, media.height
    facts = await probed(video)
    return facts.duration_s or 0.0, facts.width, facts.height


async def _cover(run: RunContext, post: LeasedPost, video: Path) -> Path:
    """Cut or converted once on this worker: the same file and moment give the same picture."""
    if post.cover is not None:
        source, name, at_s = await run.fetch(post.cover), post.cover.sha256, 0.0
    else:
        source, at_s = video, post.cover_at_s or 0.0
        name = f"{post.media.sha256}-{at_s:.3f}"
    cover = run.shelf / f"{name}.jpg"
    if not (cover.exists() and levels_of(cover).exists()):
        await cover_of(locate_ffmpeg(), source, cover, at_s)
    return cover


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _size(path: Path) -> int:
    return path.stat().st_size
