"""A new bulk upload: who, what, how; then the plan, exactly as it will run; then the start."""

from typing import Any

from litestar import get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import AccountStatus, MediaState, TaskState
from igfleet.errors import Conflict, Invalid
from igfleet.runners.bulk_upload import BulkUploadOptions, Distribution, WhenNotFound
from igfleet.runners.captions import VARIABLES
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Account, AccountTask, Media, Post, TaskMedia
from igfleet.ui.pages.order_form import draft_of, fields_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.pages.tasks import announce
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.plan import find_task, plan, plan_summary
from igfleet.ui.planning.start import PlanStale, start
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_SHOWN = 200
_CHOICES = 500


@get("/tasks/new")
async def show(request: AnyRequest, session: Session, tag: FromQuery[str] = "") -> Template:
    """An empty form, or one with the accounts of a tag chosen."""
    given = fields_of(None)
    if tag:
        given["tag"] = tag
    return page(request, "tasks/new.html", "tasks", **await _choices(session), given=given, wrong={}, task_id=None)


@post("/tasks")
async def create(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """Store the draft and plan it; the draft has its own address from then on."""
    form = await checked_form(request)
    try:
        async with session.begin_nested():
            task = await drafts.create(session, ui.settings, await draft_of(session, form), person_of(request).actor)
            await plan(session, ui.settings, task.id)
    except Invalid as error:
        return await _again(request, session, form, error, None)
    return go(f"/tasks/{task.id}/plan")


@get("/tasks/{task_id:int}/edit")
async def edit(request: AnyRequest, task_id: FromPath[int], session: Session) -> Template:
    """The form of a draft."""
    task = await find_task(session, task_id)
    media = list(
        await session.scalars(select(TaskMedia).where(TaskMedia.task_id == task_id).order_by(TaskMedia.position))
    )
    given = fields_of(task, [item.media_id for item in media])
    return page(request, "tasks/new.html", "tasks", **await _choices(session), given=given, wrong={}, task_id=task_id)


@post("/tasks/{task_id:int}/draft")
async def change(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """Replace the draft's content and plan it anew."""
    form = await checked_form(request)
    try:
        async with session.begin_nested():
            await drafts.change(session, await find_task(session, task_id), await draft_of(session, form))
            await plan(session, ui.settings, task_id)
    except Invalid as error:
        return await _again(request, session, form, error, task_id)
    return go(f"/tasks/{task_id}/plan")


@get("/tasks/{task_id:int}/plan")
async def preview(request: AnyRequest, task_id: FromPath[int], session: Session) -> Template | Redirect:
    """The stored plan: exactly the posts that a start would run."""
    task = await find_task(session, task_id)
    if task.state != TaskState.DRAFT:
        return go(f"/tasks/{task_id}")
    return page(request, "tasks/plan.html", "tasks", **await _planned(session, task_id), stale=None)


@post("/tasks/{task_id:int}/replan")
async def replan(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Compute the plan again from the same draft."""
    await checked_form(request)
    await plan(session, ui.settings, task_id)
    return go(f"/tasks/{task_id}/plan")


@post("/tasks/{task_id:int}/start")
async def launch(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """Start the plan that was looked at. One that changed meanwhile is shown with the difference."""
    form = await checked_form(request)
    seen = str(form.get("plan_hash", "")) or None
    try:
        async with session.begin_nested():
            await start(session, ui.settings, task_id, plan_hash=seen, actor=person_of(request).actor)
    except Conflict as error:
        stale = error if isinstance(error, PlanStale) else None
        context = {**await _planned(session, task_id), "stale": stale, "wrong": str(error)}
        return page(request, "tasks/plan.html", "tasks", status_code=409, **context)
    answer = go(f"/tasks/{task_id}")
    answer.background = BackgroundTask(announce, ui, task_id)
    return answer


async def _planned(session: AsyncSession, task_id: int) -> dict[str, Any]:
    task = await find_task(session, task_id)
    rows = (
        select(Post)
        .join(AccountTask, AccountTask.id == Post.account_task_id)
        .where(Post.task_id == task_id)
        .order_by(Post.round, AccountTask.position, Post.position)
        .limit(_SHOWN)
        .options(joinedload(Post.account), joinedload(Post.file))
    )
    summary = await plan_summary(session, task)
    return {"task": task, "summary": summary, "rows": list(await session.scalars(rows)), "wrong": ""}


async def _again(
    request: AnyRequest, session: AsyncSession, form: dict[str, Any], error: Invalid, task_id: int | None
) -> Template:
    """The form as it was filled in, with what is wrong."""
    wrong = error.fields or {"": str(error)}
    context = {"given": fields_of(None) | _plain(form), "wrong": wrong, "task_id": task_id}
    return page(request, "tasks/new.html", "tasks", status_code=422, **await _choices(session), **context)


def _plain(form: dict[str, Any]) -> dict[str, Any]:
    listed: dict[str, Any] = {
        name: form[name] if isinstance(form[name], list) else [form[name]]
        for name in ("accounts", "media")
        if name in form
    }
    return {**{name: value for name, value in form.items() if isinstance(value, str)}, **listed}


async def _choices(session: AsyncSession) -> dict[str, Any]:
    """What can be chosen."""
    accounts = select(Account).where(Account.archived_at.is_(None)).order_by(Account.username).limit(_CHOICES)
    videos = (
        select(Media)
        .where(Media.kind == "video", Media.state != MediaState.BROKEN)
        .order_by(Media.name)
        .limit(_CHOICES)
    )
    tags = select(func.unnest(Account.tags).label("tag"), func.count()).group_by("tag").order_by("tag").limit(200)
    return {
        "accounts": list(await session.scalars(accounts)),
        "videos": list(await session.scalars(videos)),
        "tags": list(await session.execute(tags)),
        "distributions": list(Distribution),
        "forms": list(drafts.CaptionForm),
        "when_not_found": list(WhenNotFound),
        "variables": VARIABLES,
        "defaults": BulkUploadOptions(),
        "may_run": {status.value for status in AccountStatus if status.may_run},
    }


HANDLERS = [show, create, edit, change, preview, replan, launch]
