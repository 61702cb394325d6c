"""A variant of a video: rendered by its recipe, then looked at before it is believed."""

import hashlib
import statistics
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from igfleet.errors import GiveUp
from igfleet.media import child, filter_graph
from igfleet.media.encoding import Encoder, RenderFailed, Tell, carry_out, encode, head, time_limit_s
from igfleet.media.facts import MediaFacts, NotMedia
from igfleet.media.filter_graph import Shape
from igfleet.media.probe import probed
from igfleet.media.recipes import Drawn
from igfleet.media.source import Source
from igfleet.media.text_picture import draw_text
from igfleet.reasons import ReasonCode

_SHORTEST_S = 0.5
_LENGTH_SHARE, _LENGTH_SLACK_S = 0.02, 0.1
_NO_LOGO = "The recipe's logo is no picture: choose a jpg, png or webp."


@dataclass(frozen=True, slots=True)
class Original:
    """The video that variants are made of, and the logo that is laid over it."""

    path: Path
    facts: MediaFacts
    sha256: str
    logo: Path | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """A rendered file that passed every check."""

    path: Path
    sha256: str
    facts: MediaFacts
    likeness: float
    """Mean structural similarity to the source in the variant's own shape: 1 is the same picture."""


async def render(
    ffmpeg: Path, source: Original, recipe: Drawn, out: Path, tell: Tell, *, least_ssim: float, known: Collection[str]
) -> Variant:
    """Make the variant at `out`. `known` are the sha256 of its siblings.

    Raises `RenderFailed` with what is wrong, `ToolMissing`, and what `tell` raises.
    """
    shape = filter_graph.shape(source.facts, recipe)
    if shape.duration_s < _SHORTEST_S:
        raise RenderFailed("The recipe cuts away nearly all of the video.")
    inputs = [Source(source.path, "mov"), *await _overlay(source, recipe, out)]
    graph = filter_graph.picture(recipe, shape)
    if source.facts.has_audio:
        graph = f"{graph};{filter_graph.sound(recipe, shape)}"
    encoder = Encoder(recipe.codec, recipe.preset, recipe.crf, recipe.bitrate_kbps)
    command = encode(ffmpeg, inputs, graph, encoder, out, has_sound=source.facts.has_audio)
    await carry_out(command, shape.duration_s, tell)
    return await _checked(ffmpeg, source, shape, out, least_ssim, known)


async def _overlay(source: Original, recipe: Drawn, out: Path) -> list[Source]:
    if not recipe.overlay.is_there:
        return []
    if recipe.overlay.text.strip():
        picture = out.with_suffix(".text.png")
        await anyio.to_thread.run_sync(draw_text, recipe.overlay.text, picture)
        return [Source(picture, "png_pipe")]
    if source.logo is None:
        raise GiveUp("The picture of the recipe's logo is gone from the library.", ReasonCode.MEDIA_MISSING)
    try:
        logo = Source.of(source.logo)
    except NotMedia as error:
        raise RenderFailed(_NO_LOGO) from error
    if logo.demuxer == "mov":
        raise RenderFailed(_NO_LOGO)
    return [logo]


async def _checked(
    ffmpeg: Path, source: Original, shape: Shape, out: Path, least_ssim: float, known: Collection[str]
) -> Variant:
    try:
        facts = await probed(out)
    except NotMedia as error:
        raise RenderFailed(f"The variant cannot be played: {error}") from error
    if (facts.width, facts.height) != (shape.width, shape.height):
        made, asked = f"{facts.width} x {facts.height}", f"{shape.width} x {shape.height}"
        raise RenderFailed(f"The variant came out as {made} instead of {asked}.")
    off_by = abs((facts.duration_s or 0) - shape.duration_s)
    if off_by > max(_LENGTH_SHARE * shape.duration_s, _LENGTH_SLACK_S):
        raise RenderFailed(f"The variant lasts {facts.duration_s:.2f} s instead of {shape.duration_s:.2f} s.")
    sha256 = await anyio.to_thread.run_sync(_sha256, out)
    if sha256 == source.sha256 or sha256 in known:
        raise RenderFailed("The variant is byte for byte a file that exists already.")
    likeness = await measure_likeness(ffmpeg, out, source.path, shape)
    if likeness < least_ssim:
        raise RenderFailed(f"The variant is too unlike its source: {likeness:.3f}, at least {least_ssim:.3f} is asked.")
    return Variant(out, sha256, facts, likeness)


async def measure_likeness(ffmpeg: Path, made: Path, source: Path, shape: Shape) -> float:
    """Mean structural similarity of the brightness, frame by frame. Raises `RenderFailed`."""
    inputs = [Source(made, "mov"), Source(source, "mov")]
    command = [*head(ffmpeg, inputs), "-filter_complex", filter_graph.comparison(shape), "-an", "-f", "null", "-"]
    frames: list[float] = []

    def hear(line: str) -> None:
        found = line.partition(" Y:")[2].split(" ", 1)[0]
        if found:
            frames.append(float(found))

    ended = await child.follow(command, time_limit_s(shape.duration_s), hear, child.Limits())
    if ended.code != 0 or not frames:
        raise RenderFailed("The variant could not be compared with its source.")
    return statistics.fmean(frames)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
