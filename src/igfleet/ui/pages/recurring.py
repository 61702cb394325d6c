"""Recurring tasks: what repeats, when it does next, and what became of its times."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.forms.reading import last, listed
from igfleet.ui.injected import Session
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.planning.plan import find_task
from igfleet.ui.schedule import recurring
from igfleet.ui.schedule.person import zone_of
from igfleet.ui.schedule.recurrence import WEEKDAYS, Missed, Rule
from igfleet.ui.schedule.recurring import Repeat, parsed_time
from igfleet.ui.schedule.zones import zone_names
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sound import id_of

MISSED = {
    Missed.LATE: "run it late, within",
    Missed.SKIP: "skip it",
    Missed.HOLD: "make it, and let a person start it",
}
FATES = {
    "made": ("started", "circle-check", "green"),
    "held": ("waits for its start", "alert-triangle", "amber"),
    "skipped": ("skipped", "ban", "quiet"),
    "failed": ("could not be made", "circle-x", "red"),
}


@get("/schedule/recurring")
async def table(request: AnyRequest, session: Session) -> Template:
    """What repeats, the next due first."""
    context: dict[str, Any] = {
        "found": await recurring.listed(session),
        "fates": FATES,
        "missed": MISSED,
        "local": local,
    }
    return page(request, "schedule/recurring.html", "schedule", **context)


@get("/schedule/recurring/new")
async def new(request: AnyRequest, session: Session, task: FromQuery[str] = "") -> Template:
    """The form, for the order of a task."""
    given = {"weekdays": [str(day) for day in range(7)], "at": "09:00", "missed": "late", "late_min": "60"}
    given["timezone"] = await zone_of(session, person_of(request).user_id)
    return await _form(request, session, task, given, {})


@post("/schedule/recurring")
async def create(request: AnyRequest, session: Session) -> Redirect | Template:
    """From its next time on."""
    form = await checked_form(request)
    given = {name: last(form, name) or "" for name in ("name", "at", "timezone", "missed", "late_min")}
    given |= {"weekdays": listed(form, "weekdays")}  # type: ignore[dict-item]  # the only list among them
    task_id = last(form, "task") or ""
    try:
        row = await recurring.define(session, id_of(task_id) or 0, _asked(given), person_of(request).actor)
    except Invalid as error:
        return await _form(request, session, task_id, given, error.fields or {"": str(error)}, status_code=422)
    return go_and_say(request, "/schedule/recurring", f"{row.name} repeats from now on")


@get("/schedule/recurring/{recurring_id:int}")
async def one(request: AnyRequest, recurring_id: FromPath[int], session: Session) -> Template:
    """What became of its times."""
    found = await recurring.find(session, recurring_id)
    return _table(request, found=[found], history=await recurring.history(session, recurring_id))


@post("/schedule/recurring/{recurring_id:int}/pause")
async def pause(request: AnyRequest, recurring_id: FromPath[int], session: Session) -> Redirect:
    """Make nothing of it until it goes on."""
    await checked_form(request)
    await recurring.pause(session, recurring_id, person_of(request).actor)
    return go_and_say(request, "/schedule/recurring", "It is paused")


@post("/schedule/recurring/{recurring_id:int}/pause/end")
async def end_pause(request: AnyRequest, recurring_id: FromPath[int], session: Session) -> Redirect:
    """From its next time on."""
    await checked_form(request)
    await recurring.go_on(session, recurring_id, person_of(request).actor)
    return go_and_say(request, "/schedule/recurring", "It goes on at its next time")


@post("/schedule/recurring/{recurring_id:int}/removal")
async def remove(request: AnyRequest, recurring_id: FromPath[int], session: Session) -> Redirect:
    """Never again; the tasks that it made stay."""
    await checked_form(request)
    name = await recurring.remove(session, recurring_id, person_of(request).actor)
    return go_and_say(request, "/schedule/recurring", f"{name} repeats no more")


def local(at: datetime, zone: str) -> str:
    """A moment by the clock of a zone: `Sun 2026-03-29 03:30 CEST`."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"


def _table(request: AnyRequest, **found: Any) -> Template:
    words: dict[str, Any] = {"fates": FATES, "missed": MISSED, "local": local}
    return page(request, "schedule/recurring.html", "schedule", **words, **found)


def _asked(given: dict[str, Any]) -> Repeat:
    days = frozenset(int(day) for day in given["weekdays"] if day in set("0123456"))
    missed = given["missed"] if given["missed"] in set(Missed) else Missed.LATE
    late = id_of(given["late_min"].strip())
    rule = Rule(days, parsed_time(given["at"]), given["timezone"].strip())
    return Repeat(given["name"], rule, Missed(missed), late if late is not None else -1)


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    task_id: str,
    given: dict[str, Any],
    wrong: dict[str, str],
    *,
    status_code: int = 200,
) -> Template:
    task = await find_task(session, id_of(task_id) or 0)
    given = {"name": task.name} | given
    context = {"task": task, "given": given, "wrong": wrong, "weekdays": WEEKDAYS, "zones": zone_names()}
    return page(request, "schedule/repeat.html", "schedule", status_code=status_code, missed=MISSED, **context)


HANDLERS = [table, new, create, one, pause, end_pause, remove]
