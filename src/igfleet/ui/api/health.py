"""Whether the ui lives, is ready, and its figures."""

from typing import Any

from litestar import Request, Response, Router, get

from igfleet import __version__, metrics
from igfleet.errors import Unavailable
from igfleet.ui import metering, problems
from igfleet.ui.injected import Ui

_HEAD = "SELECT version_num FROM alembic_version"


@get("/health/live", opt={"public": True})
async def live() -> dict[str, object]:
    """The process answers."""
    return {"ok": True, "version": __version__}


@get("/health/ready", opt={"public": True})
async def ready(ui: Ui) -> dict[str, object]:
    """The database answers, its tables are the present ones, and the process is not stopping."""
    if ui.draining.is_set():
        raise Unavailable("This process is stopping.")
    async with ui.database.transaction() as raw:
        version = await raw.fetchval(_HEAD)
    return {"ok": True, "migration": version, "version": __version__}


@get("/metrics", opt={"public": True}, media_type="text/plain", include_in_schema=False)
async def show_metrics(request: Request[Any, Any, Any], ui: Ui) -> Response[bytes]:
    """The figures for Prometheus, to who has the token for them: METRICS_TOKEN."""
    metrics.require(ui.settings.metrics_token, request.headers.get("authorization"))
    async with ui.database.transaction() as raw:
        text = metrics.written(await metering.present(raw))
    return Response(text, headers={"Content-Type": metrics.CONTENT_TYPE}, media_type="text/plain")


ROUTER = Router("/", route_handlers=[live, ready, show_metrics], exception_handlers=problems.HANDLERS)
