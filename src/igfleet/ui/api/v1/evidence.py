"""Evidence: what failed runs kept of what they saw."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy import select

from igfleet.ui.api.description import RANGED
from igfleet.ui.api.media import ranged
from igfleet.ui.api.v1.access import Caller, task_of
from igfleet.ui.api.v1.paging import USUAL, Cursor, Limit, Page, View, rows_of
from igfleet.ui.injected import Session, Ui
from igfleet.ui.keys.holder import not_found
from igfleet.ui.models import AccountTask, Evidence, Task

_SORTS = {RANGED: ("image/png", "image/jpeg", "application/zip", "application/octet-stream")}


class EvidenceView(View):
    """One file of one attempt: a screenshot, a trace, a page."""

    id: int
    account_task_id: int
    attempt: int
    name: str
    sha256: str
    size_bytes: int
    media_type: str
    """By its first bytes."""
    created_at: datetime


@get("/tasks/{task_id:int}/evidence", tags=["Tasks"])
async def list_evidence(
    task_id: FromPath[int], caller: Caller, session: Session, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[EvidenceView]:
    """List what the runs of a task kept. It is there for a limited time."""
    await task_of(session, caller, task_id)
    query = select(Evidence).join(AccountTask, AccountTask.id == Evidence.account_task_id)
    query = query.where(AccountTask.task_id == task_id)
    rows, following = await rows_of(session, query, Evidence.id, cursor, limit)
    return Page[EvidenceView](items=[EvidenceView.model_validate(row) for row in rows], next_cursor=following)


@get("/evidence/{evidence_id:int}", opt=_SORTS, tags=["Tasks"])
async def one_piece(
    evidence_id: FromPath[int], request: Request[Any, Any, Any], caller: Caller, session: Session, ui: Ui
) -> Response[Any]:
    """The bytes of one file. `ETag` is the sha256; `Range` and `If-Range` are honoured."""
    query = select(Evidence).join(AccountTask, AccountTask.id == Evidence.account_task_id)
    query = query.join(Task, Task.id == AccountTask.task_id).where(Evidence.id == evidence_id, caller.tasks())
    found = await session.scalar(query)
    if found is None:
        raise not_found("piece of evidence", evidence_id)
    return ranged(request, ui, found.sha256, found.media_type, name=found.name)


HANDLERS = [list_evidence, one_piece]
