"""How long things took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds."""

    count: int
    p50: float
    p95: float
    longest: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Times":
        ordered = sorted(seconds)
        if not ordered:
            return cls(0, 0.0, 0.0, 0.0)
        return cls(len(ordered), _share(ordered, 0.5), _share(ordered, 0.95), round(ordered[-1], 2))


def _share(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2)
