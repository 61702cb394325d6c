"""The kinds that this worker serves, and the adapters by method."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import timedelta

from igfleet.contracts.tasks import Method
from igfleet.runners import KINDS, SYSTEM_KINDS
from igfleet.runners.base import Options, Runner

ADAPTERS: dict[Method, str] = {
    Method.INSTAGRAPI: "igfleet.instagram.adapters.instagrapi_client:open_instagrapi",
    Method.PLAYWRIGHT: "igfleet.instagram.adapters.playwright_client:open_playwright",
    Method.DOLPHIN: "igfleet.instagram.adapters.dolphin:open_dolphin",
}
"""Where the opening function of each method is; imported in the run's own process."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the worker needs it."""

    name: str
    path: str
    """Dotted path of the runner, for the run's own process."""
    start_path: str
    timeout: timedelta
    methods: tuple[Method, ...]


def kinds(
    registry: Mapping[str, type[Runner[Options]]] | None = None, methods: Container[Method] = ADAPTERS
) -> dict[str, Kind]:
    """The kinds of a registry that have a method served here; without one, all that there are."""
    found = {}
    for name, runner in (KINDS | SYSTEM_KINDS if registry is None else registry).items():
        served = tuple(method for method in runner.methods if method in methods or method is Method.NONE)
        if served:
            path = f"{runner.__module__}:{runner.__qualname__}"
            found[name] = Kind(name, path, runner.start_path, runner.timeout, served)
    return found
