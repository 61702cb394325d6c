"""Bulk jobs: one act on many rows, counted first, then done in the background."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Id, Whole, Word
from igfleet.errors import Forbidden
from igfleet.ui.api.v1.access import Caller, job_of, task_of
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.bulk import ordering, work
from igfleet.ui.bulk.ordering import LISTS, MOST, Selection
from igfleet.ui.injected import Session, Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.keys.holder import Holder
from igfleet.ui.models import AccountTask, BulkJob, BulkState, Role

Short = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Noun(StrEnum):
    """The lists whose rows can be selected."""

    ACCOUNTS = "accounts"
    TASKS = "tasks"
    PROXIES = "proxies"
    ACCOUNT_TASKS = "account_tasks"
    """Of one task."""


class ActView(View):
    """Something that can be done to many rows."""

    of: Noun
    act: str
    label: str
    asks: str
    """What it wants to know as `option`: tag, proxy, another proxy, or nothing."""


class NewSelection(Body):
    """Rows by their ids, or all that match a filter; and what is to be done with them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"of": "accounts", "act": "tag", "option": "north", "ids": [1]}]}
    )
    of: Noun
    act: Word
    option: Short = ""
    """The tag; the id of a proxy, or `none`."""
    ids: Annotated[tuple[Id, ...], Field(max_length=MOST)] = ()
    filter: dict[Word, Short] | None = None
    """The fields of the list in the dashboard, as they stand in its address; `{}` is all that it shows by default."""
    rows: Whole | None = None
    """So many are meant, as the preview told. Needed with a filter, and from 100 rows on."""
    task_id: Id | None = None
    """Of account tasks: whose they are."""

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.of is Noun.ACCOUNT_TASKS) == (self.task_id is None):
            raise ValueError("give the task of account tasks, and of nothing else")
        if bool(self.ids) == (self.filter is not None):
            raise ValueError("give ids, or a filter")
        return self


class SelectionView(View):
    """What would be done, and to how many."""

    rows: int
    """Give it back in the order."""
    names: list[str]
    """Of the first of them."""
    filter: list[str]
    """Which they are, in words; empty when the rows were named."""


class BulkJobView(View):
    """One act on many rows, and how far it is."""

    id: int
    of: Noun
    act: str
    option: str
    selection: list[str]
    """The filter in words; empty when the rows were named."""
    state: BulkState
    total: int
    done: int
    """So many of the rows are behind it."""
    changed: int
    """So many of those were not so already."""
    message: str
    """What came of it, or why it failed."""
    has_file: bool
    """It wrote a file: see `/bulk-jobs/{id}/file`."""
    path: str
    """Where the dashboard goes on from here."""
    created_at: datetime
    created_by: str
    finished_at: datetime | None


@get("/bulk-acts", tags=["Bulk jobs"])
async def list_acts(caller: Caller) -> Page[ActView]:
    """List what can be done to many rows at once. There is one page."""
    found = [
        ActView(of=Noun(noun), act=name, label=act.label.removesuffix(" …"), asks=act.asks)
        for noun, listed in LISTS.items()
        for name, act in listed.acts.items()
        if not act.leads_to
    ]
    return Page[ActView](items=found)


@post("/bulk-jobs/previews", status_code=200, tags=["Bulk jobs"])
async def preview_bulk(data: JSONBody[NewSelection], caller: Caller, session: Session, ui: Ui) -> SelectionView:
    """Count the rows of a selection, and name the first. Nothing is done."""
    asked = await _selection(session, caller, data)
    count, names = await asked.count(session, ui.settings), await asked.named(session, ui.settings)
    return SelectionView(rows=count, names=list(names), filter=asked.words)


