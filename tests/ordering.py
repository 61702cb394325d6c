"""The order of the files, when several processes share them."""

from collections.abc import Iterable, Sequence
from pathlib import PurePath

_WAITING = ("e2e", "faults")
"""Their tests wait for processes, leases and limits most of the time: others run meanwhile."""
_LATEST = 0.7
"""By then all of these have begun: what is long does not come last."""


def mixed(files: Iterable[str]) -> list[str]:
    """The files once each, those that wait spread evenly among those that work."""
    known = list(dict.fromkeys(files))
    waiting = [one for one in known if _waits(one)]
    working = [one for one in known if not _waits(one)]
    placed = {**_spread(waiting, _LATEST), **_spread(working, 1.0)}
    return sorted(known, key=lambda one: placed[one])


def _waits(file: str) -> bool:
    return any(part in _WAITING for part in PurePath(file).parts)


def _spread(files: Sequence[str], end: float) -> dict[str, float]:
    return {one: end * (number + 0.5) / len(files) for number, one in enumerate(files)}
