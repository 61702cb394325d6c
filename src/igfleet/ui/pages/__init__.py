"""The dashboard's pages. Handlers call one verb and render; every route passes the gate."""

from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from igfleet.errors import SecondFactorNeeded
from igfleet.ui import problems
from igfleet.ui.compression import Compression
from igfleet.ui.pages import (
    account,
    accounts,
    api_docs,
    api_keys,
    audit,
    breakers,
    bulk,
    captions,
    evidence,
    finding,
    inbox,
    invitation,
    logs,
    me,
    media,
    media_uploads,
    notifications,
    overview,
    posts,
    proxies,
    proxy,
    recurring,
    reports,
    schedule,
    secrets,
    set_up,
    settings,
    sign_in,
    standstill,
    system,
    targets,
    task_new,
    task_plan,
    task_results,
    tasks,
    users,
    webhooks,
    workers,
)
from igfleet.ui.pages.render import page
from igfleet.ui.security.gate import dashboard_gate

_HANDLERS = [
    *overview.HANDLERS,
    *set_up.HANDLERS,
    *sign_in.HANDLERS,
    *invitation.HANDLERS,
    *me.HANDLERS,
    *notifications.HANDLERS,
    *inbox.HANDLERS,
    *logs.HANDLERS,
    *schedule.HANDLERS,
    *recurring.HANDLERS,
    *reports.HANDLERS,
    *breakers.HANDLERS,
    *standstill.HANDLERS,
    *accounts.HANDLERS,
    *finding.HANDLERS,
    *account.HANDLERS,
    *bulk.HANDLERS,
    *secrets.HANDLERS,
    *proxies.HANDLERS,
    *proxy.HANDLERS,
    *media.HANDLERS,
    *media_uploads.HANDLERS,
    *evidence.HANDLERS,
    *tasks.HANDLERS,
    *task_new.HANDLERS,
    *task_plan.HANDLERS,
    *task_results.HANDLERS,
    *posts.HANDLERS,
    *targets.HANDLERS,
    *captions.HANDLERS,
    *workers.HANDLERS,
    *settings.HANDLERS,
    *api_keys.HANDLERS,
    *api_docs.HANDLERS,
    *webhooks.HANDLERS,
    *users.HANDLERS,
    *audit.HANDLERS,
    *system.HANDLERS,
]


def show_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An error as a page; the way to the sign-in for whom is not signed in, to the second factor for whom needs one."""
    problem, headers = problems.problem_of(error)
    wants_page = "text/html" in request.headers.get("accept", "") or request.headers.get("hx-request") == "true"
    if not wants_page:
        return problems.respond(request, error)
    is_reading = request.method == "GET" and request.headers.get("hx-request") != "true"
    if problem.status == 401 and is_reading and request.url.path != "/signin":
        return Redirect(f"/signin?next={request.url.path}" if request.url.path != "/" else "/signin")
    if isinstance(error, SecondFactorNeeded) and is_reading:
        return Redirect(me.NEEDED, status_code=303)
    name = "errors/_bar.html" if request.headers.get("hx-request") == "true" else "errors/page.html"
    request.state.person = getattr(request.state, "person", None)
    shown = page(request, name, status_code=problem.status, problem=problem)
    shown.headers.update(headers)
    return shown


EXCEPTION_HANDLERS: ExceptionHandlersMap = {Exception: show_error, HTTPException: show_error}
ROUTES = [
    Router(
        "/",
        route_handlers=_HANDLERS,
        guards=[dashboard_gate],
        middleware=[Compression()],
        include_in_schema=False,
    )
]
