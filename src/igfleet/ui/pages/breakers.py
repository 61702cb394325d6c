"""Breakers are closed by a person where they are shown."""

from contextlib import suppress

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from igfleet.errors import NothingToDo
from igfleet.ui import breaker_list
from igfleet.ui.injected import Session, Ui
from igfleet.ui.pages.render import go_and_say
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@post("/breakers/{breaker_id:int}/end")
async def close(request: AnyRequest, breaker_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """It is mended: what rested goes on."""
    await checked_form(request)
    with suppress(NothingToDo):  # a second click, or its probe has closed it
        await breaker_list.close(session, breaker_id, person_of(request).actor)
    ui.bus.tell("challenge")
    ui.bus.tell("work")
    return go_and_say(request, "/inbox", "It goes on")


HANDLERS = [close]
