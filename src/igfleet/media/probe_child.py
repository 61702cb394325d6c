"""Reads one media file in a process of its own: the file is foreign, its decoder may crash or hang.

Run as `python -m igfleet.media.probe_child PATH CONTAINER`. Prints one JSON object: the facts, or `{"problem": …}`.
"""

import itertools
import json
import sys
from pathlib import Path

_MOST_PIXELS = 64_000_000
_MOST_SIDE = 16_384
_DAMAGED = "The video is damaged: it cannot be read."
_STRAY, _STRAYS = 0.25, 0.02
"""Frames may last a quarter more or less than the usual one; when more than 2 % do not, the rate varies."""


def main() -> None:
    path, container = Path(sys.argv[1]), sys.argv[2]
    read = _video if container in ("mp4", "mov") else _picture
    try:
        facts = read(path)
    except _Unreadable as error:
        facts = {"problem": str(error)}
    json.dump(facts, sys.stdout)


class _Unreadable(Exception):
    pass


def _video(path: Path) -> dict[str, object]:
    import av

    av.logging.set_level(None)
    try:
        # The demuxer is named, not guessed, and may open this one file only: no playlist can lead elsewhere.
        with av.open(str(path), format="mov", options={"protocol_whitelist": "file"}) as opened:
            return _video_facts(opened, path.stat().st_size)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _Unreadable(_DAMAGED) from error


def _video_facts(opened: "av.container.InputContainer", size_bytes: int) -> dict[str, object]:  # type: ignore[name-defined]  # noqa: F821  # av is loaded in the child only
    if not opened.streams.video:
        also = "only sound" if opened.streams.audio else "and no sound either: it is empty"
        raise _Unreadable(f"The file has no picture, {also}.")
    stream = opened.streams.video[0]
    if max(stream.width, stream.height) > _MOST_SIDE:
        raise _Unreadable(f"The picture of {stream.width} x {stream.height} pixels is too large to be read.")
    if any(entry.pos + entry.size > size_bytes for entry in stream.index_entries):
        raise _Unreadable("The video is cut short: upload it again.")
    frame = next(opened.decode(stream), None)
    if frame is None:
        raise _Unreadable(_DAMAGED)
    rotation = int(frame.rotation) % 360
    shown = (frame.height, frame.width) if rotation in (90, 270) else (frame.width, frame.height)
    sound = opened.streams.audio[0].codec_context.name if opened.streams.audio else None
    return {
        "width": shown[0],
        "height": shown[1],
        "rotation": rotation,
        "duration_s": (opened.duration or 0) / 1_000_000,
        "fps": round(float(stream.average_rate or 0), 3),
        "has_variable_rate": _varies([entry.timestamp for entry in stream.index_entries]),
        "video_codec": stream.codec_context.name,
        "audio_codec": sound,
    }


def _varies(times: list[int]) -> bool:
    """Whether the frames last differently, beyond the rounding of their times."""
    lengths = sorted(later - earlier for earlier, later in itertools.pairwise(times))
    if len(lengths) < 2:
        return False
    usual = lengths[len(lengths) // 2]
    strays = sum(abs(length - usual) > _STRAY * usual for length in lengths)
    return strays > _STRAYS * len(lengths)


def _picture(path: Path) -> dict[str, object]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as picture:
            picture.load()
            shown = ImageOps.exif_transpose(picture)
            return {"width": shown.width, "height": shown.height}
    except Image.DecompressionBombError as error:
        raise _Unreadable("The picture has too many pixels.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _Unreadable("The picture is damaged: it cannot be read.") from error


if __name__ == "__main__":
    main()
