"""Conversion: each file that a reel cannot be becomes one that it can be."""

import subprocess
from pathlib import Path

import pytest
from tests.media.conftest import make_clip

from igfleet.media.conversion import convert, is_worthwhile
from igfleet.media.encoding import RenderFailed
from igfleet.media.limits import problems
from igfleet.media.probe import probe

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("options", "size", "width", "height"),
    [
        (("-c:v", "mpeg4"), "270x480", 270, 480),
        (("-c:v", "libx265", "-x265-params", "log-level=error"), "270x480", 270, 480),
        (("-c:a", "libmp3lame"), "270x480", 270, 480),
        (("-an",), "1440x2560", 1080, 1920),
        (("-r", "10"), "270x480", 270, 480),
        ((), "1200x64", 1080, 1920),
    ],
)
async def test_what_cannot_be_published_becomes_publishable(
    ffmpeg: Path, tmp_path: Path, options: tuple[str, ...], size: str, width: int, height: int
) -> None:
    source = make_clip(ffmpeg, tmp_path / "a.mov", *options, size=size)
    told: list[float] = []

    made = await convert(ffmpeg, source, probe(source), tmp_path / "out", told.append)

    assert (made.container, made.video_codec, made.width, made.height) == ("mp4", "h264", width, height)
    assert made.audio_codec in ("aac", None)
    assert made.duration_s == pytest.approx(3, abs=0.3)
    assert [problem for problem in problems(made) if not problem.is_warning] == []
    assert not {"frame_rate", "hevc", "variable_rate"} & {problem.code for problem in problems(made)}
    assert told[-1] == pytest.approx(1, abs=0.1)


async def test_a_turned_video_comes_out_upright(ffmpeg: Path, tmp_path: Path) -> None:
    plain, turned = make_clip(ffmpeg, tmp_path / "plain.mp4", size="480x270"), tmp_path / "turned.mov"
    command = [ffmpeg, "-loglevel", "error", "-display_rotation", "90", "-i", plain, "-c", "copy", turned]
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL)  # noqa: ASYNC221  # a test waits for it

    made = await convert(ffmpeg, turned, probe(turned), tmp_path / "out", print)

    assert (made.width, made.height, made.rotation) == (270, 480, 0)


async def test_a_file_that_stays_unpublishable_is_not_kept(ffmpeg: Path, tmp_path: Path) -> None:
    source = make_clip(ffmpeg, tmp_path / "a.mp4", seconds=1)

    with pytest.raises(RenderFailed, match="could not be published either: The video lasts 1"):
        await convert(ffmpeg, source, probe(source), tmp_path / "out", print)


@pytest.mark.parametrize(
    ("codes", "blocking", "offered"),
    [
        (("audio_codec",), ("audio_codec",), True),
        (("hevc", "narrow"), (), True),
        (("narrow",), (), False),
        (("too_short", "video_codec"), ("too_short", "video_codec"), False),
        ((), (), False),
    ],
)
def test_it_is_offered_where_it_helps(codes: tuple[str, ...], blocking: tuple[str, ...], offered: bool) -> None:
    assert is_worthwhile(codes, blocking) is offered
