"""ffmpeg: where it is, and the pictures it cuts out of videos."""

import os
import shutil
import tempfile
from pathlib import Path

import anyio.to_thread

from igfleet.errors import NeedsPerson
from igfleet.media import child, cover_hash
from igfleet.media.child import Limits
from igfleet.media.facts import NotMedia
from igfleet.media.source import Source
from igfleet.reasons import ReasonCode

_TIMEOUT_S = 60.0
_LIMITS = Limits(memory_bytes=4 * 1024**3, cpu_s=60, file_bytes=64 * 1024**2)
_THUMBNAIL_WIDTH = 270
_COVER_WIDTH = 1080


class ToolMissing(NeedsPerson):
    """A program that the work needs is not on this machine."""

    default_reason = ReasonCode.TOOL_MISSING


def locate_ffmpeg(settings_path: str | None = None) -> Path:
    """The ffmpeg to use: the given one (or IGFLEET_FFMPEG), else the one on PATH, else the packaged one.

    Raises `ToolMissing`.
    """
    named = settings_path or os.environ.get("IGFLEET_FFMPEG")
    if named:
        return _checked(Path(named).expanduser())
    on_path = shutil.which("ffmpeg")
    return Path(on_path) if on_path else _packaged()


def thumbnail(ffmpeg: Path, source: Path, out: Path, at_s: float = 0.0) -> None:
    """A small JPEG of a video or picture. Raises `NotMedia` when there is no picture to cut."""
    _cut(ffmpeg, source, out, at_s, _THUMBNAIL_WIDTH)


def cut_cover(ffmpeg: Path, source: Path, out: Path, at_s: float = 0.0) -> None:
    """A JPEG for use as cover, of the moment `at_s` or of the last one before it; and its levels. Raises `NotMedia`."""
    _cut(ffmpeg, source, out, at_s, _COVER_WIDTH, levels_of(out))


def levels_of(cover: Path) -> Path:
    """Beside a cover: the bytes that its hash is made of, so that whoever needs the hash decodes no picture."""
    return cover.with_suffix(".grey")


async def thumbnail_of(ffmpeg: Path, source: Path, out: Path, at_s: float = 0.0) -> None:
    """`thumbnail` for the event loop."""
    await anyio.to_thread.run_sync(thumbnail, ffmpeg, source, out, at_s)


async def cover_of(ffmpeg: Path, source: Path, out: Path, at_s: float = 0.0) -> None:
    """`cut_cover` for the event loop."""
    await anyio.to_thread.run_sync(cut_cover, ffmpeg, source, out, at_s)


def _cut(ffmpeg: Path, source: Path, out: Path, at_s: float, width: int, levels: Path | None = None) -> None:
    """The levels are there before the picture is."""
    read = Source.of(source)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".cut-") as folder:
        made, grey = Path(folder) / "picture.jpg", Path(folder) / "levels.grey"
        places = {grey: levels, made: out} if levels else {made: out}
        for moment in dict.fromkeys((max(at_s, 0.0), 0.0)):
            command = _command(ffmpeg, read, made, moment, width) + (_grey(grey) if levels else [])
            ended = child.run(command, _TIMEOUT_S, _LIMITS)
            if ended.code == 0 and all(path.exists() for path in places):
                for path, place in places.items():
                    path.replace(place)
                return
    raise NotMedia("No picture could be cut out of the file: it is damaged.")


def _command(ffmpeg: Path, source: Source, out: Path, at_s: float, width: int) -> list[str]:
    return [
        str(ffmpeg),
        *("-nostdin", "-hide_banner", "-loglevel", "error"),
        *source.arguments(at_s, most_threads=1),
        *("-frames:v", "1", "-an", "-vf", f"scale='min({width},iw)':-2", "-q:v", "3", "-threads", "1"),
        *("-f", "image2", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-y", f"file:{out.absolute()}"),
    ]


def _grey(out: Path) -> list[str]:
    """The same moment once more, as small as its hash needs it."""
    small = f"scale={cover_hash.COLUMNS}:{cover_hash.ROWS}:flags=area,format=gray"
    return ["-frames:v", "1", "-an", "-vf", small, "-threads", "1", "-f", "rawvideo", "-y", f"file:{out.absolute()}"]


def _checked(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise ToolMissing(f"IGFLEET_FFMPEG names {path}, which is no program. Correct it or leave it out.")
    return path


def _packaged() -> Path:
    try:
        import imageio_ffmpeg

        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise ToolMissing("ffmpeg is missing: install it, or set IGFLEET_FFMPEG to its path.") from error