@post("/bulk-jobs", status_code=201, tags=["Bulk jobs"])
async def order_bulk(
    data: JSONBody[NewSelection], caller: Caller, session: Session, ui: Ui, jobs: NamedDependency[Jobs]
) -> Response[BulkJobView]:
    """Do it to all of them, in the background. 409 `selection_changed` when another number matches than `rows` says."""
    job = await ordering.order(session, ui.settings, await _selection(session, caller, data), caller)
    await session.flush()
    return Response(_shown(job), background=BackgroundTask(jobs.bulk, job.id))


@get("/bulk-jobs", tags=["Bulk jobs"])
async def list_bulk(
    caller: Caller,
    session: Session,
    of: FromQuery[Noun | None] = None,
    wanted: Annotated[BulkState | None, QueryParameter(name="state")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[BulkJobView]:
    """List bulk jobs, the newest first. A key with limits sees those that were ordered with it."""
    query = select(BulkJob).where(caller.jobs())
    if of is not None:
        query = query.where(BulkJob.noun == of)
    if wanted is not None:
        query = query.where(BulkJob.state == wanted)
    rows, following = await rows_of(session, query, BulkJob.id, cursor, limit, newest=True)
    return Page[BulkJobView](items=[_shown(row) for row in rows], next_cursor=following)


@get("/bulk-jobs/{job_id:int}", tags=["Bulk jobs"])
async def one_bulk(job_id: FromPath[int], caller: Caller, session: Session) -> BulkJobView:
    """Show how far a bulk job is, and what came of it."""
    return _shown(await job_of(session, caller, job_id))


@get("/bulk-jobs/{job_id:int}/file", media_type="text/csv", tags=["Bulk jobs"])
async def bulk_file(job_id: FromPath[int], caller: Caller, session: Session) -> Response[bytes]:
    """What an export wrote, as CSV."""
    job = await job_of(session, caller, job_id)
    return Response(await work.file_of(session, job.id), media_type="text/csv; charset=utf-8")


@post("/bulk-jobs/{job_id:int}/cancellation", status_code=200, tags=["Bulk jobs"])
async def cancel_bulk(job_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> BulkJobView:
    """Do no more of it. What is done stays done."""
    job = await job_of(session, caller, job_id)
    await work.cancel(session, job_id, caller.actor)
    await session.flush()
    await session.refresh(job)
    ui.bus.tell("bulk", job_id)
    return _shown(job)


async def _selection(session: AsyncSession, caller: Holder, data: NewSelection) -> Selection:
    """What of it the key opens. Raises `Forbidden`, `NotFound`, `Invalid`."""
    given, owner = data.filter or {}, {}
    own = {Noun.ACCOUNTS: caller.accounts(), Noun.TASKS: caller.tasks()}.get(data.of)
    if data.task_id is not None:
        task = await task_of(session, caller, data.task_id)
        own, owner = AccountTask.task_id == task.id, {LISTS[data.of].of: str(task.id)}
    ordering.require_known(data.of, data.act, given)
    asked = Selection(
        noun=data.of,
        act=data.act,
        given=LISTS[data.of].filtered(given) | owner,
        ids=data.ids,
        all=data.filter is not None,
        seen=data.rows,
        option=data.option,
        typed="" if data.rows is None else str(data.rows),
        own=own,
    )
    if data.of is Noun.PROXIES or asked.what.asks.wants_proxy:
        caller.require(Role.OPERATOR, writes=True, fleet=True)
    if data.act == "untag" and data.option.strip() in caller.tags:
        raise Forbidden("This key cannot take accounts out of its own sight.")
    return asked


def _shown(job: BulkJob) -> BulkJobView:
    told = {name: getattr(job, name) for name in BulkJobView.model_fields if hasattr(BulkJob, name)}
    more = {"of": job.noun, "option": str(job.options.get("option", "")), "path": job.link}
    return BulkJobView.model_validate(told | more | {"has_file": job.link == job.file_path})


HANDLERS = [list_acts, preview_bulk, order_bulk, list_bulk, one_bulk, bulk_file, cancel_bulk]
