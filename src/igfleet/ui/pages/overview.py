"""The first page: what needs a person, what runs, and what a newcomer does next."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import Parameter
from litestar.response import ServerSentEvent, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui import live, overview
from igfleet.ui.context import UiContext
from igfleet.ui.pages.render import page
from igfleet.ui.security.gate import AnyRequest


@get("/")
async def show(request: AnyRequest, session: NamedDependency[AsyncSession]) -> Template:
    """The whole page."""
    return page(request, "overview.html", "overview", seen=await overview.gather(session))


@get("/overview/live")
async def fragment(request: AnyRequest, session: NamedDependency[AsyncSession]) -> Template:
    """The part that changes."""
    return page(request, "_overview.html", "overview", seen=await overview.gather(session))


@get("/events")
async def events(
    ui: NamedDependency[UiContext], topic: str = "task", key: Annotated[int | None, Parameter(query="id")] = None
) -> ServerSentEvent:
    """One stream a page: says that something of the topic changed, not what."""
    return live.stream(ui, topic, key)


HANDLERS = [show, fragment, events]
