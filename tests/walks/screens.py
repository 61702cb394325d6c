"""Every screen by its address, on the stage of `furnished`; a new route must be named here."""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from igfleet import clock
from tests.ui_api.routes import Route, all_routes

SCREENS = (
    "/",
    "/tasks",
    "/tasks?state=draft",
    "/tasks/1",
    "/tasks/3",
    "/tasks/new",
    "/tasks/new/bulk_upload",
    "/tasks/new/bulk_login",
    "/tasks/new/warmup",
    "/tasks/new/follow",
    "/tasks/new/avatar",
    "/tasks/new/bio",
    "/tasks/new/proxy_diag",
    "/tasks/new/media_uniq",
    "/tasks/2/plan",
    "/tasks/2/edit",
    "/posts/1",
    "/posts/3",
    "/media",
    "/media/1",
    "/media/2",
    "/accounts",
    "/accounts/1",
    "/accounts?q=nobody&health=poor",
    "/accounts?status=active",
    "/accounts/1/edit",
    "/accounts/1/secrets/password",
    "/accounts/import",
    "/bulk",
    "/bulk/1",
    "/bulk/new/accounts?act=tag&all=3",
    "/bulk/new/accounts?act=archive&row=1",
    "/bulk/new/account_tasks?task=1&act=retry&all=3",
    "/find",
    "/find?q=nord",
    "/inbox",
    "/proxies",
    "/proxies/1",
    "/proxies/2",
    "/proxies/import",
    "/workers",
    "/settings",
    "/settings/keys",
    "/settings/webhooks",
    "/settings/webhooks/1/quiet-hours",
    "/docs/api",
    "/logs",
    "/logs?q=nothing+like+it",
    "/logs/1",
    "/captions",
    "/captions/new",
    "/captions/1",
    "/targets",
    "/targets?list=Neighbours",
    "/schedule?view=day",
    "/schedule?view=week",
    "/schedule?view=month",
    "/schedule?view=list",
    "/schedule/move?task=3&since={tomorrow}T12:00:00Z&until={tomorrow}T13:00:00Z",
    "/schedule/recurring",
    "/schedule/recurring/1",
    "/schedule/recurring/new?task=1",
    "/reports",
    "/users",
    "/users/1",
    "/users/2",
    "/me",
    "/me/notifications",
    "/me/second-factor",
    "/audit",
    "/system",
    "/standstill",
)
"""Of somebody who is signed in as admin."""
OUTSIDE = ("/signin", "/signin?token=none", "/setup", "/invitation", "/invitation?token=none")
"""Of somebody who is not."""
EMPTY = (
    "/",
    "/tasks",
    "/tasks/new/bulk_upload",
    "/tasks/new/follow",
    "/media",
    "/accounts",
    "/bulk",
    "/inbox",
    "/proxies",
    "/workers",
    "/settings/keys",
    "/settings/webhooks",
    "/logs",
    "/captions",
    "/targets",
    "/schedule?view=week",
    "/schedule?view=list",
    "/schedule/recurring",
    "/reports",
    "/users",
    "/standstill",
    "/find?q=nobody",
)
"""Of an install with nothing in it."""
WRONG = ("/tasks/999", "/schedule/move?task=3", "/bulk/new/accounts", "/audit?since=yesterday", "/nothing/here")
"""Addresses that are answered with what is wrong."""
_NO_SCREEN = re.compile(
    r"^/(api|static|health|schema)(/|$)|^/(metrics|events)$|\.(csv|json)$|/(live|content|thumbnail|file)$|^/evidence/"
)
"""Programs, files, and fragments that stand on a screen."""
_PARAMETER = re.compile(r"\{\w+:\w+\}")


def address(screen: str) -> str:
    """With the day of tomorrow, where it is asked for."""
    return screen.replace("{tomorrow}", f"{clock.now() + timedelta(days=1):%Y-%m-%d}")


def unnamed(folder: Path) -> set[str]:
    """Routes of pages that no screen above stands for."""
    known = [path.partition("?")[0] for path in (*SCREENS, *OUTSIDE)]
    return {route.path for route in _pages(all_routes(folder)) if not any(_fits(route.path, path) for path in known)}


def _pages(routes: Iterable[Route]) -> Iterable[Route]:
    return (route for route in routes if route.is_safe and not _NO_SCREEN.search(route.path))


def _fits(pattern: str, path: str) -> bool:
    parts = [re.escape(part) for part in _PARAMETER.split(pattern)]
    return re.fullmatch("[^/]+".join(parts), path) is not None
