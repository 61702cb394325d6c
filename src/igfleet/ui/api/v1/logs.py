"""The log of all tasks, searched."""

from datetime import datetime
from typing import Annotated, Literal

from litestar import get
from litestar.params import FromQuery, QueryParameter

from igfleet.errors import Invalid
from igfleet.ui.api.v1.access import Caller, require_named
from igfleet.ui.api.v1.paging import Page, RowId
from igfleet.ui.api.v1.task_views import LineView
from igfleet.ui.injected import Session
from igfleet.ui.logs import search
from igfleet.ui.logs.search import Line
from igfleet.ui.logs.wanted import Wanted, moment

Level = Literal["info", "warning", "error"]
Place = Annotated[str, QueryParameter(name="cursor", max_length=50, description="`next_cursor` of the page before.")]


class FoundLine(LineView):
    """One line of the log, and whose it is."""

    task_id: int
    task: str
    worker: str | None
    step: str
    who: str | None
    """The account, file or proxy that it is about; null: the task itself."""


@get("/logs", tags=["Tasks"])
async def search_logs(
    caller: Caller,
    session: Session,
    q: FromQuery[str] = "",
    level: FromQuery[Level | None] = None,
    worker: FromQuery[str] = "",
    task_id: RowId = None,
    account: FromQuery[str] = "",
    step: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    cursor: Place = "",
) -> Page[FoundLine]:
    """Search the lines of all tasks, the newest first, 100 a page. A key with limits names a task.

    `level` is the least; `since` and `until` are times, in UTC when they name no offset.
    """
    await require_named(session, caller, task_id)
    times = _moment("since", since), _moment("until", until)
    wanted = Wanted(q.strip(), level or "", worker, task_id, account.strip(), step.strip(), *times)
    found = await search.search(session, wanted, cursor)
    return Page[FoundLine](items=[_shown(line) for line in found.lines], next_cursor=found.following)


def _moment(name: str, text: str) -> datetime | None:
    at = moment(text)
    if text and at is None:
        raise Invalid(f"{text[:40]} is no time: write it as 2026-05-31T12:00.", {name: "is no time"})
    return at


def _shown(line: Line) -> FoundLine:
    entry = line.entry
    own = {name: getattr(entry, name) for name in (*LineView.model_fields, "task_id", "step")}
    return FoundLine(**own, task=line.task, worker=line.worker, who=line.who)


HANDLERS = [search_logs]
