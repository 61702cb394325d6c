"""The schedule: what stands on it; moving what has not begun, and paused days."""

from datetime import date, datetime
from typing import Annotated

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import AfterValidator, ConfigDict, Field

from igfleet import clock
from igfleet.contracts.base import Id, Moment, Word
from igfleet.errors import Invalid
from igfleet.ui.announcing import announce
from igfleet.ui.api.v1.access import Caller, hold_of, post_of, require_named, task_of
from igfleet.ui.api.v1.paging import Body, Page, RowId, View
from igfleet.ui.fleet import edits
from igfleet.ui.injected import Session, Ui
from igfleet.ui.schedule import holding, moving
from igfleet.ui.schedule.board import Batch, Shown, Wanted, board
from igfleet.ui.schedule.calendar import View as Extent
from igfleet.ui.schedule.due import Stretch
from igfleet.ui.schedule.holding import Held, Narrowed
from igfleet.ui.schedule.zones import checked

YEARS = range(2000, 2200)
Short = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
OnDate = Annotated[date | None, QueryParameter(name="date", description="A day of it. By default today.")]


def _usual(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"is a day of the years {YEARS[0]} to {YEARS[-1]}")
    return day


Day = Annotated[date, AfterValidator(_usual), Field(json_schema_extra={"pattern": "^2[01][0-9]{2}-"})]


class BatchView(View):
    """What one task does within one hour."""

    task_id: int
    task: str
    kind: str
    begins: datetime
    ends: datetime
    of: str
    """`post` or `account_task`: whose states are counted."""
    counts: dict[str, int]
    """By state."""
    held: int
    """Of them: on a paused day."""


class RepeatView(View):
    """A time to come of a recurring task."""

    at: datetime
    recurring_id: int
    name: str


class DayView(View):
    date: date
    begins: datetime
    ends: datetime
    batches: list[BatchView]
    repeats: list[RepeatView]


class ScheduleView(View):
    zone: str
    is_cut: bool
    """There is more than is told."""
    days: list[DayView]


class NewMove(Body):
    """What of a task is due within a stretch of time, and when the first of it is to be due."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "task_id": 1,
                    "since": "2026-05-31T09:00:00Z",
                    "until": "2026-05-31T10:00:00Z",
                    "to": "2030-05-31T15:00:00Z",
                }
            ]
        }
    )
    task_id: Id
    since: Moment
    until: Moment
    to: Moment


class NewPostMove(Body):
    """When the post is to be due."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "2030-05-31T15:00:00Z"}]})
    to: Moment


class MovedView(View):
    count: int
    of: str
    """`post` or `account task`."""
    by_s: float
    """Seconds; less than nothing when it is earlier now."""


