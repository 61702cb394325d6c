"""The kinds that this worker serves, and the adapters by method."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from igfleet.contracts.tasks import Method
from igfleet.runners import KINDS
from igfleet.runners.base import Options, Runner

ADAPTERS: dict[Method, str] = {
    Method.INSTAGRAPI: "igfleet.instagram.adapters.instagrapi_client:open_instagrapi",
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


def kinds(registry: Mapping[str, type[Runner[Options]]] = KINDS) -> dict[str, Kind]:
    """The kinds of a registry that have a method served here."""
    found = {}
    for name, runner in registry.items():
        methods = tuple(method for method in runner.methods if method in ADAPTERS or method is Method.NONE)
        if methods:
            path = f"{runner.__module__}:{runner.__qualname__}"
            found[name] = Kind(name, path, runner.start_path, runner.timeout, methods)
    return found
