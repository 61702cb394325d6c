"""Whether the ui lives, is ready, and its figures."""

from litestar import Response, Router, get
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from igfleet import __version__
from igfleet.errors import Unavailable
from igfleet.ui import problems
from igfleet.ui.injected import Ui

_HEAD = "SELECT version_num FROM alembic_version"
_FIGURES = """
SELECT 'account_tasks' AS name, state AS label, count(*)::float AS value FROM account_tasks GROUP BY state
UNION ALL SELECT 'posts', state, count(*) FROM posts GROUP BY state
UNION ALL SELECT 'workers', CASE WHEN seen_at > now() - interval '15 seconds' THEN 'online' ELSE 'away' END, count(*)
  FROM workers GROUP BY 2
"""


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


@get("/metrics", opt={"public": True}, media_type="text/plain")
async def metrics(ui: Ui) -> Response[bytes]:
    """Counts by state, for Prometheus."""
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(f"igfleet_{name}", f"{name} by state", ["state"], registry=registry)
        for name in ("account_tasks", "posts", "workers")
    }
    async with ui.database.transaction() as raw:
        for row in await raw.fetch(_FIGURES):
            gauges[row["name"]].labels(row["label"]).set(row["value"])
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}, media_type="text/plain")


ROUTER = Router("/", route_handlers=[live, ready, metrics], exception_handlers=problems.HANDLERS)
