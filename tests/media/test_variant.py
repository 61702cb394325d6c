"""Variants: rendered by the real ffmpeg, and every check that can fail made to fail."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.e2e.fleet import clip

from igfleet.errors import Cancelled, NeedsPerson
from igfleet.media import child, filter_graph
from igfleet.media.encoding import RenderFailed
from igfleet.media.ffmpeg import ToolMissing, locate_ffmpeg
from igfleet.media.probe import probe
from igfleet.media.recipes import Recipe, drawn
from igfleet.media.text_picture import draw_text
from igfleet.media.variant import Original, Variant, measure_likeness, render

pytestmark = pytest.mark.anyio
FAST = {"frame": "keep", "preset": "ultrafast"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Original:
    path = clip(tmp_path_factory.mktemp("source") / "clip.mp4", 2)
    return Original(path, probe(path), "0" * 64)


async def _render(
    source: Original, out: Path, least_ssim: float = 0.8, known: tuple[str, ...] = (), **recipe: object
) -> tuple[Variant, list[float]]:
    told: list[float] = []
    settled = drawn(Recipe.model_validate(FAST | recipe), 7)
    made = await render(locate_ffmpeg(), source, settled, out, told.append, least_ssim=least_ssim, known=known)
    return made, told


async def test_a_variant_is_what_the_recipe_says(source: Original, tmp_path: Path) -> None:
    recipe = {
        "trim_start_ms": 200,
        "trim_end_ms": 300,
        "crop_percent": 5,
        "speed": 1.1,
        "brightness": 0.03,
        "saturation": 1.2,
        "hue_degrees": 6,
        "audio_gain_db": -3,
        "overlay": {"text": "nord_01"},
    }

    made, told = await _render(source, tmp_path / "out.mp4", **recipe)

    assert (made.facts.width, made.facts.height) == (256, 456)
    assert made.facts.duration_s == pytest.approx(1.5 / 1.1, rel=0.02, abs=0.1)
    assert (made.facts.video_codec, made.facts.audio_codec) == ("h264", "aac")
    assert 0.8 < made.likeness < 1
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1, abs=0.1)


async def test_it_is_made_full_size_by_default_and_in_hevc_when_asked(source: Original, tmp_path: Path) -> None:
    made, _ = await _render(source, tmp_path / "out.mp4", frame="1080x1920", codec="hevc", crf=35)

    assert (made.facts.width, made.facts.height, made.facts.video_codec) == (1080, 1920, "hevc")


async def test_no_metadata_is_left_and_none_is_made_up(tmp_path: Path) -> None:
    plain = clip(tmp_path / "plain.mp4", 1)
    tagged = tmp_path / "tagged.mp4"
    told = ["-metadata", "title=Holiday", "-metadata", "location=+59.9+10.7/", "-metadata", "creation_time=2026-01-01"]
    child.run([str(locate_ffmpeg()), "-loglevel", "error", "-i", str(plain), "-c", "copy", *told, str(tagged)], 60)

    made, _ = await _render(Original(tagged, probe(tagged), "0" * 64), tmp_path / "out.mp4")

    content = made.path.read_bytes()
    for trace in (b"Holiday", b"+59.9", b"Lavf", b"Lavc", b"x264", b"2026"):
        assert trace not in content
    assert b"Holiday" in tagged.read_bytes()


async def test_a_logo_of_the_library_is_laid_over_it(source: Original, tmp_path: Path) -> None:
    logo = tmp_path / "logo"
    draw_text("LOGO", logo)
    with_logo = Original(source.path, source.facts, source.sha256, logo)
    overlay = {"logo_media_id": 4, "corner": "centre", "size_percent": 90}

    bare, _ = await _render(source, tmp_path / "bare.mp4")
    made, _ = await _render(with_logo, tmp_path / "out.mp4", least_ssim=0.5, overlay=overlay)

    assert made.likeness < bare.likeness - 0.02


async def test_a_variant_that_is_too_unlike_is_refused(source: Original, tmp_path: Path) -> None:
    with pytest.raises(RenderFailed, match="too unlike its source"):
        await _render(source, tmp_path / "out.mp4", least_ssim=0.98, contrast=1.3, brightness=0.2)


async def test_likeness_falls_when_the_pictures_are_not_aligned(source: Original, tmp_path: Path) -> None:
    made, _ = await _render(source, tmp_path / "out.mp4")
    right = filter_graph.shape(source.facts, drawn(Recipe.model_validate(FAST), 7))
    wrong = filter_graph.shape(source.facts, drawn(Recipe.model_validate({**FAST, "crop_percent": 15}), 7))

    assert await measure_likeness(locate_ffmpeg(), made.path, source.path, right) > 0.97
    assert await measure_likeness(locate_ffmpeg(), made.path, source.path, wrong) < 0.9


async def test_the_same_bytes_as_a_sibling_s_are_refused(source: Original, tmp_path: Path) -> None:
    first, _ = await _render(source, tmp_path / "first.mp4")

    with pytest.raises(RenderFailed, match="byte for byte"):
        await _render(source, tmp_path / "second.mp4", known=(first.sha256,))


async def test_a_recipe_that_leaves_nothing_is_refused(source: Original, tmp_path: Path) -> None:
    with pytest.raises(RenderFailed, match="cuts away nearly all"):
        await _render(source, tmp_path / "out.mp4", trim_start_ms=1900)


async def test_what_is_asked_to_stop_stops_and_leaves_no_ffmpeg(source: Original, tmp_path: Path) -> None:
    def stop(_share: float) -> None:
        raise Cancelled("cancelled")

    settled = drawn(Recipe.model_validate({"preset": "slow"}), 7)
    with pytest.raises(Cancelled):
        await render(locate_ffmpeg(), source, settled, tmp_path / "out.mp4", stop, least_ssim=0.8, known=())

    assert not [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or ())]


async def test_ffmpeg_without_the_encoder_is_a_missing_tool(
    source: Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho \"Unknown encoder 'libx264'\" >&2\nexit 1\n")
    poor.chmod(0o755)

    with pytest.raises(ToolMissing):
        await render(poor, source, drawn(Recipe(), 7), tmp_path / "out.mp4", print, least_ssim=0.8, known=())


def test_a_letter_that_no_font_has_is_told(tmp_path: Path) -> None:
    draw_text("Grüße", tmp_path / "latin.png")

    with pytest.raises(NeedsPerson, match="fonts-dejavu-core"):
        draw_text("\U00013000", tmp_path / "hieroglyph.png")


async def test_a_program_may_not_write_more_than_its_limit(tmp_path: Path) -> None:
    out = tmp_path / "large"
    fill = ["/bin/sh", "-c", f"exec head -c 3000000 /dev/zero > {out}"]

    ended = await child.follow(fill, 20, print, child.Limits(file_bytes=1_000_000))

    assert ended.code != 0
    assert out.stat().st_size <= 1_000_000


async def test_a_program_that_takes_too_long_is_killed_with_all_that_it_started() -> None:
    heard: list[str] = []
    script = "sleep 61 & echo $!; wait"

    ended = await child.follow(["/bin/sh", "-c", script], 1, heard.append)

    assert ended.code is None
    with suppress(psutil.NoSuchProcess):  # a killed process is gone a moment later
        sleeper, end = psutil.Process(int(heard[0])), time.monotonic() + 10
        while sleeper.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
