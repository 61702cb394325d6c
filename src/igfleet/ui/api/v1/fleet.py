"""The fleet as a whole: workers, breakers, and the pause of everything."""

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import ConfigDict, Field
from sqlalchemy import select

from igfleet.contracts.states import WorkerState
from igfleet.ui import breaker_list, draining, overview, standstill
from igfleet.ui.api.v1.access import FLEET, MANAGERS, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.breaker_list import OpenBreaker
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Scope, Worker


class WorkerView(View):
    """One worker, as its last heartbeat says."""

    id: int
    name: str
    state: WorkerState
    base_url: str | None
    version: str
    slots: int
    running: int
    kinds: list[str]
    methods: list[str]
    labels: list[str]
    cpu_percent: float | None
    memory_bytes: int | None
    disk_free_bytes: int | None
    registered_at: datetime
    seen_at: datetime
    draining_since: datetime | None


class NewDrain(Body):
    """Whether it is to take no new work; `false` takes that back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": True}]})
    on: bool = True


class BreakerView(View):
    """Something that several failures had in common, and that rests because of it."""

    id: int
    scope: Scope
    key: str
    place: str
    """What it is, in words."""
    rule: str
    reason: str
    happened: str
    todo: str
    opened_at: datetime
    until: datetime
    """Then one run tries whether it is over."""
    names: list[str]
    """The first of those who met it."""
    more: int
    """How many are not named."""
    rests: str
    """What rests; empty where breakers hold nothing back and only tell."""


class NewStandstill(Body):
    """Why, for those who find everything paused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"why": "Instagram has trouble"}]})
    why: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class StandstillView(View):
    """Whether everything is paused, and who obeys."""

    is_on: bool
    began_at: datetime | None = None
    began_by: str | None = None
    why: str = ""
    workers: int
    acknowledged: int
    waiting_for: list[str]
    """The workers that are there and have not acknowledged it, by name."""
    past_permit: int
    """Commits under way just now, that nothing can hold back."""
    past_permit_then: int = 0
    """Those that were under way when it began."""


@get("/workers", opt=FLEET, tags=["Workers"])
async def list_workers(
    caller: Caller, session: Session, label: FromQuery[str] = "", cursor: Cursor = None, limit: Limit = USUAL
) -> Page[WorkerView]:
    """List workers."""
    query = select(Worker)
    if label:
        query = query.where(Worker.labels.contains([label]))
    rows, following = await rows_of(session, query, Worker.id, cursor, limit)
    return Page[WorkerView](items=[_worker(row) for row in rows], next_cursor=following)


@post("/workers/{worker_id:int}/drain", opt=FLEET, status_code=200, tags=["Workers"])
async def drain_worker(
    worker_id: FromPath[int], data: JSONBody[NewDrain], caller: Caller, session: Session
) -> WorkerView:
    """Let a worker finish what it has and take nothing new, or take that back."""
    worker = await draining.drain(session, worker_id, caller.actor, on=data.on)
    await session.flush()
    await session.refresh(worker)
    return _worker(worker)


@get("/breakers", opt=FLEET, tags=["Inbox"])
async def list_breakers(caller: Caller, session: Session, ui: Ui) -> Page[BreakerView]:
    """List what rests, the newest first. They are few: there is one page."""
    hold = ui.settings.breakers
    return Page[BreakerView](items=[_breaker(one, hold=hold) for one in await breaker_list.shown(session)])


@post("/breakers/{breaker_id:int}/end", opt=FLEET, status_code=200, tags=["Inbox"])
async def close_breaker(breaker_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> dict[str, bool]:
    """Say that it is mended: what rested goes on."""
    await breaker_list.close(session, breaker_id, caller.actor)
    ui.bus.tell("challenge")
    ui.bus.tell("work")
    return {"ok": True}


@get("/standstill", tags=["Pause everything"])
async def show_standstill(caller: Caller, session: Session) -> StandstillView:
    """Say whether everything is paused."""
    return _scene(await standstill.gather(session))


@post("/standstill", opt=MANAGERS, status_code=200, tags=["Pause everything"])
async def begin_standstill(data: JSONBody[NewStandstill], caller: Caller, session: Session, ui: Ui) -> StandstillView:
    """Pause everything: nothing more is leased, permitted or paid for. Again is harmless."""
    await standstill.begin(session, data.why, caller.actor)
    ui.bus.tell("worker")
    return _scene(await standstill.gather(session))


@post("/standstill/end", opt=MANAGERS, status_code=200, tags=["Pause everything"])
async def end_standstill(caller: Caller, session: Session, ui: Ui) -> StandstillView:
    """Let everything go on from where it was."""
    await standstill.end(session, caller.actor)
    await session.flush()
    ui.bus.tell("worker")
    ui.bus.tell("work")
    return _scene(await standstill.gather(session))


def _worker(worker: Worker) -> WorkerView:
    own = {name: getattr(worker, name) for name in WorkerView.model_fields if name != "state"}
    return WorkerView(**own, state=overview.worker_state(worker))


def _breaker(one: OpenBreaker, *, hold: bool) -> BreakerView:
    row = one.breaker
    own = {name: getattr(row, name) for name in ("id", "scope", "key", "rule", "reason", "opened_at", "until")}
    words = {"place": one.place, "happened": one.happened, "todo": one.todo, "names": one.names, "more": one.more}
    return BreakerView.model_validate(own | words | {"rests": one.rests if hold else ""})


def _scene(scene: standstill.Scene) -> StandstillView:
    now = scene.standstill
    told = StandstillView(
        is_on=now is not None,
        workers=len(scene.workers),
        acknowledged=scene.acknowledged,
        waiting_for=scene.waiting_for,
        past_permit=scene.past_permit,
    )
    if now is None:
        return told
    begun = {name: getattr(now, name) for name in ("began_at", "began_by", "why")}
    return told.model_copy(update=begun | {"past_permit_then": now.past_permit})


HANDLERS = [
    list_workers,
    drain_worker,
    list_breakers,
    close_breaker,
    show_standstill,
    begin_standstill,
    end_standstill,
]
