import subprocess
from pathlib import Path

import pytest
from PIL import Image
from tests.media.conftest import make_clip

from igfleet.media.facts import MediaKind, NotMedia
from igfleet.media.probe import probe


def test_a_clip_tells_all_its_facts(clip: Path) -> None:
    facts = probe(clip)

    assert (facts.kind, facts.container) == (MediaKind.VIDEO, "mp4")
    assert (facts.width, facts.height, facts.rotation) == (270, 480, 0)
    assert facts.duration_s == pytest.approx(3, abs=0.1)
    assert (facts.fps, facts.video_codec, facts.audio_codec, facts.has_audio) == (25, "h264", "aac", True)
    assert facts.size_bytes == clip.stat().st_size


def test_a_turned_mov_is_measured_as_it_is_shown(ffmpeg: Path, clip: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mov"
    command = [ffmpeg, "-loglevel", "error", "-display_rotation", "90", "-i", clip, "-c", "copy", turned]
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL)

    facts = probe(turned)

    assert facts.container == "mov"
    assert (facts.width, facts.height) == (480, 270)
    assert facts.rotation in (90, 270)


def test_a_silent_clip_has_no_audio(ffmpeg: Path, tmp_path: Path) -> None:
    assert not probe(make_clip(ffmpeg, tmp_path / "silent.mp4", "-an", seconds=1)).has_audio


@pytest.mark.parametrize(("name", "container"), [("a.jpg", "jpeg"), ("a.png", "png"), ("a.webp", "webp")])
def test_a_picture_is_known_by_its_content(tmp_path: Path, name: str, container: str) -> None:
    Image.new("RGB", (40, 60), "teal").save(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "disguised.mp4")

    facts = probe(tmp_path / "disguised.mp4")

    assert (facts.kind, facts.container, facts.width, facts.height) == (MediaKind.IMAGE, container, 40, 60)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"just some words\n" * 20, "text file"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "HEIC"),
        (b"\x1aE\xdf\xa3" + bytes(200), "no video or picture"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(400), "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(400), "damaged"),
    ],
)
def test_what_is_no_media_is_refused_in_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)

    with pytest.raises(NotMedia, match=says) as raised:
        probe(path)

    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("options", [(), ("-movflags", "+faststart")])
def test_a_clip_cut_short_is_refused(ffmpeg: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    whole = make_clip(ffmpeg, tmp_path / "whole.mp4", *options, seconds=1)
    short = tmp_path / "short.mp4"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])

    with pytest.raises(NotMedia, match=r"damaged|cut short"):
        probe(short)


def test_a_sound_file_has_no_picture(ffmpeg: Path, tmp_path: Path) -> None:
    with pytest.raises(NotMedia, match="only sound"):
        probe(make_clip(ffmpeg, tmp_path / "sound.mp4", "-vn", seconds=1))


def test_a_reader_that_takes_too_long_is_ended(clip: Path) -> None:
    with pytest.raises(NotMedia, match="too long"):
        probe(clip, timeout_s=0.01)
