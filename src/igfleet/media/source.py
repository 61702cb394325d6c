"""A file that ffmpeg is to read, and how it is told so."""

import os
from dataclasses import dataclass
from pathlib import Path

from igfleet.media.signature import container_of

_THREADS = 4
_DEMUXERS = {"mp4": "mov", "mov": "mov", "jpeg": "jpeg_pipe", "png": "png_pipe", "webp": "webp_pipe"}


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and by what ffmpeg is to read it: never guessed by ffmpeg, which would take a playlist."""

    path: Path
    demuxer: str

    @classmethod
    def of(cls, path: Path) -> "Source":
        """By the first bytes of the file. Raises `NotMedia`."""
        return cls(path, _DEMUXERS[container_of(path)])

    def arguments(self, at_s: float = 0, most_threads: int = _THREADS) -> list[str]:
        """The words of the command; `at_s` is where to begin."""
        begin = ["-ss", f"{at_s:.3f}"] if at_s else []
        few = str(min(threads(), most_threads))
        named = ["-threads", few, "-protocol_whitelist", "file,pipe", "-f", self.demuxer]
        return [*begin, *named, "-i", f"file:{self.path.absolute()}"]


def threads() -> int:
    """Few enough that the machine stays of use for the rest."""
    return max(1, min(_THREADS, os.cpu_count() or 1))
