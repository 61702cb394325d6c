"""Every route of the ui, read from the application itself: a test over it meets new routes by itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

from igfleet.settings import UiSettings, load
from igfleet.ui.app import create_app

SAFE = {"GET", "HEAD", "OPTIONS"}
_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")


@dataclass(frozen=True)
class Route:
    """One method at one path, with what the handler says of itself."""

    method: str
    path: str
    is_public: bool
    opt: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_api(self) -> bool:
        """Called by workers."""
        return self.path.startswith("/api/") and not self.is_operator_api

    @property
    def is_operator_api(self) -> bool:
        """Called by programs of people, with a key."""
        return self.path.startswith("/api/v1/")

    @property
    def is_page(self) -> bool:
        """Used by people in a browser."""
        return not self.path.startswith("/api/")

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE

    def address(self, **given: object) -> str:
        """The path with its parameters filled in: what is given by name, else 1."""
        usual = {"kind": "bulk-tasks" if self.is_api else "bulk_upload", **given}
        return _PARAMETER.sub(lambda found: str(usual.get(found[1], _FILL.get(found[2], "x"))), self.path)

    def with_numbers(self, number: int) -> str:
        """The path with every number in it set to this one."""
        return self.address(**{name: number for name, kind in _PARAMETER.findall(self.path) if kind == "int"})


_FILL = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000", "path": "x.css", "str": "x"}


def all_routes(folder: Path) -> list[Route]:
    """All routes but the framework's OPTIONS, in the order of their names."""
    url = "postgresql://nobody@127.0.0.1:9/nothing"
    app = create_app(load(UiSettings, IGFLEET_DATA_DIR=folder, DATABASE_URL=url), url)
    return sorted(_of(app), key=lambda route: route.name)


def _of(app: Litestar) -> Iterator[Route]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield Route(str(method), route.path, bool(handler.opt.get("public")), handler.opt)
