"""The plan of a draft, exactly as it will run; and its start."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import TaskState
from igfleet.errors import Conflict
from igfleet.runners import runner_of
from igfleet.settings import UiSettings
from igfleet.ui.announcing import announce
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import AccountTask, Media, Post
from igfleet.ui.models.base import among
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.render import go, page
from igfleet.ui.planning.canary import MOST_FIRST, Canary
from igfleet.ui.planning.plan import find_task, plan, plan_summary
from igfleet.ui.planning.preview import bars_of, left_after, sheet_of
from igfleet.ui.planning.remedies import remedy_of
from igfleet.ui.planning.stale import PlanStale
from igfleet.ui.planning.start import start
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sound import id_of

_SHOWN = 200


@get("/tasks/{task_id:int}/plan")
async def preview(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Template | Redirect:
    """The stored plan: exactly what a start would run."""
    task = await find_task(session, task_id)
    if task.state != TaskState.DRAFT:
        return go(f"/tasks/{task_id}")
    return page(request, "tasks/plan.html", "tasks", **await _planned(session, ui.settings, task_id), stale=None)


@get(both("/tasks/{task_id:int}/plan"))
async def sheet(request: AnyRequest, task_id: FromPath[int], session: Session) -> Response[bytes]:
    """The whole plan as a file."""
    task = await find_task(session, task_id)
    return sheet_file(request, await sheet_of(session, task), f"task-{task_id}-plan")


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
            actor, canary, dry = person_of(request).actor, _canary(form), bool(form.get("dry_run"))
            await start(session, ui.settings, task_id, plan_hash=seen, actor=actor, canary=canary, dry_run=dry)
    except Conflict as error:
        stale = error if isinstance(error, PlanStale) else None
        context = {**await _planned(session, ui.settings, task_id), "stale": stale, "wrong": str(error)}
        return page(request, "tasks/plan.html", "tasks", status_code=409, **context)
    answer = go(f"/tasks/{task_id}")
    answer.background = BackgroundTask(announce, ui, task_id)
    return answer


def _canary(form: Mapping[str, Any]) -> Canary | None:
    """How many are to go first; None: all at once."""
    first = id_of(str(form.get("first", "")))
    return Canary(min(first, MOST_FIRST), bool(form.get("goes_on"))) if first else None


async def _planned(session: AsyncSession, settings: UiSettings, task_id: int) -> dict[str, Any]:
    task = await find_task(session, task_id)
    runner = runner_of(task.kind)
    posts = await _posts(session, task_id) if runner.has_posts else []
    shares = [] if runner.has_posts else await _shares(session, task_id)
    summary = await plan_summary(session, task)
    return {
        "task": task,
        "kind": runner,
        "summary": summary,
        "remedies": [remedy_of(note, task_id) for note in summary.notes],
        "rows": posts or shares,
        "bars": await bars_of(session, task_id),
        "left": await left_after(session, settings, task, posts),
        "files": await _files(session, shares),
        "wrong": "",
    }


async def _posts(session: AsyncSession, task_id: int) -> list[Post]:
    rows = (
        select(Post)
        .join(AccountTask, AccountTask.id == Post.account_task_id)
        .where(Post.task_id == task_id)
        .order_by(Post.round, AccountTask.position, Post.position)
        .limit(_SHOWN)
        .options(joinedload(Post.account), joinedload(Post.file))
    )
    return list(await session.scalars(rows))


async def _shares(session: AsyncSession, task_id: int) -> list[AccountTask]:
    rows = select(AccountTask).where(AccountTask.task_id == task_id).order_by(AccountTask.position, AccountTask.id)
    return list(await session.scalars(rows.limit(_SHOWN).options(joinedload(AccountTask.account))))


async def _files(session: AsyncSession, shares: list[AccountTask]) -> dict[int, Media]:
    wanted = {media_id for share in shares for media_id in share.media_ids}
    return {file.id: file for file in await session.scalars(select(Media).where(among(Media.id, wanted)))}


HANDLERS = [preview, sheet, replan, launch]
