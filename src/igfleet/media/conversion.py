"""Conversion to a file that can be published: H.264 and AAC in an mp4, no wider than a reel, at an even rate."""

from collections.abc import Iterable
from pathlib import Path

from igfleet.media import filter_graph
from igfleet.media.encoding import Encoder, RenderFailed, Tell, carry_out, encode
from igfleet.media.facts import MediaFacts, NotMedia
from igfleet.media.limits import REEL_LIMITS, MediaProblem, ReelLimits, problems
from igfleet.media.probe import probed
from igfleet.media.source import Source

_CONVERTIBLE = frozenset(
    {"video_codec", "audio_codec", "too_wide", "too_large", "bad_ratio", "frame_rate", "hevc", "variable_rate"}
)
_WIDTH = 1080
_LENGTH_SHARE, _LENGTH_SLACK_S = 0.02, 0.2
_CRF, _MOST_KBPS, _SOUND_KBPS = 20, 12_000, 128
_SAFETY = 0.9


def is_worthwhile(codes: Iterable[str], blocking: Iterable[str]) -> bool:
    """Whether a conversion mends something, and leaves nothing (`blocking` codes) that keeps the file unpublishable."""
    return any(code in _CONVERTIBLE for code in codes) and all(code in _CONVERTIBLE for code in blocking)


async def convert(
    ffmpeg: Path, source: Path, facts: MediaFacts, out: Path, tell: Tell, limits: ReelLimits = REEL_LIMITS
) -> MediaFacts:
    """Write a publishable file to `out`; its facts. Raises `RenderFailed`, `ToolMissing`, and what `tell` raises."""
    length_s = facts.duration_s or 0
    graph = picture(facts, limits)
    if facts.has_audio:
        graph += ";[0:a]aresample=async=1:first_pts=0[a]"
    encoder = Encoder(preset="fast", crf=_CRF, most_kbps=_most_kbps(length_s, limits))
    await carry_out(
        encode(ffmpeg, [Source(source, "mov")], graph, encoder, out, has_sound=facts.has_audio), length_s, tell
    )
    try:
        made = await probed(out)
    except NotMedia as error:
        raise RenderFailed(f"The converted file cannot be played: {error}") from error
    _check(made, facts, limits)
    return made


def picture(facts: MediaFacts, limits: ReelLimits = REEL_LIMITS) -> str:
    """The filter chain of the picture; turned upright by the decoder already."""
    ratio = facts.width / facts.height
    if limits.least_ratio <= ratio <= limits.greatest_ratio:
        width = min(facts.width, _WIDTH)
        size = [f"scale={filter_graph.even(width)}:{filter_graph.even(width / ratio)}"]
    else:
        size = list(filter_graph.into_frame(*filter_graph.REEL))
    steps = [*size, "setsar=1", f"fps={filter_graph.frame_rate(facts):g}", "format=yuv420p"]
    return f"[0:v]{','.join(steps)}[v]"


def _most_kbps(length_s: float, limits: ReelLimits) -> int:
    """The bit rate at which the whole stays below the largest size."""
    fitting = limits.largest_bytes * 8 / 1000 / max(length_s, 1) * _SAFETY - _SOUND_KBPS
    return max(300, min(_MOST_KBPS, int(fitting)))


def _check(made: MediaFacts, source: MediaFacts, limits: ReelLimits) -> None:
    asked = source.duration_s or 0
    if abs((made.duration_s or 0) - asked) > max(_LENGTH_SHARE * asked, _LENGTH_SLACK_S):
        raise RenderFailed(f"The converted file lasts {made.duration_s or 0:.1f} s instead of {asked:.1f} s.")
    left = _worst(problems(made, limits))
    if left is not None:
        raise RenderFailed(f"The converted file could not be published either: {left.sentence}")


def _worst(found: Iterable[MediaProblem]) -> MediaProblem | None:
    return next((problem for problem in found if not problem.is_warning), None)
