"""Tasks: list, create, plan, start, and what a person does to one that runs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from litestar import Response, get, post, put
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Id
from igfleet.contracts.states import TaskState
from igfleet.runners import KINDS
from igfleet.ui import cancelling, pausing, retrying
from igfleet.ui.announcing import announce
from igfleet.ui.api.v1.access import Caller, task_of
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, rows_of
from igfleet.ui.api.v1.task_orders import NewTask, draft_of
from igfleet.ui.api.v1.task_views import Started, TaskShort, TaskView, task_view
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.keys.holder import Holder
from igfleet.ui.models import Task
from igfleet.ui.planning import canary, cloning
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.canary import MOST_FIRST, Canary
from igfleet.ui.planning.plan import PlanSummary, plan, plan_summary
from igfleet.ui.planning.start import start
from igfleet.ui.scope.scope import is_whole
from igfleet.ui.task_counts import counts

type Verb = Callable[[], Awaitable[Any]]


class NewStart(Body):
    """The plan that was looked at; without it the stored one is started."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})
    plan_hash: Annotated[str, Field(max_length=100)] | None = None
    first: Annotated[int, Field(ge=1, le=MOST_FIRST)] | None = None
    """A canary: so many account tasks run, the others are held until `canary/end`."""
    goes_on: bool = False
    """The others follow by themselves when all of the first were done."""

    dry_run: bool = False
    """Everything but what is written on Instagram; the posts end as `simulated`."""

    @property
    def canary(self) -> Canary | None:
        return Canary(self.first, self.goes_on) if self.first is not None else None


