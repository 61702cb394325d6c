"""The worker's own small API: health, jobs, and start calls that nudge it."""

import hmac
import json
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery
from pydantic import ValidationError

from igfleet import __version__, log, metrics
from igfleet.contracts.worker_api import Health, Job, Problem, Started, StartOptions, StartRequest
from igfleet.errors import Invalid, NotFound, NotSignedIn, Unavailable, UserError
from igfleet.runners import SYSTEM_KINDS
from igfleet.settings import WorkerSettings
from igfleet.worker import metering
from igfleet.worker.kinds import Kind
from igfleet.worker.leasing import Nudge
from igfleet.worker.pull import Pull

_log = log.get(__name__)
_KNOWN_OPTIONS = frozenset(StartOptions.model_fields)


def create_app(pull: Pull, settings: WorkerSettings, token: str) -> Litestar:
    """The application. Every call but health needs the token; metrics have one of their own."""
    starts = Router("/api/v1", route_handlers=[jobs, job_status, job_stop, start], guards=[_only_the_ui])
    app = Litestar(
        route_handlers=[health, show_metrics, starts],
        middleware=metrics.requests("worker", settings.metrics_token),
        exception_handlers={Exception: _respond, HTTPException: _respond},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=64 * 1024,
    )
    app.state.pull, app.state.slots, app.state.token = pull, settings.slots, token
    app.state.metrics_token = settings.metrics_token
    return app


async def _only_the_ui(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    given = connection.headers.get("authorization", "").removeprefix("Bearer ").strip()
    token: str = connection.app.state.token
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise NotSignedIn("Send `Authorization: Bearer <WORKER_API_TOKEN>`.")


@get("/api/v1/health")
async def health(request: Request[Any, Any, Any]) -> Health:
    """Whether it lives, and how much it does."""
    pull: Pull = request.app.state.pull
    return Health(version=__version__, worker_id=pull.worker_id, slots=request.app.state.slots, running=len(pull.runs))


@get("/metrics", media_type="text/plain")
async def show_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The figures for Prometheus, to who has the token for them: METRICS_TOKEN."""
    state = request.app.state
    metrics.require(state.metrics_token, request.headers.get("authorization"))
    text = metrics.written(metering.present(state.pull, state.slots))
    return Response(text, headers={"Content-Type": metrics.CONTENT_TYPE}, media_type="text/plain")


@get("/jobs")
async def jobs(request: Request[Any, Any, Any]) -> list[Job]:
    """Every job that is remembered."""
    pull: Pull = request.app.state.pull
    return pull.jobs.all()


@get("/jobs/{job_id:uuid}/status")
async def job_status(job_id: FromPath[UUID], request: Request[Any, Any, Any]) -> Job:
    pull: Pull = request.app.state.pull
    return pull.jobs.find(job_id)


@post("/jobs/{job_id:uuid}/stop", status_code=200)
async def job_stop(job_id: FromPath[UUID], request: Request[Any, Any, Any]) -> Job:
    """Ask the runs of that job to stop at the next safe point."""
    pull: Pull = request.app.state.pull
    job = pull.jobs.stop(job_id)
    pull.stop_task(job.task_id)
    return job


@post("/{path:str}/start", status_code=200)
async def start(path: FromPath[str], request: Request[Any, Any, Any], task_id: FromQuery[int | None] = None) -> Started:
    """Lease now. The task stands in the body (bulk upload) or in the query (all others)."""
    pull: Pull = request.app.state.pull
    kind = _kind(pull.kinds, path)
    order = _order(await request.body(), task_id)
    wanted = order.options.upload_method
    if wanted is not None and wanted not in kind.methods:
        raise Invalid(f"{kind.name} cannot be done by {wanted} here.", {"upload_method": "not served by this worker"})
    if pull.is_draining:
        raise Unavailable("This worker is draining: it takes no new work.")
    job = pull.jobs.start(kind.name, order.task_id, order.options)
    pull.nudge(Nudge(order.task_id, order.options))
    return Started(job_id=job.job_id)


def _kind(kinds: dict[str, Kind], path: str) -> Kind:
    for kind in kinds.values():
        if kind.start_path == path and kind.name not in SYSTEM_KINDS:
            return kind
    raise NotFound(f"This worker has no kind at {path!r}.")


def _order(body: bytes, task_id: int | None) -> StartRequest:
    """The start request from body and query. Unknown options are refused: a misspelt one would be lost."""
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError:
        raise Invalid("The body is not JSON.") from None
    if not isinstance(given, dict):
        raise Invalid("The body must be an object.")
    options = given.get("options") or {}
    unknown = set(options) - _KNOWN_OPTIONS if isinstance(options, dict) else {"options"}
    if unknown:
        raise Invalid("Unknown options.", dict.fromkeys(sorted(unknown), "is not an option of a start call"))
    try:
        return StartRequest.model_validate({"task_id": task_id, **given})
    except ValidationError as error:
        fields = {".".join(map(str, item["loc"])): item["msg"] for item in error.errors(include_url=False)}
        raise Invalid("The start call is not as it should be.", fields) from None


def _respond(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    problem = _problem(error)
    headers = {"Retry-After": "5"} if problem.status == 503 else {}
    return Response(
        problem.model_dump(mode="json"),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def _problem(error: Exception) -> Problem:
    if isinstance(error, UserError):
        fields = error.fields if isinstance(error, Invalid) else {}
        listed = tuple({"field": name, "message": message} for name, message in fields.items())
        return Problem(
            title=type(error).__name__,
            status=error.status_code,
            detail=str(error),
            reason_code=error.reason_code,
            retryable=error.retryable,
            errors=listed,
        )
    if isinstance(error, ValidationException):
        return Problem(title="Invalid", status=422, detail=error.detail, reason_code="invalid")
    if isinstance(error, HTTPException):
        code = "not_found" if error.status_code == 404 else "bad_request"
        return Problem(title=type(error).__name__, status=error.status_code, detail=error.detail, reason_code=code)
    _log.error("unexpected_error", exc_info=error)
    return Problem(title="Unexpected error", status=500, detail="See the worker's log.", reason_code="unexpected_error")
