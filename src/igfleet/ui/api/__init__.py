"""The API: what workers call, and below `/api/v1` what people's programs call."""

from litestar import Router

from igfleet.ui import problems
from igfleet.ui.api import access, challenges, files, health, leases, lookups, media, posts, seed, v1, workers
from igfleet.ui.api.repeats import Repeats

ROUTES = [
    health.ROUTER,
    v1.ROUTER,
    Router(
        "/api",
        route_handlers=[
            *workers.HANDLERS,
            *leases.HANDLERS,
            *challenges.HANDLERS,
            *lookups.HANDLERS,
            *posts.HANDLERS,
            *files.HANDLERS,
            *media.HANDLERS,
            *seed.HANDLERS,
        ],
        middleware=[Repeats],
        guards=[access.only_workers],
        dependencies=access.DEPENDENCIES,
        exception_handlers=problems.HANDLERS,
        security=[{"bearer": []}],
    ),
]
"""Everything below `/api`, `/health` and `/metrics`."""
