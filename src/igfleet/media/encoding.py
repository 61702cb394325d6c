"""ffmpeg commands that encode, and the running of them: confined, with a time limit, told by ffmpeg's own progress."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from igfleet.errors import GiveUp
from igfleet.media import child
from igfleet.media.child import Limits
from igfleet.media.ffmpeg import ToolMissing
from igfleet.media.recipes import Codec
from igfleet.media.source import Source, threads
from igfleet.reasons import ReasonCode

_SHORTEST_LIMIT_S, _PER_SECOND_S = 180.0, 60.0
_NO_ENCODER = ("Unknown encoder", "Encoder not found", "Unrecognized option")
_CODECS = {
    Codec.H264: ("-c:v", "libx264", "-bsf:v", "filter_units=remove_types=6"),
    Codec.HEVC: (
        *("-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", "info=0:log-level=error"),
        *("-bsf:v", "filter_units=remove_types=39|40"),
    ),
}
"""Encoders, without the note about themselves that they would write into the picture."""

type Tell = Callable[[float], None]
"""Called with the share that is done, 0 to 1. What it raises ends the work."""


class RenderFailed(GiveUp):
    """ffmpeg could not make the file, or what it made is not good enough."""

    default_reason = ReasonCode.RENDER_FAILED


@dataclass(frozen=True, slots=True)
class Encoder:
    """How picture and sound are coded."""

    codec: Codec = Codec.H264
    preset: str = "veryfast"
    crf: int = 23
    bitrate_kbps: int | None = None
    """On average, instead of the even quality of `crf`."""
    most_kbps: int | None = None
    """The cap of an even quality."""

    def arguments(self) -> list[str]:
        rate, cap = self.bitrate_kbps, self.most_kbps
        amount = ["-b:v", f"{rate}k"] if rate else ["-crf", str(self.crf)]
        if top := (2 * rate if rate else cap):
            amount += ["-maxrate", f"{top}k", "-bufsize", f"{2 * top}k"]
        return [*_CODECS[self.codec], "-preset", self.preset, *amount]


def encode(
    ffmpeg: Path, sources: Sequence[Source], graph: str, encoder: Encoder, out: Path, *, has_sound: bool
) -> list[str]:
    """The command that makes an mp4 of a filter graph's `[v]` and `[a]`, with no metadata in it."""
    return [
        *head(ffmpeg, sources),
        *("-progress", "pipe:1", "-stats_period", "0.5", "-filter_complex", graph, "-map", "[v]"),
        *encoder.arguments(),
        *("-threads", str(threads())),
        *(("-map", "[a]", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2") if has_sound else ("-an",)),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-metadata:s:v", "encoder=", "-metadata:s:a", "encoder="),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
        *("-movflags", "+faststart", "-f", "mp4", "-y", f"file:{out.absolute()}"),
    ]


def head(ffmpeg: Path, sources: Sequence[Source]) -> list[str]:
    """How every command begins."""
    quiet = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error")
    few = ("-filter_threads", "2", "-filter_complex_threads", "2")
    return [str(ffmpeg), *quiet, *few, *(word for source in sources for word in source.arguments())]


async def carry_out(command: Sequence[str], length_s: float, tell: Tell) -> None:
    """Encode, telling how far it is. Raises `RenderFailed`, `ToolMissing`, and what `tell` raises."""
    limit_s = time_limit_s(length_s)
    cpu_s = int(limit_s * threads())
    ended = await child.follow(command, limit_s, _progress(length_s, tell), Limits(cpu_s=cpu_s))
    if ended.code is None:
        raise RenderFailed(f"It took longer than {limit_s / 60:.0f} minutes and was stopped.")
    if ended.code != 0:
        if any(words in ended.err for words in _NO_ENCODER):
            raise ToolMissing("The ffmpeg of this machine has no encoder for it: set IGFLEET_FFMPEG to one that has.")
        raise RenderFailed(f"ffmpeg could not do it: {_last(ended.err)}")


def time_limit_s(length_s: float) -> float:
    """How long the work on so much video may take."""
    return max(_SHORTEST_LIMIT_S, length_s * _PER_SECOND_S)


def _progress(length_s: float, tell: Tell) -> Callable[[str], None]:
    def hear(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.strip().lstrip("-").isdigit() and length_s > 0:
            tell(min(max(int(value) / 1_000_000 / length_s, 0.0), 1.0))

    return hear


def _last(said: str) -> str:
    """The last thing that ffmpeg said, without addresses of its memory."""
    lines = list(_plain(said))
    return lines[-1][:300] if lines else "it said nothing."


def _plain(said: str) -> Iterator[str]:
    for line in said.splitlines():
        text = line.split("] ", 1)[-1].strip()
        if text and text.isprintable():
            yield text
