"""The order of the files, when several processes share them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

_WAITING = ("e2e", "faults")
"""Their tests wait for processes, leases and limits most of the time: others run meanwhile."""
_LATEST = 0.7
"""By then all of these have begun: what is long does not come last."""


def mixed(files: Iterable[str]) -> list[str]:
    """The files once each, those that wait spread evenly among those that work; of these, such as want the standing ui
    with the same settings one after the other, as it starts anew when they change."""
    known = list(dict.fromkeys(files))
    waiting = [one for one in known if _waits(one)]
    working = sorted((one for one in known if not _waits(one)), key=_needs_no_proxies)
    placed = {**_spread(waiting, _LATEST), **_spread(working, 1.0)}
    return sorted(known, key=lambda one: placed[one])


def _waits(file: str) -> bool:
    return any(part in _WAITING for part in Path(file).parts)


def _needs_no_proxies(file: str) -> bool:
    return "ui_without_proxies" in Path(file).read_text(encoding="utf-8")


def _spread(files: Sequence[str], end: float) -> dict[str, float]:
    return {one: end * (number + 0.5) / len(files) for number, one in enumerate(files)}
