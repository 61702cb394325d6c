"""Odd and hostile files, each real: what the library says about each is one plain sentence."""

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.media.conftest import make_clip

from igfleet.media.facts import NotMedia
from igfleet.media.limits import problems
from igfleet.media.probe import probe

type Make = Callable[[Path, Path], None]
"""Writes the file; gets ffmpeg and the path."""


def _ffmpeg(ffmpeg: Path, *arguments: str | Path) -> None:
    command = [str(ffmpeg), "-nostdin", "-y", "-loglevel", "error", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)


def _of(*options: str, size: str = "270x480", seconds: float = 3) -> Make:
    return lambda ffmpeg, out: _moved(
        make_clip(ffmpeg, out.with_suffix(".mov"), *options, size=size, seconds=seconds), out
    )


def _moved(made: Path, out: Path) -> None:
    made.replace(out)


def _noise_inside(ffmpeg: Path, out: Path) -> None:
    """The index is whole, the pictures are not."""
    make_clip(ffmpeg, out, "-movflags", "+faststart")
    content = bytearray(out.read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin:] = bytes((7 * place) % 251 for place in range(len(content) - begin))
    out.write_bytes(content)


def _without_frames(ffmpeg: Path, out: Path) -> None:
    _ffmpeg(ffmpeg, "-f", "lavfi", "-i", "testsrc=size=270x480:rate=25", "-frames:v", "0", "-f", "mp4", out)


def _matroska(ffmpeg: Path, out: Path) -> None:
    _ffmpeg(ffmpeg, "-f", "lavfi", "-i", "testsrc=size=270x480:rate=25:duration=1", "-f", "matroska", out)


def _variable(ffmpeg: Path, out: Path) -> None:
    """Every third frame is left out."""
    graph = "testsrc2=size=540x960:rate=30:duration=4,select='not(eq(mod(n\\,3)\\,1))'"
    sound = ("-f", "lavfi", "-i", "sine=frequency=330:duration=4", "-c:a", "aac")
    _ffmpeg(ffmpeg, "-f", "lavfi", "-i", graph, *sound, "-fps_mode", "vfr", "-pix_fmt", "yuv420p", "-f", "mp4", out)


def _text(content: str) -> Make:
    return lambda _ffmpeg, out: out.write_text(content) and None


def _playlist_behind_a_box(_ffmpeg: Path, out: Path) -> None:
    out.write_bytes(b"\x00\x00\x00\x18ftypisom" + b"\x00" * 12 + b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")


def _picture_bomb(_ffmpeg: Path, out: Path) -> None:
    """A PNG of 30,000 x 30,000 equal pixels: 1 MB that would become 900 MB."""
    side = 30_000
    row = zlib.compressobj(9)
    body = b"".join(row.compress(b"\x00" * (side // 8 + 1)) for _ in range(side)) + row.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    out.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _video_bomb(ffmpeg: Path, out: Path) -> None:
    """Frames wider than any screen, small as a file."""
    _ffmpeg(ffmpeg, "-f", "lavfi", "-i", "color=black:size=20000x64:rate=5:duration=1", "-c:v", "png", "-f", "mov", out)


UNREADABLE: dict[str, tuple[Make, str]] = {
    "nothing": (_text(""), "The file is empty."),
    "no_frames": (_without_frames, "no picture, and no sound either: it is empty"),
    "noise": (_noise_inside, "The video is damaged: it cannot be read."),
    "text": (_text("a text that calls itself a video\n"), "This is a text file, not a video or picture."),
    "hls": (_text("#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1/a.ts\n"), "This is a playlist, not a video"),
    "hls_behind_a_box": (_playlist_behind_a_box, "The video is damaged: it cannot be read."),
    "matroska": (_matroska, "use mp4 or mov, jpg, png or webp"),
    "picture_bomb": (_picture_bomb, "The picture has too many pixels."),
    "video_bomb": (_video_bomb, "too large to be read"),
}
PUBLISHABLE_OR_NOT: dict[str, tuple[Make, str, bool]] = {
    "hevc": (_of("-c:v", "libx265", "-x265-params", "log-level=error", size="540x960"), "coded as HEVC", True),
    "silent": (_of("-an", size="540x960"), "The video has no sound.", True),
    "variable_rate": (_variable, "The frame rate varies.", True),
    "slow": (_of("-r", "10", size="540x960"), "10 frames a second", True),
    "wide": (_of(size="1280x720"), "is not 9:16", True),
    "mpeg4": (_of("-c:v", "mpeg4", size="540x960"), "coded as mpeg4; a reel needs H.264 or HEVC", False),
    "mp3": (_of("-c:a", "libmp3lame", size="540x960"), "The sound is coded as mp3float; a reel needs AAC.", False),
    "banner": (_of(size="1200x64"), "too long and narrow for a reel", False),
    "huge": (_of(size="3840x2160", seconds=1), "is 3840 pixels wide", False),
    "short": (_of(size="540x960", seconds=1), "lasts 1.0 s; a reel lasts at least 3 s", False),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_says_why(ffmpeg: Path, tmp_path: Path, name: str) -> None:
    make, sentence = UNREADABLE[name]
    out = tmp_path / "clip.mp4"
    make(ffmpeg, out)

    with pytest.raises(NotMedia) as refused:
        probe(out)

    _assert_plain(str(refused.value), sentence)


@pytest.mark.parametrize("name", PUBLISHABLE_OR_NOT)
def test_a_file_that_can_be_read_says_what_is_wrong_with_it(ffmpeg: Path, tmp_path: Path, name: str) -> None:
    make, sentence, is_warning = PUBLISHABLE_OR_NOT[name]
    out = tmp_path / "clip.mp4"
    make(ffmpeg, out)

    found = [problem for problem in problems(probe(out)) if sentence in problem.sentence]

    assert [problem.is_warning for problem in found] == [is_warning]
    _assert_plain(found[0].sentence, sentence)
    assert found[0].todo


def test_an_even_rate_is_not_called_variable(ffmpeg: Path, tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    make_clip(ffmpeg, out, "-r", "30000/1001")

    assert not probe(out).has_variable_rate


def _assert_plain(told: str, sentence: str) -> None:
    assert sentence in told
    assert told.endswith(".")
    assert "\n" not in told
