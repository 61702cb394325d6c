"""All that is found out about a file when it enters the library."""

from dataclasses import dataclass
from pathlib import Path

from igfleet.media.facts import MediaFacts
from igfleet.media.ffmpeg import thumbnail_of
from igfleet.media.limits import REEL_LIMITS, MediaProblem, ReelLimits, problems
from igfleet.media.probe import probed

_THUMBNAIL_AT = 0.3


@dataclass(frozen=True, slots=True)
class Examined:
    facts: MediaFacts
    problems: tuple[MediaProblem, ...]

    @property
    def is_publishable(self) -> bool:
        """Nothing but warnings was found."""
        return all(problem.is_warning for problem in self.problems)


async def examine(path: Path, ffmpeg: Path, thumbnail: Path, limits: ReelLimits = REEL_LIMITS) -> Examined:
    """Probe the file, judge it as a reel and write its thumbnail (a JPEG). Raises `NotMedia`, `ToolMissing`."""
    facts = await probed(path)
    await thumbnail_of(ffmpeg, path, thumbnail, (facts.duration_s or 0) * _THUMBNAIL_AT)
    return Examined(facts, problems(facts, limits))
