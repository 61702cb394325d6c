"""Recurring tasks: orders that are made anew at each of their times."""

from datetime import datetime
from typing import Annotated

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody
from pydantic import ConfigDict, Field

from igfleet.contracts.base import Id, Word
from igfleet.ui.api.v1.access import FLEET, Caller, task_of
from igfleet.ui.api.v1.paging import Body, Page, View
from igfleet.ui.injected import Session
from igfleet.ui.schedule import recurring
from igfleet.ui.schedule.recurrence import Missed, Rule
from igfleet.ui.schedule.recurring import Repeat, Shown, parsed_time


class OccurrenceView(View):
    """What became of one of its times."""

    at: datetime
    fate: str
    """made, held, skipped or failed."""
    task_id: int | None
    why: str


class RecurringView(View):
    id: int
    name: str
    kind: str
    rule: str
    """When it is made, in words."""
    weekdays: list[int]
    """0 is Monday."""
    at: str
    """By the clock of the zone."""
    timezone: str
    missed: Missed
    """What happens when nobody was there at the time."""
    late_min: int
    paused_at: datetime | None
    upcoming: list[datetime]
    last: OccurrenceView | None


class NewRecurring(Body):
    """The order of a task, to be made anew at these times."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "task_id": 1,
                    "name": "Each weekday",
                    "weekdays": [0, 1, 2, 3, 4],
                    "at": "09:30",
                    "timezone": "Europe/Berlin",
                }
            ]
        }
    )
    task_id: Id
    name: Word
    weekdays: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1, max_length=7)]
    """0 is Monday."""
    at: Annotated[str, Field(max_length=10)]
    """By the clock of the zone, as 09:30."""
    timezone: Word
    missed: Missed = Missed.LATE
    late_min: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 60
    """Of `late`: how many minutes later it is still made."""


class RecurringRemoved(View):
    name: str


@get("/recurring", opt=FLEET, tags=["Schedule"])
async def list_recurring(caller: Caller, session: Session) -> Page[RecurringView]:
    """List what repeats, the next due first. There is one page."""
    return Page[RecurringView](items=[_shown(one) for one in await recurring.listed(session)])


@get("/recurring/{recurring_id:int}/occurrences", opt=FLEET, tags=["Schedule"])
async def list_occurrences(recurring_id: FromPath[int], caller: Caller, session: Session) -> Page[OccurrenceView]:
    """List what became of its last times, the newest first. There is one page."""
    found = await recurring.history(session, (await recurring.find(session, recurring_id)).row.id)
    return Page[OccurrenceView](items=[OccurrenceView.model_validate(one) for one in found])


@post("/recurring", opt=FLEET, tags=["Schedule"])
async def repeat_task(data: JSONBody[NewRecurring], caller: Caller, session: Session) -> RecurringView:
    """Repeat the order of a task, from its next time on."""
    task = await task_of(session, caller, data.task_id)
    rule = Rule(frozenset(data.weekdays), parsed_time(data.at), data.timezone)
    row = await recurring.define(session, task.id, Repeat(data.name, rule, data.missed, data.late_min), caller.actor)
    return _shown(await recurring.find(session, row.id))


@post("/recurring/{recurring_id:int}/pause", opt=FLEET, status_code=200, tags=["Schedule"])
async def pause_recurring(recurring_id: FromPath[int], caller: Caller, session: Session) -> RecurringView:
    """Make nothing of it until it goes on."""
    await recurring.pause(session, recurring_id, caller.actor)
    return _shown(await recurring.find(session, recurring_id))


@post("/recurring/{recurring_id:int}/pause/end", opt=FLEET, status_code=200, tags=["Schedule"])
async def resume_recurring(recurring_id: FromPath[int], caller: Caller, session: Session) -> RecurringView:
    """Let it go on at its next time."""
    await recurring.go_on(session, recurring_id, caller.actor)
    return _shown(await recurring.find(session, recurring_id))


@delete("/recurring/{recurring_id:int}", opt=FLEET, status_code=200, tags=["Schedule"])
async def remove_recurring(recurring_id: FromPath[int], caller: Caller, session: Session) -> RecurringRemoved:
    """Let it never happen again. The tasks that it made stay."""
    return RecurringRemoved(name=await recurring.remove(session, recurring_id, caller.actor))


def _shown(one: Shown) -> RecurringView:
    row = one.row
    return RecurringView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        rule=str(one.rule),
        weekdays=row.weekdays,
        at=f"{row.at:%H:%M}",
        timezone=row.timezone,
        missed=Missed(row.missed),
        late_min=row.late_min,
        paused_at=row.paused_at,
        upcoming=list(one.upcoming),
        last=OccurrenceView.model_validate(one.last) if one.last else None,
    )


HANDLERS = [
    list_recurring,
    list_occurrences,
    repeat_task,
    pause_recurring,
    resume_recurring,
    remove_recurring,
]
