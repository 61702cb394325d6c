"""Schedule: a day, week, month or list of what is planned and done; moving it, and pausing days."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.errors import Conflict, Invalid, NothingToDo
from igfleet.plurals import counted
from igfleet.runners import KINDS
from igfleet.ui.announcing import announce
from igfleet.ui.forms.reading import last
from igfleet.ui.injected import Session, Ui
from igfleet.ui.pages.render import go, go_and_say, page
from igfleet.ui.planning.plan import find_task
from igfleet.ui.schedule import holding, moving
from igfleet.ui.schedule.board import Wanted, board
from igfleet.ui.schedule.calendar import View
from igfleet.ui.schedule.due import Stretch
from igfleet.ui.schedule.holding import Narrowed
from igfleet.ui.schedule.person import keep_zone, zone_of
from igfleet.ui.schedule.zones import checked, instant, is_zone, zone_names
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sound import id_of

OnDate = Annotated[str, QueryParameter(name="date")]
_YEARS = 2000, 2200


@get("/schedule")
async def show(
    request: AnyRequest,
    session: Session,
    view: FromQuery[str] = "",
    on: OnDate = "",
    zone: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    task: FromQuery[str] = "",
) -> Template:
    """The view, which is the address; without a zone in it, in the person's own."""
    zone = zone if is_zone(zone) else await zone_of(session, person_of(request).user_id)
    chosen = View(view) if view in set(View) else View.WEEK
    wanted = Wanted(chosen, _date(on, zone), zone, kind if kind in KINDS else "", tag, id_of(task.strip().lstrip("#")))
    return page(request, "schedule/board.html", "schedule", **await _shown(session, wanted), wrong="")


@post("/schedule/zone")
async def choose_zone(request: AnyRequest, session: Session) -> Redirect:
    """Read the schedule in this zone from now on."""
    form = await checked_form(request)
    zone = await keep_zone(session, person_of(request).user_id, last(form, "zone") or "")
    kept = {name: last(form, name) or "" for name in ("view", "date", "kind", "tag", "task")}
    return go(f"/schedule?{urlencode({**{name: value for name, value in kept.items() if value}, 'zone': zone})}")


@get("/schedule/move")
async def move_form(
    request: AnyRequest,
    session: Session,
    task: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    zone: FromQuery[str] = "",
    to: FromQuery[str] = "",
) -> Template:
    """Where to, for the batch that was chosen; `to` is where it was dropped."""
    given = {"task": task, "since": since, "until": until, "zone": zone} | ({"to": to} if to else {})
    return await _move_form(request, session, given, {})


@post("/schedule/move")
async def move(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """All of it, or nothing."""
    form = await checked_form(request)
    given = {name: last(form, name) or "" for name in ("task", "since", "until", "zone", "to")}
    try:
        zone = ZoneInfo(checked(given["zone"]))
        to = instant(_local(given["to"]), zone)
        async with session.begin_nested():
            moved = await moving.move(session, ui.settings, _stretch(given), to, person_of(request).actor)
    except (Invalid, Conflict) as error:
        wrong = (error.fields if isinstance(error, Invalid) else {}) or {"": str(error)}
        return await _move_form(request, session, given, wrong, status_code=error.status_code)
    told = {"date": f"{to.astimezone(zone):%Y-%m-%d}", "view": "day", "zone": given["zone"]}
    said = f"{counted(moved.count, moved.noun)} moved to {to.astimezone(zone):%H:%M %Z}"
    answer = go_and_say(request, f"/schedule?{urlencode(told)}", said)
    answer.background = BackgroundTask(announce, ui, id_of(given["task"]) or 0)
    return answer


@post("/schedule/holds")
async def pause_day(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """Hold what is planned for a day and has not begun."""
    form = await checked_form(request)
    given = {name: (last(form, name) or "").strip() for name in ("date", "zone", "tag", "task", "why", "kind")}
    zone = checked(given["zone"])
    wanted = Wanted(View.DAY, _date(given["date"], zone), zone, "", given["tag"], id_of(given["task"]))
    try:
        actor = person_of(request).actor
        narrowed = Narrowed(wanted.tag, wanted.task)
        hold = await holding.hold_day(session, wanted.day, zone, narrowed, actor, given["why"])
    except Conflict as error:
        context = {**await _shown(session, wanted), "wrong": str(error)}
        return page(request, "schedule/board.html", "schedule", status_code=409, **context)
    ui.bus.tell("task")
    told = {"view": "day", "date": given["date"], "zone": zone, "tag": given["tag"], "task": given["task"]}
    said = f"{hold.day} is paused: {hold.count} of what was planned is held"
    shown = urlencode({name: value for name, value in told.items() if value})
    return go_and_say(request, f"/schedule?{shown}", said)


@post("/schedule/holds/{hold_id:int}/end")
async def end_hold(request: AnyRequest, hold_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Let it go: due as it was, what is overdue at once."""
    await checked_form(request)
    try:
        hold = await holding.release(session, hold_id, person_of(request).actor)
    except NothingToDo:  # a second click
        return go("/schedule")
    ui.bus.tell("work")
    told = {"view": "day", "date": str(hold.day), "zone": hold.timezone}
    return go_and_say(request, f"/schedule?{urlencode(told)}", "The pause of the day has ended")


async def _shown(session: AsyncSession, wanted: Wanted) -> dict[str, Any]:
    now = clock.now()
    return {
        "board": await board(session, wanted, now),
        "wanted": wanted,
        "views": list(View),
        "zones": zone_names(),
        "tags": await holding.tags(session),
        "holds": await holding.present(session),
        "today": now.astimezone(ZoneInfo(wanted.zone)).date(),
        "clock_of": lambda at: f"{at.astimezone(ZoneInfo(wanted.zone)):%H:%M}",
    }


async def _move_form(
    request: AnyRequest, session: AsyncSession, given: dict[str, str], wrong: dict[str, str], *, status_code: int = 200
) -> Template:
    stretch = _stretch(given)
    task = await find_task(session, stretch.task_id or 0)
    zone = given["zone"] if is_zone(given["zone"]) else await zone_of(session, person_of(request).user_id)
    posts, shares = await stretch.read(session)
    rows = [*posts, *shares]
    first = min((row.due for row in rows), default=stretch.since).astimezone(ZoneInfo(zone))
    given = {"to": f"{first:%Y-%m-%dT%H:%M}", **given, "zone": zone}
    context = {"task": task, "given": given, "count": len(rows), "noun": "post" if posts else "account task"}
    context |= {"first": first, "wrong": wrong, "zones": zone_names()}
    return page(request, "schedule/move.html", "schedule", status_code=status_code, **context)


def _stretch(given: dict[str, str]) -> Stretch:
    """Raises `Invalid` for an address that somebody wrote by hand."""
    task_id, since, until = id_of(given["task"]), _moment(given["since"]), _moment(given["until"])
    if task_id is None or since is None or until is None:
        raise Invalid("Choose a batch on the schedule: this address names none.")
    return Stretch(since, until, task_id)


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo and _YEARS[0] <= at.year < _YEARS[1] else None


def _local(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("The time is not a time.", {"to": "is not a time"}) from None
    if not _YEARS[0] <= at.year < _YEARS[1]:
        raise Invalid("The time is out of reach.", {"to": "is out of reach"})
    return at.replace(tzinfo=None)


def _date(text: str, zone: str) -> date:
    """The date; today for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return clock.now().astimezone(ZoneInfo(zone)).date()
    return day if _YEARS[0] <= day.year < _YEARS[1] else clock.now().date()


HANDLERS = [show, choose_zone, move_form, move, pause_day, end_hold]