class NewCanaryEnd(Body):
    """The plan that was looked at; without it nothing is compared."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})
    plan_hash: Annotated[str, Field(max_length=100)] | None = None


class NewPause(Body):
    """Why, for those who find it paused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"why": "The client asked for it"}]})
    why: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class NewResumption(Body):
    """One account task, or all that wait for a person."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})
    account_task_id: Id | None = None


@get("/tasks", tags=["Tasks"])
async def list_tasks(
    caller: Caller,
    session: Session,
    q: FromQuery[str] = "",
    wanted: Annotated[TaskState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[str] = "",
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[TaskShort]:
    """List tasks, the newest first. `q` is a part of the name."""
    query = select(Task).where(Task.kind.in_(KINDS), caller.tasks())
    if wanted is not None:
        query = query.where(Task.state == wanted)
    if kind:
        query = query.where(Task.kind == kind)
    if q:
        query = query.where(Task.name.icontains(q, autoescape=True))
    rows, following = await rows_of(session, query, Task.id, cursor, limit, newest=True)
    return Page[TaskShort](items=[TaskShort.model_validate(row) for row in rows], next_cursor=following)


@post("/tasks", status_code=201, tags=["Tasks"])
async def create_task(data: JSONBody[NewTask], caller: Caller, session: Session, ui: Ui) -> PlanSummary:
    """Make a draft and plan it. Nothing runs before it is started."""
    task = await drafts.create(session, ui.settings, await draft_of(session, caller, data), caller.actor)
    return await plan(session, ui.settings, task.id)


@get("/tasks/{task_id:int}", tags=["Tasks"])
async def one_task(task_id: FromPath[int], caller: Caller, session: Session) -> TaskView:
    """Show a task with its counts."""
    task, is_seen = await task_of(session, caller, task_id), await is_whole(session, task_id)
    return task_view(task, await counts(session, task_id), is_whole=is_seen)


@put("/tasks/{task_id:int}", tags=["Tasks"])
async def change_task(
    task_id: FromPath[int], data: JSONBody[NewTask], caller: Caller, session: Session, ui: Ui
) -> PlanSummary:
    """Replace the content of a draft, and plan it anew."""
    task = await task_of(session, caller, task_id)
    await drafts.change(session, task, await draft_of(session, caller, data))
    return await plan(session, ui.settings, task_id)


@get("/tasks/{task_id:int}/plan", tags=["Tasks"])
async def show_plan(task_id: FromPath[int], caller: Caller, session: Session) -> PlanSummary:
    """Show the stored plan: what a start would set going, what is left out, and why."""
    return await plan_summary(session, await task_of(session, caller, task_id))


@post("/tasks/{task_id:int}/plan", status_code=200, tags=["Tasks"])
async def plan_task(task_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> PlanSummary:
    """Plan a draft anew."""
    await task_of(session, caller, task_id)
    return await plan(session, ui.settings, task_id)


@post("/tasks/{task_id:int}/start", status_code=200, tags=["Tasks"])
async def start_task(
    task_id: FromPath[int], data: JSONBody[NewStart], caller: Caller, session: Session, ui: Ui
) -> Response[PlanSummary]:
    """Start a planned task. 409 `plan_stale` when the plan is no longer what would run. Again is harmless."""
    await task_of(session, caller, task_id)
    seen, actor, dry = data.plan_hash, caller.actor, data.dry_run
    task = await start(session, ui.settings, task_id, plan_hash=seen, actor=actor, canary=data.canary, dry_run=dry)
    return Response(await plan_summary(session, task), background=BackgroundTask(announce, ui, task_id))


@post("/tasks/{task_id:int}/pause", status_code=200, tags=["Tasks"])
async def pause_task(
    task_id: FromPath[int], data: JSONBody[NewPause], caller: Caller, session: Session, ui: Ui
) -> Response[TaskView]:
    """Pause a task: nothing more of it is leased or sent; what has its permit is finished."""
    actor = caller.actor
    return await _changed(session, caller, ui, task_id, lambda: pausing.pause(session, task_id, actor, data.why))


@post("/tasks/{task_id:int}/pause/end", status_code=200, tags=["Tasks"])
async def end_pause(task_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> Response[TaskView]:
    """Let a paused task go on."""
    return await _changed(session, caller, ui, task_id, lambda: pausing.end_pause(session, task_id, caller.actor))


@post("/tasks/{task_id:int}/canary/end", status_code=200, tags=["Tasks"])
async def end_canary(
    task_id: FromPath[int], data: JSONBody[NewCanaryEnd], caller: Caller, session: Session, ui: Ui
) -> Response[Started]:
    """Let go what is held behind the first account tasks. 409 when nothing is."""
    await task_of(session, caller, task_id)
    return _begun(ui, task_id, await canary.go_on(session, task_id, caller.actor, plan_hash=data.plan_hash))


@post("/tasks/{task_id:int}/cancellation", status_code=200, tags=["Tasks"])
async def cancel_task(task_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> Response[TaskView]:
    """Cancel a task: what waits ends at once, what runs ends at its next safe point."""
    return await _changed(session, caller, ui, task_id, lambda: cancelling.cancel(session, task_id, caller.actor))


@post("/tasks/{task_id:int}/retry", status_code=200, tags=["Tasks"])
async def retry_task(
    task_id: FromPath[int], caller: Caller, session: Session, ui: Ui, reason_code: FromQuery[str] = ""
) -> Response[Started]:
    """Try what failed again: all of it, or what failed for one reason. What is published or in doubt is not touched."""
    await task_of(session, caller, task_id)
    return _begun(ui, task_id, await retrying.retry_failed(session, task_id, caller.actor, reason_code))


@post("/tasks/{task_id:int}/resumption", status_code=200, tags=["Tasks"])
async def resume_task(
    task_id: FromPath[int], data: JSONBody[NewResumption], caller: Caller, session: Session, ui: Ui
) -> Response[Started]:
    """Go on with what waited for a person."""
    await task_of(session, caller, task_id)
    return _begun(
        ui, task_id, await retrying.resume(session, task_id, caller.actor, account_task_id=data.account_task_id)
    )


@post("/tasks/{task_id:int}/clones", status_code=201, tags=["Tasks"])
async def clone_task(task_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> PlanSummary:
    """Make a draft of the same order, planned, with a seed of its own."""
    await task_of(session, caller, task_id)
    made = await cloning.clone(session, ui.settings, task_id, caller.actor)
    return await plan(session, ui.settings, made.id)


@post("/tasks/{task_id:int}/real", status_code=201, tags=["Tasks"])
async def real_task(task_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> PlanSummary:
    """Make a draft of what a dry-run rehearsed, planned with the same seed. 409 when it was none."""
    await task_of(session, caller, task_id)
    made = await cloning.real_one(session, ui.settings, task_id, caller.actor)
    return await plan(session, ui.settings, made.id)


@post("/tasks/{task_id:int}/undo", status_code=201, tags=["Tasks"])
async def undo_task(task_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> PlanSummary:
    """Make a draft that sets back what the task changed. 409 when nothing can be set back."""
    await task_of(session, caller, task_id)
    made = await cloning.undo(session, ui.settings, task_id, caller.actor)
    return await plan(session, ui.settings, made.id)


async def _changed(
    session: AsyncSession, caller: Holder, ui: UiContext, task_id: int, verb: Verb
) -> Response[TaskView]:
    task = await task_of(session, caller, task_id)
    await verb()
    await session.flush()
    await session.refresh(task)
    return Response(task_view(task, await counts(session, task_id)), background=BackgroundTask(announce, ui, task_id))


def _begun(ui: UiContext, task_id: int, count: int) -> Response[Started]:
    """So many account tasks may run now; workers are told after the commit."""
    return Response(Started(account_tasks=count), background=BackgroundTask(announce, ui, task_id))


HANDLERS = [
    list_tasks,
    create_task,
    one_task,
    change_task,
    show_plan,
    plan_task,
    start_task,
    pause_task,
    end_pause,
    end_canary,
    cancel_task,
    retry_task,
    resume_task,
    clone_task,
    real_task,
    undo_task,
]
