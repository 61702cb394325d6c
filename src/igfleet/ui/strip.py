"""The strip chart of a proxy's checks: one bar for each, as tall as the answer took; failures are crossed out."""

from collections.abc import Sequence
from dataclasses import dataclass

from igfleet.contracts.proxy_checks import ProxyVerdict
from igfleet.ui.models import ProxyCheckEntry
from igfleet.ui.words import look

SLOTS = 60
_WIDTH, _HEIGHT = 10.0, 100.0
_GAP = 2.0
_LEAST = 3.0
_CEILINGS_MS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000)


@dataclass(frozen=True, slots=True)
class Bar:
    """One check, in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    has_failed: bool
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The drawing: `width` × `height` units, its top is at `ceiling_ms`."""

    bars: Sequence[Bar]
    ceiling_ms: int
    width: float = SLOTS * _WIDTH
    height: float = _HEIGHT

    @property
    def told(self) -> str:
        """The drawing in words."""
        failed = sum(bar.has_failed for bar in self.bars)
        return f"The last {len(self.bars)} checks: {len(self.bars) - failed} worked, {failed} failed"


def strip(entries: Sequence[ProxyCheckEntry]) -> Strip:
    """The chart of these checks, the newest first in the list and at the right of the drawing."""
    shown = list(reversed(entries[:SLOTS]))
    slowest = max((entry.latency_ms or 0 for entry in shown), default=0)
    ceiling = next((ceiling for ceiling in _CEILINGS_MS if ceiling >= slowest), slowest)
    first = SLOTS - len(shown)
    return Strip([_bar(entry, first + place, ceiling) for place, entry in enumerate(shown)], ceiling)


def _bar(entry: ProxyCheckEntry, slot: int, ceiling_ms: int) -> Bar:
    seen = look("verdict", entry.verdict)
    has_failed = not ProxyVerdict(entry.verdict).is_usable
    share = 1.0 if has_failed else (entry.latency_ms or 0) / ceiling_ms
    height = max(round(share * _HEIGHT, 1), _LEAST)
    at = f"{entry.at:%Y-%m-%d %H:%M} UTC"
    return Bar(
        x=slot * _WIDTH + _GAP / 2,
        y=_HEIGHT - height,
        width=_WIDTH - _GAP,
        height=height,
        colour=seen.colour,
        has_failed=has_failed,
        title=f"{at}: {seen.label}" + (f", {entry.latency_ms} ms" if entry.latency_ms is not None else ""),
    )
