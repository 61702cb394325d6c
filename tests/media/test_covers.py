from pathlib import Path

import pytest
from PIL import Image
from tests.pictures import distance

from igfleet.media.cover_hash import difference_hash
from igfleet.media.examine import examine
from igfleet.media.facts import NotMedia
from igfleet.media.ffmpeg import ToolMissing, cut_cover, levels_of, locate_ffmpeg, thumbnail
from igfleet.reasons import ReasonCode

pytestmark = pytest.mark.anyio


def test_a_cover_is_a_jpeg_of_the_asked_moment(ffmpeg: Path, clip: Path, tmp_path: Path) -> None:
    cut_cover(ffmpeg, clip, tmp_path / "first.jpg")
    cut_cover(ffmpeg, clip, tmp_path / "later.jpg", 2.0)

    with Image.open(tmp_path / "first.jpg") as cover:
        assert (cover.format, cover.size) == ("JPEG", (270, 480))
    assert (tmp_path / "first.jpg").read_bytes() != (tmp_path / "later.jpg").read_bytes()


def test_a_moment_after_the_end_falls_back_to_the_beginning(ffmpeg: Path, clip: Path, tmp_path: Path) -> None:
    cut_cover(ffmpeg, clip, tmp_path / "cover.jpg", 99.0)

    assert (tmp_path / "cover.jpg").exists()


def test_a_playlist_in_disguise_leads_nowhere(ffmpeg: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n")

    with pytest.raises(NotMedia):
        thumbnail(ffmpeg, tmp_path / "list.mp4", tmp_path / "out.jpg")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.mp4"]


def test_a_cover_keeps_its_hash_when_it_is_encoded_again(ffmpeg: Path, clip: Path, tmp_path: Path) -> None:
    cut_cover(ffmpeg, clip, tmp_path / "one.jpg")
    with Image.open(tmp_path / "one.jpg") as cover:
        cover.resize((135, 240)).save(tmp_path / "two.jpg", quality=60)
    cut_cover(ffmpeg, tmp_path / "two.jpg", tmp_path / "again.jpg")

    first, again = (difference_hash(levels_of(tmp_path / name).read_bytes()) for name in ("one.jpg", "again.jpg"))
    assert len(first) == 16
    assert distance(first, again) <= 8
    assert distance(first, tmp_path / "one.jpg") <= 8, "by another decoder"


def test_different_pictures_have_distant_hashes(ffmpeg: Path, tmp_path: Path) -> None:
    hashes = []
    for picture in (Image.linear_gradient("L"), Image.radial_gradient("L").rotate(45)):
        picture.save(tmp_path / "picture.png")
        cut_cover(ffmpeg, tmp_path / "picture.png", tmp_path / "cover.jpg")
        hashes.append(difference_hash(levels_of(tmp_path / "cover.jpg").read_bytes()))

    assert distance(*hashes) > 8


def test_a_hash_is_made_of_as_many_levels_as_it_needs() -> None:
    with pytest.raises(ValueError, match="71 levels"):
        difference_hash(bytes(71))


def test_a_missing_ffmpeg_says_what_to_do() -> None:
    with pytest.raises(ToolMissing, match="IGFLEET_FFMPEG") as raised:
        locate_ffmpeg("/nowhere/ffmpeg")

    assert raised.value.reason is ReasonCode.TOOL_MISSING


async def test_examining_gives_facts_problems_and_a_thumbnail(ffmpeg: Path, clip: Path, tmp_path: Path) -> None:
    examined = await examine(clip, ffmpeg, tmp_path / "thumbnail.jpg")

    assert examined.is_publishable
    assert [problem.code for problem in examined.problems] == ["narrow"]
    with Image.open(tmp_path / "thumbnail.jpg") as picture:
        assert picture.width == 270
