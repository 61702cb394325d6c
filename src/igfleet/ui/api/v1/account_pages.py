"""What an account's page tells: its health, what it may still do, and its time line."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from igfleet.errors import Forbidden, Invalid
from igfleet.ui.api.v1.access import Caller, account_of
from igfleet.ui.api.v1.paging import Page, View
from igfleet.ui.fleet import page
from igfleet.ui.fleet.health import Level
from igfleet.ui.fleet.timeline import Event
from igfleet.ui.injected import Session, Ui

Sort = Literal["runs", "posts", "challenges", "sign-ins", "changes", "notes"]
Before = Annotated[str, QueryParameter(name="cursor", max_length=40, description="`next_cursor` of the page before.")]


class PartView(View):
    """One thing that the health is made of."""

    name: str
    taken: int
    """Points that it costs."""
    sentence: str


class BudgetView(View):
    """What it may still do of one action, within the last 60 minutes and 24 hours."""

    action: str
    per_hour: int
    left_hour: int
    per_day: int
    left_day: int


class RestView(View):
    """An action that it rests from."""

    action: str
    until: datetime


class HealthView(View):
    score: int
    """Of 100."""
    level: Level
    parts: list[PartView]
    budgets: list[BudgetView]
    rests: list[RestView]
    upcoming: int
    """Planned posts of tasks that were started: see `/posts?account_id=`."""


class ChangeView(View):
    what: str
    before: str
    after: str


class EventView(View):
    """One thing that happened."""

    at: datetime
    title: str
    path: str
    """Where the dashboard shows it; may be empty."""
    state: str | None
    """Of what it is about, when that has states."""
    reason_code: str | None
    detail: str
    changes: list[ChangeView]
    by: str


@get("/accounts/{account_id:int}/health", tags=["Accounts"])
async def account_health(account_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> HealthView:
    """Say how an account is, with what speaks for each part, and what it may still do."""
    await account_of(session, caller, account_id)
    seen = await page.gather(session, ui.settings, account_id)
    parts = [PartView(name=one.part.name, taken=one.part.taken, sentence=one.sentence) for one in seen.health]
    budgets = [BudgetView.model_validate(one) for one in seen.budgets]
    rests = [RestView.model_validate(one) for one in seen.rests]
    told = {"parts": parts, "budgets": budgets, "rests": rests, "upcoming": seen.upcoming_total}
    return HealthView.model_validate({"score": seen.score, "level": seen.level, **told})


@get("/accounts/{account_id:int}/timeline", tags=["Accounts"])
async def account_timeline(
    account_id: FromPath[int],
    caller: Caller,
    session: Session,
    ui: Ui,
    only: FromQuery[Sort | None] = None,
    cursor: Before = "",
) -> Page[EventView]:
    """List what happened to an account, the newest first, 40 a page. Not for keys with limits: it names all tasks."""
    if caller.has_limits:
        raise Forbidden("This key opens some accounts or kinds of task only, and a time line names others.")
    await account_of(session, caller, account_id)
    seen = await page.gather(session, ui.settings, account_id, only or "", _moment(cursor))
    return Page[EventView](items=[_event(one) for one in seen.events], next_cursor=seen.following or None)


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
        return at.astimezone(UTC) if at else None
    except (ValueError, OverflowError):
        raise Invalid("This is no cursor.", {"cursor": "is none that a page named"}) from None


def _event(one: Event) -> EventView:
    changes = [ChangeView(what=what, before=before, after=after) for what, before, after in one.changes]
    named = {"path": one.link, "state": one.look[1] if one.look else None, "reason_code": one.reason}
    told = {"at": one.at, "title": one.title, "detail": one.detail, "changes": changes, "by": one.by}
    return EventView.model_validate(named | told)


HANDLERS = [account_health, account_timeline]
