"""The first page: what needs a person, what runs, and what a newcomer does next."""

from typing import Annotated

from litestar import get
from litestar.params import FromQuery, QueryParameter
from litestar.response import ServerSentEvent, Template

from igfleet.contracts.base import MOST
from igfleet.ui import live, overview
from igfleet.ui.injected import Session, Ui
from igfleet.ui.pages.render import page
from igfleet.ui.scope.reach import require_reach
from igfleet.ui.security.gate import AnyRequest, person_of


@get("/")
async def show(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """The whole page."""
    return page(request, "overview.html", "overview", seen=await overview.gather(session, ui.settings))


@get("/overview/live")
async def fragment(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """The part that changes."""
    return page(request, "_overview.html", "overview", seen=await overview.gather(session, ui.settings))


@get("/events")
async def events(
    request: AnyRequest,
    ui: Ui,
    topic: FromQuery[str] = "task",
    key: Annotated[int | None, QueryParameter(name="id", ge=0, le=MOST)] = None,
) -> ServerSentEvent:
    """One stream a page: says that something of the topic changed, not what."""
    if key is not None:  # in a transaction of its own: the stream holds none
        named = {"job_id" if topic == "bulk" else f"{topic}_id": key}
        await require_reach(ui.database, person_of(request).scope, {}, named)
    return live.stream(ui, topic, key)


HANDLERS = [show, fragment, events]
