"""What a task consists of, and what came of it: account tasks, posts, log lines, results."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.ui.api.v1.access import Caller, task_of
from igfleet.ui.api.v1.paging import USUAL, Cursor, Limit, Page, RowId, rows_of
from igfleet.ui.api.v1.task_views import LineView, PostView, RowView, line_view, post_view, row_view
from igfleet.ui.injected import Session
from igfleet.ui.models import AccountTask, LogEntry, Post, Task
from igfleet.ui.results import results_of


@get("/tasks/{task_id:int}/rows", tags=["Tasks"])
async def list_rows(
    task_id: FromPath[int],
    caller: Caller,
    session: Session,
    wanted: Annotated[AccountTaskState | None, QueryParameter(name="state")] = None,
    reason_code: FromQuery[str] = "",
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[RowView]:
    """List the account tasks of a task."""
    await task_of(session, caller, task_id)
    query = select(AccountTask).where(AccountTask.task_id == task_id).options(joinedload(AccountTask.account))
    if wanted is not None:
        query = query.where(AccountTask.state == wanted)
    if reason_code:
        query = query.where(AccountTask.reason_code == reason_code)
    rows, following = await rows_of(session, query, AccountTask.id, cursor, limit)
    return Page[RowView](items=[row_view(row) for row in rows], next_cursor=following)


@get("/tasks/{task_id:int}/log", tags=["Tasks"])
async def list_log(
    task_id: FromPath[int],
    caller: Caller,
    session: Session,
    account_task_id: RowId = None,
    q: FromQuery[str] = "",
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[LineView]:
    """List log lines, the oldest first. Keep the id of the last line as `cursor` to hear of new ones."""
    await task_of(session, caller, task_id)
    query = select(LogEntry).where(LogEntry.task_id == task_id)
    if account_task_id is not None:
        query = query.where(LogEntry.account_task_id == account_task_id)
    if q:
        query = query.where(LogEntry.text.icontains(q, autoescape=True))
    rows, following = await rows_of(session, query, LogEntry.id, cursor, limit)
    return Page[LineView](items=[line_view(row) for row in rows], next_cursor=following)


@get("/tasks/{task_id:int}/results.csv", media_type="text/csv", tags=["Tasks"])
async def results_csv(task_id: FromPath[int], caller: Caller, session: Session) -> Response[str]:
    """What each account task came to, as CSV."""
    await task_of(session, caller, task_id)
    return Response((await results_of(session, task_id)).csv(), media_type="text/csv; charset=utf-8")


@get("/tasks/{task_id:int}/results.json", tags=["Tasks"])
async def results_json(task_id: FromPath[int], caller: Caller, session: Session) -> list[dict[str, Any]]:
    """What each account task came to: its share of the plan, its counters, its result. All of it at once."""
    await task_of(session, caller, task_id)
    sheet = await results_of(session, task_id)
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]


@get("/posts", tags=["Posts"])
async def list_posts(
    caller: Caller,
    session: Session,
    task_id: RowId = None,
    account_id: RowId = None,
    wanted: Annotated[PostState | None, QueryParameter(name="state")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[PostView]:
    """List posts. Those in doubt have the state `needs_person` or `unknown`."""
    query: Select[Any] = select(Post).join(Task, Task.id == Post.task_id).where(caller.tasks())
    for column, value in ((Post.task_id, task_id), (Post.account_id, account_id), (Post.state, wanted)):
        if value is not None:
            query = query.where(column == value)
    query = query.options(joinedload(Post.account), joinedload(Post.file))
    rows, following = await rows_of(session, query, Post.id, cursor, limit)
    return Page[PostView](items=[post_view(row) for row in rows], next_cursor=following)


HANDLERS = [list_rows, list_log, results_csv, results_json, list_posts]
