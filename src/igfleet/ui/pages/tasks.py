"""Tasks: the list, one task live, and what a person does to a task."""

from contextlib import suppress
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template

from igfleet.contracts.states import TaskState
from igfleet.errors import NothingToDo
from igfleet.ui import pausing, task_page
from igfleet.ui.announcing import announce
from igfleet.ui.bulk.of_account_tasks import offered_acts
from igfleet.ui.bulk.of_tasks import TASKS
from igfleet.ui.cancelling import cancel as cancel_task
from igfleet.ui.context import UiContext
from igfleet.ui.exports import tasks_sheet
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role, Task
from igfleet.ui.pages import lists
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.planning import canary
from igfleet.ui.planning.cloning import clone as clone_task
from igfleet.ui.planning.cloning import real_one
from igfleet.ui.planning.cloning import undo as undo_task
from igfleet.ui.planning.plan import plan
from igfleet.ui.progress import progress
from igfleet.ui.retrying import resume as resume_task
from igfleet.ui.retrying import retry_failed
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sound import id_of
from igfleet.ui.task_list import LISTED, TaskFilter
from igfleet.ui.task_page import TaskPage

WantedState = Annotated[str, QueryParameter(name="state")]
PageNumber = Annotated[int, QueryParameter(name="page", ge=1, le=10_000)]
_EXPORTED = 10_000


@get("/tasks")
async def table(request: AnyRequest, session: Session, after: After = None) -> Template:
    """The tasks that fit the filter, newest first."""
    wanted = TaskFilter.read(request.query_params)
    found = await page_of(session, wanted.select().options(*LISTED), Task.id, after, newest=True)
    context: dict[str, Any] = {
        "found": found,
        "far": await progress(session, found.rows),
        "matching": await lists.true_count(session, wanted.select(), Task.id, found),
        "wanted": wanted,
        "states": list(TaskState),
        "acts": TASKS.acts,
        "may_act": person_of(request).role.includes(Role.OPERATOR),
    }
    return page(request, "tasks/list.html", "tasks", **context)


@get(both("/tasks"))
async def export(request: AnyRequest, session: Session) -> Response[bytes]:
    """The same filter as a file."""
    query = TaskFilter.read(request.query_params).select().order_by(Task.id.desc()).limit(_EXPORTED)
    return sheet_file(request, await tasks_sheet(session, list(await session.scalars(query))), "tasks")


@get("/tasks/{task_id:int}")
async def one(
    request: AnyRequest,
    task_id: FromPath[int],
    session: Session,
    ui: Ui,
    wanted: WantedState = "",
    number: PageNumber = 1,
) -> Template | Redirect:
    """One task; a draft is shown as its plan."""
    seen = await task_page.gather(session, task_id, wanted, number, breakers_hold=ui.settings.breakers)
    if seen.task.state == TaskState.DRAFT:
        return go(f"/tasks/{task_id}/plan")
    return _shown(request, "tasks/one.html", seen, wanted, number)


@get("/tasks/{task_id:int}/live")
async def fragment(
    request: AnyRequest,
    task_id: FromPath[int],
    session: Session,
    ui: Ui,
    wanted: WantedState = "",
    number: PageNumber = 1,
) -> Template:
    """The part that changes."""
    seen = await task_page.gather(session, task_id, wanted, number, breakers_hold=ui.settings.breakers)
    return _shown(request, "tasks/_live.html", seen, wanted, number)


@post("/tasks/{task_id:int}/cancellation")
async def cancel(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """What waits is cancelled; what runs ends at its next safe point."""
    await checked_form(request)
    await cancel_task(session, task_id, person_of(request).actor)
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/pause")
async def pause(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Nothing more of it is leased or sent; what has its permit is finished."""
    await checked_form(request)
    await pausing.pause(session, task_id, person_of(request).actor)
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/pause/end")
async def end_pause(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """It goes on from where it was."""
    await checked_form(request)
    with suppress(NothingToDo):  # a second click
        await pausing.end_pause(session, task_id, person_of(request).actor)
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/canary/end")
async def end_canary(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """The account tasks that were held behind the first ones go on."""
    form = await checked_form(request)
    seen = str(form.get("plan_hash", "")) or None
    with suppress(NothingToDo):  # a second click
        await canary.go_on(session, task_id, person_of(request).actor, plan_hash=seen)
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/retry")
async def retry(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Another try for what failed: all of it, or what failed for one reason."""
    form = await checked_form(request)
    with suppress(NothingToDo):  # a second click: the page shows what the first one did
        await retry_failed(session, task_id, person_of(request).actor, str(form.get("reason", "")))
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/resumption")
async def resume(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """A person did what was asked: go on, with one account or with all that wait."""
    form = await checked_form(request)
    which = str(form.get("account_task_id", ""))
    with suppress(NothingToDo):
        await resume_task(session, task_id, person_of(request).actor, account_task_id=id_of(which))
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/clones")
async def clone(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """The same order again, as a draft to look at and change."""
    await checked_form(request)
    made = await clone_task(session, ui.settings, task_id, person_of(request).actor)
    return go(f"/tasks/{made.id}/edit")


@post("/tasks/{task_id:int}/real")
async def real(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """A draft of what a dry-run rehearsed, planned with the same seed."""
    await checked_form(request)
    made = await real_one(session, ui.settings, task_id, person_of(request).actor)
    await plan(session, ui.settings, made.id)
    return go(f"/tasks/{made.id}/plan")


@post("/tasks/{task_id:int}/undo")
async def undo(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """A draft that sets back what the task changed, planned and ready to be looked at."""
    await checked_form(request)
    made = await undo_task(session, ui.settings, task_id, person_of(request).actor)
    await plan(session, ui.settings, made.id)
    return go(f"/tasks/{made.id}/plan")


def _shown(request: AnyRequest, template: str, seen: TaskPage, state: str, number: int) -> Template:
    acts = offered_acts(seen) if person_of(request).role.includes(Role.OPERATOR) else {}
    return page(request, template, "tasks", seen=seen, state=state, number=number, acts=acts)


def _changed(ui: UiContext, task_id: int) -> Redirect:
    answer = go(f"/tasks/{task_id}")
    answer.background = BackgroundTask(announce, ui, task_id)
    return answer


HANDLERS = [table, export, one, fragment, cancel, pause, end_pause, end_canary, retry, resume, clone, real, undo]
