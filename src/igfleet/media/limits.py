"""Whether a video can be published as a reel, in plain sentences."""

from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict

from igfleet.media.facts import MediaFacts, MediaKind


class _Fixed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReelLimits(_Fixed):
    """What Instagram takes as a reel, as published in its developer documentation (reels publishing specification)."""

    as_of: date = date(2026, 1, 1)
    shortest_s: float = 3
    longest_s: float = 15 * 60
    largest_bytes: int = 1024**3
    least_ratio: float = 0.01
    greatest_ratio: float = 10
    best_ratio: float = 9 / 16
    least_fps: float = 23
    greatest_fps: float = 60
    best_width: int = 540
    widest: int = 1920
    video_codecs: frozenset[str] = frozenset({"h264", "hevc"})
    best_video_codec: str = "h264"
    audio_codecs: frozenset[str] = frozenset({"aac"})
    rounding_s: float = 1.0
    """A clip may be shorter than `shortest_s` by so much: measured lengths differ between encoders and players."""


class MediaProblem(_Fixed):
    """One thing that is wrong with a file. A warning does not keep it from being published."""

    code: str
    sentence: str
    todo: str
    is_warning: bool = False


REEL_LIMITS = ReelLimits()


def problems(facts: MediaFacts, limits: ReelLimits = REEL_LIMITS) -> tuple[MediaProblem, ...]:
    """All that is wrong with the file as a reel, the worst first. Pictures serve as covers and have none."""
    if facts.kind is MediaKind.IMAGE:
        return ()
    found = [*_length(facts, limits), *_size(facts, limits), *_shape(facts, limits), *_coding(facts, limits)]
    return tuple(sorted(found, key=lambda problem: problem.is_warning))


def _length(facts: MediaFacts, limits: ReelLimits) -> Iterator[MediaProblem]:
    length = facts.duration_s or 0
    if length < limits.shortest_s - limits.rounding_s:
        yield MediaProblem(
            code="too_short",
            sentence=f"The video lasts {length:.1f} s; a reel lasts at least {limits.shortest_s:g} s.",
            todo="Upload a longer video.",
        )
    if length > limits.longest_s + limits.rounding_s:
        yield MediaProblem(
            code="too_long",
            sentence=f"The video lasts {length / 60:.1f} min; a reel lasts at most {limits.longest_s / 60:g} min.",
            todo="Cut the video.",
        )


def _size(facts: MediaFacts, limits: ReelLimits) -> Iterator[MediaProblem]:
    if facts.size_bytes > limits.largest_bytes:
        yield MediaProblem(
            code="too_large",
            sentence=f"The file has {_mb(facts.size_bytes)}; a reel has at most {_mb(limits.largest_bytes)}.",
            todo="Encode the video with a lower bit rate.",
        )


def _shape(facts: MediaFacts, limits: ReelLimits) -> Iterator[MediaProblem]:
    ratio = facts.width / facts.height if facts.height else 0
    if not limits.least_ratio <= ratio <= limits.greatest_ratio:
        yield MediaProblem(
            code="bad_ratio",
            sentence=f"The picture of {facts.width} x {facts.height} is too long and narrow for a reel.",
            todo="Crop the video, best to 9:16.",
        )
    elif abs(ratio - limits.best_ratio) > 0.02:
        yield _warning("not_9_16", f"The picture of {facts.width} x {facts.height} is not 9:16.", "It will be cropped.")
    if facts.width < limits.best_width:
        yield _warning("narrow", f"The picture is only {facts.width} pixels wide.", "It may look blurred.")
    if facts.width > limits.widest:
        yield MediaProblem(
            code="too_wide",
            sentence=f"The picture is {facts.width} pixels wide; a reel has at most {limits.widest}.",
            todo="Scale the video down to a width of 1080.",
        )


def _coding(facts: MediaFacts, limits: ReelLimits) -> Iterator[MediaProblem]:
    if facts.video_codec not in limits.video_codecs:
        yield MediaProblem(
            code="video_codec",
            sentence=f"The picture is coded as {facts.video_codec}; a reel needs H.264 or HEVC.",
            todo="Convert the video to H.264.",
        )
    elif facts.video_codec != limits.best_video_codec:
        yield _warning("hevc", "The picture is coded as HEVC.", "Older phones and some browsers cannot play it.")
    if facts.audio_codec is None:
        yield _warning("no_audio", "The video has no sound.", "It will be published silent.")
    elif facts.audio_codec not in limits.audio_codecs:
        yield MediaProblem(
            code="audio_codec",
            sentence=f"The sound is coded as {facts.audio_codec}; a reel needs AAC.",
            todo="Convert the sound to AAC.",
        )
    if facts.fps is not None and not limits.least_fps <= round(facts.fps) <= limits.greatest_fps:
        yield _warning(
            "frame_rate",
            f"The video has {facts.fps:g} frames a second; 23 to 60 are asked for.",
            "Instagram may refuse or convert it.",
        )
    if facts.has_variable_rate:
        yield _warning("variable_rate", "The frame rate varies.", "Picture and sound may drift apart.")


def _warning(code: str, sentence: str, todo: str) -> MediaProblem:
    return MediaProblem(code=code, sentence=sentence, todo=todo, is_warning=True)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:.0f} MB"