class NewHold(Body):
    """A day on which nothing begins: for all, for the accounts with a tag, or for one task."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"date": "2030-05-31", "timezone": "Europe/Berlin"}]})
    date: Day
    timezone: Word
    tag: Short = ""
    task_id: Id | None = None
    why: Short = ""


class HoldView(View):
    """One paused day."""

    id: int
    day: date
    timezone: str
    tag: str
    """Empty: whatever tag."""
    task_id: int | None
    why: str
    count: int
    """What it held when it was made."""
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class HeldView(HoldView):
    """One that has not ended."""

    left: int
    """What it still holds."""
    overdue: int
    """Of that: posts whose time is over; they go at once when it ends."""


@get("/schedule", tags=["Schedule"])
async def show_schedule(
    caller: Caller,
    session: Session,
    view: FromQuery[Extent] = Extent.WEEK,
    on: OnDate = None,
    zone: FromQuery[str] = "UTC",
    kind: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    task_id: RowId = None,
) -> ScheduleView:
    """Show what is planned and done around a day, counted by task and hour. A key with limits names a task."""
    await require_named(session, caller, task_id)
    day = on or clock.now().date()
    if day.year not in YEARS:
        raise Invalid("The day is out of reach.", {"date": f"is a day of the years {YEARS[0]} to {YEARS[-1]}"})
    found = await board(session, Wanted(view, day, checked(zone), kind, tag, task_id), clock.now())
    return ScheduleView(zone=zone, is_cut=found.is_cut, days=[_day(one) for one in found.days])


@post("/schedule/moves", status_code=200, tags=["Schedule"])
async def move_batch(data: JSONBody[NewMove], caller: Caller, session: Session, ui: Ui) -> Response[MovedView]:
    """Move what of a task is due in a stretch and has not begun: all of it, or nothing when a budget forbids it."""
    task = await task_of(session, caller, data.task_id)
    stretch = Stretch(data.since, data.until, task.id)
    moved = await moving.move(session, ui.settings, stretch, data.to, caller.actor)
    return Response(_moved(moved), background=BackgroundTask(announce, ui, task.id))


@post("/posts/{post_id:int}/move", status_code=200, tags=["Schedule"])
async def move_post(
    post_id: FromPath[int], data: JSONBody[NewPostMove], caller: Caller, session: Session, ui: Ui
) -> Response[MovedView]:
    """Move one post that has not begun."""
    found = await post_of(session, caller, post_id)
    moved = await moving.move_post(session, ui.settings, found, data.to, caller.actor)
    return Response(_moved(moved), background=BackgroundTask(announce, ui, found.task_id))


@post("/posts/{post_id:int}/omission", status_code=200, tags=["Schedule"])
async def skip_post(post_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> dict[str, bool]:
    """Leave out one planned post; the last one of its share ends the share."""
    found = await post_of(session, caller, post_id)
    await edits.skip_post(session, found.account_id, post_id, caller.actor)
    ui.bus.tell("work")
    return {"ok": True}


@get("/holds", tags=["Schedule"])
async def list_holds(caller: Caller, session: Session) -> Page[HeldView]:
    """List the paused days that have not ended. There is one page."""
    return Page[HeldView](items=[_held(one) for one in await holding.present(session, caller.holds())])


@post("/holds", status_code=201, tags=["Schedule"])
async def pause_day(data: JSONBody[NewHold], caller: Caller, session: Session, ui: Ui) -> HoldView:
    """Hold what is planned for a day and has not begun. A key with limits names a task."""
    await require_named(session, caller, data.task_id)
    narrowed = Narrowed(data.tag, data.task_id)
    hold = await holding.hold_day(session, data.date, checked(data.timezone), narrowed, caller.actor, data.why)
    await session.flush()
    ui.bus.tell("task")
    return HoldView.model_validate(hold)


@post("/holds/{hold_id:int}/end", status_code=200, tags=["Schedule"])
async def end_hold(hold_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> HoldView:
    """Let it go: due as it was, what is overdue at once."""
    await hold_of(session, caller, hold_id)
    hold = await holding.release(session, hold_id, caller.actor)
    ui.bus.tell("work")
    return HoldView.model_validate(hold)


def _day(shown: Shown) -> DayView:
    repeats = [RepeatView(at=at, recurring_id=row.id, name=row.name) for at, row in shown.repeats]
    batches = [_batch(one) for one in shown.batches]
    day = shown.day
    return DayView(date=day.date, begins=day.begins, ends=day.ends, batches=batches, repeats=repeats)


def _batch(one: Batch) -> BatchView:
    task, hour = one.task, one.hour
    named = {"task_id": task.id, "task": task.name, "kind": task.kind, "begins": hour.begins, "ends": hour.ends}
    return BatchView.model_validate(named | {"of": one.of, "counts": one.counts, "held": one.held})


def _held(one: Held) -> HeldView:
    own = {name: getattr(one.hold, name) for name in HoldView.model_fields}
    return HeldView(**own, left=one.left, overdue=one.overdue)


def _moved(moved: moving.Moved) -> MovedView:
    return MovedView(count=moved.count, of=moved.noun, by_s=moved.by.total_seconds())


HANDLERS = [show_schedule, move_batch, move_post, skip_post, list_holds, pause_day, end_hold]
