"""Logs: every line of every task, searched."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from sqlalchemy import select

from igfleet.ui.injected import Session
from igfleet.ui.logs import search
from igfleet.ui.logs.wanted import LEVELS, Wanted, moment
from igfleet.ui.models import Worker
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.render import page
from igfleet.ui.security.gate import AnyRequest
from igfleet.ui.security.sound import id_of


async def provide_wanted(
    q: FromQuery[str] = "",
    level: FromQuery[str] = "",
    worker: FromQuery[str] = "",
    task: FromQuery[str] = "",
    account: FromQuery[str] = "",
    step: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
) -> Wanted:
    """The filter, which is the address."""
    return Wanted(
        text=q.strip(),
        level=level if level in LEVELS else "",
        worker=worker,
        task=id_of(task.strip().removeprefix("#")),
        account=account.strip(),
        step=step.strip(),
        since=moment(since),
        until=moment(until),
    )


_FILTERED = {"wanted": Provide(provide_wanted)}


@get("/logs", dependencies=_FILTERED)
async def table(
    request: AnyRequest, session: Session, wanted: NamedDependency[Wanted], after: FromQuery[str] = ""
) -> Template:
    """The lines that fit the filter, newest first."""
    context: dict[str, Any] = {
        "found": await search.search(session, wanted, after),
        "wanted": wanted,
        "levels": LEVELS,
        "workers": list(await session.scalars(select(Worker.name).order_by(Worker.name).limit(1000))),
    }
    return page(request, "logs/list.html", "logs", **context)


@get(both("/logs"), dependencies=_FILTERED)
async def export(request: AnyRequest, session: Session, wanted: NamedDependency[Wanted]) -> Response[bytes]:
    """The same filter as a file."""
    return sheet_file(request, await search.sheet(session, wanted), "logs")


@get("/logs/{line_id:int}")
async def one(request: AnyRequest, line_id: FromPath[int], session: Session) -> Template:
    """One line, with what the same run said before and after."""
    line, lines = await search.around(session, line_id)
    return page(request, "logs/one.html", "logs", line=line, lines=lines)


HANDLERS = [table, export, one]
