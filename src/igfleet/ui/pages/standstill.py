"""Pause everything: who has acknowledged it, what was past its permit, and the way back."""

from contextlib import suppress

from litestar import get, post
from litestar.response import Redirect, Template

from igfleet.errors import NothingToDo
from igfleet.ui import standstill
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role
from igfleet.ui.pages.render import go, go_and_say, page
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/standstill")
async def show(request: AnyRequest, session: Session) -> Template:
    """The button, or how far the pause has come."""
    return page(request, "standstill/one.html", "standstill", scene=await standstill.gather(session))


@get("/standstill/live")
async def fragment(request: AnyRequest, session: Session) -> Template:
    """The part that changes."""
    return page(request, "standstill/_live.html", "standstill", scene=await standstill.gather(session))


@post("/standstill", opt={"role": Role.MANAGER, FLEET: True})
async def begin(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Nothing more is leased, permitted or paid for."""
    form = await checked_form(request)
    await standstill.begin(session, str(form.get("why", "")), person_of(request).actor)
    ui.bus.tell("worker")
    return go("/standstill")


@post("/standstill/end", opt={"role": Role.MANAGER, FLEET: True})
async def end(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Everything goes on from where it was."""
    await checked_form(request)
    with suppress(NothingToDo):  # a second click
        await standstill.end(session, person_of(request).actor)
    ui.bus.tell("worker")
    ui.bus.tell("work")
    return go_and_say(request, "/standstill", "Everything goes on")


HANDLERS = [show, fragment, begin, end]
