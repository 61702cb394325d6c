"""Tasks: the list, and one task live."""

from typing import Annotated

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy import select

from igfleet.contracts.states import TaskState
from igfleet.ui import task_page
from igfleet.ui.cancelling import cancel as cancel_task
from igfleet.ui.context import UiContext
from igfleet.ui.exports import posts_csv
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Task
from igfleet.ui.overview import bars
from igfleet.ui.pages.lists import page_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.retrying import resume as resume_task
from igfleet.ui.retrying import retry_failed
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

WantedState = Annotated[str, QueryParameter(name="state")]
PageNumber = Annotated[int, QueryParameter(name="page", ge=1, le=10_000)]


@get("/tasks")
async def table(
    request: AnyRequest,
    session: Session,
    wanted: WantedState = "",
    after: FromQuery[int | None] = None,
) -> Template:
    """The tasks, newest first."""
    query = select(Task)
    if wanted in set(TaskState):
        query = query.where(Task.state == wanted)
    found = await page_of(session, query, Task.id, after, newest=True)
    counts = await bars(session, [task.id for task in found.rows])
    return page(request, "tasks/list.html", "tasks", found=found, bars=counts, state=wanted, states=list(TaskState))


@get("/tasks/{task_id:int}")
async def one(
    request: AnyRequest,
    task_id: FromPath[int],
    session: Session,
    wanted: WantedState = "",
    number: PageNumber = 1,
) -> Template | Redirect:
    """One task; a draft is shown as its plan."""
    seen = await task_page.gather(session, task_id, wanted, number)
    if seen.task.state == TaskState.DRAFT:
        return go(f"/tasks/{task_id}/plan")
    return page(request, "tasks/one.html", "tasks", seen=seen, state=wanted, number=number)


@get("/tasks/{task_id:int}/live")
async def fragment(
    request: AnyRequest,
    task_id: FromPath[int],
    session: Session,
    wanted: WantedState = "",
    number: PageNumber = 1,
) -> Template:
    """The part that changes."""
    seen = await task_page.gather(session, task_id, wanted, number)
    return page(request, "tasks/_live.html", "tasks", seen=seen, state=wanted, number=number)


@get("/tasks/{task_id:int}/posts.csv")
async def export(task_id: FromPath[int], session: Session) -> Response[str]:
    """Every post of the task."""
    headers = {"Content-Disposition": f'attachment; filename="task-{task_id}.csv"'}
    return Response(await posts_csv(session, task_id), media_type="text/csv", headers=headers)


@post("/tasks/{task_id:int}/cancellation")
async def cancel(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """What waits is cancelled; what runs ends at its next safe point."""
    await checked_form(request)
    await cancel_task(session, task_id, person_of(request).actor)
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/retry")
async def retry(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Another try for what failed."""
    await checked_form(request)
    await retry_failed(session, task_id, person_of(request).actor)
    return _changed(ui, task_id)


@post("/tasks/{task_id:int}/resumption")
async def resume(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """A person did what was asked: go on, with one account or with all that wait."""
    form = await checked_form(request)
    which = str(form.get("account_task_id", ""))
    await resume_task(
        session, task_id, person_of(request).actor, account_task_id=int(which) if which.isdigit() else None
    )
    return _changed(ui, task_id)


def _changed(ui: UiContext, task_id: int) -> Redirect:
    answer = go(f"/tasks/{task_id}")
    answer.background = BackgroundTask(announce, ui, task_id)
    return answer


async def announce(ui: UiContext, task_id: int) -> None:
    """After the commit: tell the open pages, the waiting workers, and the pool."""
    ui.bus.tell("task", task_id)
    ui.bus.tell("work")
    await ui.nudges.nudge(ui.database, task_id)


HANDLERS = [table, one, fragment, export, cancel, retry, resume]
