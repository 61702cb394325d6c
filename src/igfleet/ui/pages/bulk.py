"""Bulk jobs: what is to be done with a selection is confirmed first, then followed to its end."""

from typing import Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid, NotFound, UserError
from igfleet.settings import UiSettings
from igfleet.ui import proxy_page
from igfleet.ui.bulk import ordering, work
from igfleet.ui.bulk.of_accounts import KINDS_OF_ACCOUNTS
from igfleet.ui.bulk.ordering import LISTS, TYPED_FROM, Selection
from igfleet.ui.injected import Session, Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.models import BulkJob, Role
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_LISTED = 50


@get("/bulk")
async def table(request: AnyRequest, session: Session) -> Template:
    """The latest jobs."""
    jobs = list(await session.scalars(select(BulkJob).order_by(BulkJob.id.desc()).limit(_LISTED)))
    return page(request, "bulk/list.html", "bulk", jobs=jobs, lists=LISTS)


@get("/bulk/new/{noun:str}", opt={"role": Role.OPERATOR})
async def confirm(request: AnyRequest, noun: FromPath[str], session: Session, ui: Ui) -> Template:
    """What would be done, and to how many."""
    given = {name: request.query_params.getall(name) for name in request.query_params}
    form = {name: values if len(values) > 1 else values[0] for name, values in given.items()}
    return await _asked(request, session, ui.settings, ordering.read(noun, form))


@post("/bulk/new/{noun:str}")
async def order(
    request: AnyRequest, noun: FromPath[str], session: Session, ui: Ui, jobs: NamedDependency[Jobs]
) -> Redirect | Template:
    """Order it, or the question again when another number matches by now."""
    form = await checked_form(request)
    selection = ordering.read(noun, form)
    try:
        job = await ordering.order(session, ui.settings, selection, person_of(request))
    except (Invalid, Conflict, NotFound) as error:
        return await _asked(request, session, ui.settings, selection, error)
    if selection.what.leads_to:
        return go(selection.what.leads_to(job))
    answer = go(f"/bulk/{job.id}")
    answer.background = BackgroundTask(jobs.bulk, job.id)
    return answer


@get("/bulk/{job_id:int}")
async def one(request: AnyRequest, job_id: FromPath[int], session: Session) -> Template:
    """How far it is, and what came of it."""
    return page(request, "bulk/one.html", "bulk", job=await work.find(session, job_id), lists=LISTS)


@get("/bulk/{job_id:int}/live")
async def fragment(request: AnyRequest, job_id: FromPath[int], session: Session) -> Template:
    """The part that changes."""
    return page(request, "bulk/_live.html", "bulk", job=await work.find(session, job_id), lists=LISTS)


@get("/bulk/{job_id:int}/file")
async def file(job_id: FromPath[int], session: Session) -> Response[bytes]:
    """What it wrote."""
    job, file = await work.find(session, job_id), await work.file_of(session, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job.noun}-{job.id}.csv"'}
    return Response(file, media_type="text/csv; charset=utf-8", headers=headers)


@post("/bulk/{job_id:int}/cancellation")
async def cancel(request: AnyRequest, job_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """No further batch."""
    await checked_form(request)
    await work.cancel(session, job_id, person_of(request).actor)
    ui.bus.tell("bulk", job_id)
    return go(f"/bulk/{job_id}")


async def _asked(
    request: AnyRequest,
    session: AsyncSession,
    settings: UiSettings,
    selection: Selection,
    error: UserError | None = None,
) -> Template:
    count = await selection.count(session, settings)
    context: dict[str, Any] = {
        "selection": selection,
        "count": count,
        "named": await selection.named(session, settings),
        "words": selection.words,
        "is_typed": count >= TYPED_FROM and not selection.what.leads_to,
        "error": error,
        "wrong": error.fields if isinstance(error, Invalid) else {},
        "option": selection.option,
        "proxies": await proxy_page.others(session, 0) if selection.what.asks.wants_proxy else [],
        "kinds_offered": KINDS_OF_ACCOUNTS,
    }
    code = error.status_code if error else 200
    here = selection.listed.path.removeprefix("/")
    return page(request, "bulk/new.html", here, status_code=code, **context)


HANDLERS = [table, confirm, order, one, fragment, file, cancel]
