"""The operator API: what the dashboard does, for programs of people who hold a key."""

from litestar import Router

from igfleet.ui import problems
from igfleet.ui.api.repeats import Repeats
from igfleet.ui.api.v1 import (
    about,
    access,
    account_pages,
    accounts,
    audit,
    bulk,
    captions,
    challenges,
    evidence,
    fleet,
    logs,
    media,
    office,
    overview,
    people,
    posts,
    proxies,
    recurring,
    reports,
    schedule,
    settings,
    targets,
    task_rows,
    tasks,
    webhooks,
)

ROUTER = Router(
    "/api/v1",
    route_handlers=[
        *about.HANDLERS,
        *overview.HANDLERS,
        *accounts.HANDLERS,
        *account_pages.HANDLERS,
        *proxies.HANDLERS,
        *media.HANDLERS,
        *captions.HANDLERS,
        *targets.HANDLERS,
        *tasks.HANDLERS,
        *task_rows.HANDLERS,
        *logs.HANDLERS,
        *evidence.HANDLERS,
        *posts.HANDLERS,
        *challenges.HANDLERS,
        *fleet.HANDLERS,
        *bulk.HANDLERS,
        *schedule.HANDLERS,
        *recurring.HANDLERS,
        *reports.HANDLERS,
        *people.HANDLERS,
        *audit.HANDLERS,
        *settings.HANDLERS,
        *webhooks.HANDLERS,
        *office.HANDLERS,
    ],
    middleware=[Repeats],
    guards=[access.only_keys],
    dependencies=access.DEPENDENCIES,
    exception_handlers=problems.HANDLERS,
    security=[{"bearer": []}],
)
"""Everything below `/api/v1`."""
