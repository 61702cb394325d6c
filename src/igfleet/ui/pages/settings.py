"""Settings: every one with its value and source, those that may be changed here, and which methods may run live."""

from typing import Any

from litestar import get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui import live_methods
from igfleet.ui.configuration import edits, effective
from igfleet.ui.configuration.book import TOPIC
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role
from igfleet.ui.pages.render import go, go_and_say, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_ADMIN = {"role": Role.ADMIN}


@get("/settings", opt=_ADMIN)
async def show(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """The methods, and every setting."""
    return await _shown(request, session, ui)


@post("/settings/methods/{method:str}", opt=_ADMIN)
async def switch(request: AnyRequest, method: FromPath[str], session: Session) -> Redirect:
    """Allow or forbid live use; allowing it needs the risk confirmed."""
    form = await checked_form(request)
    is_on, is_known = form.get("on") == "yes", form.get("understood") == "yes"
    await live_methods.switch(session, method, person_of(request).actor, on=is_on, knows_the_risk=is_known)
    return go("/settings")


@post("/settings/values/{name:str}", opt=_ADMIN)
async def change(request: AnyRequest, name: FromPath[str], session: Session, ui: Ui) -> Redirect | Template:
    """Another value, from now on and in every process."""
    form = await checked_form(request)
    text = str(form.get("value", ""))
    try:
        await edits.change(session, ui.book, name, text, person_of(request).actor)
    except Invalid as error:
        return await _shown(request, session, ui, 422, wrong={name: str(error)}, given={name: text})
    return _changed(request, ui, name, "is changed")


@post("/settings/values/{name:str}/removal", opt=_ADMIN)
async def take_back(request: AnyRequest, name: FromPath[str], session: Session, ui: Ui) -> Redirect:
    """The default again."""
    await checked_form(request)
    await edits.take_back(session, ui.book, name, person_of(request).actor)
    return _changed(request, ui, name, "has its default again")


def _changed(request: AnyRequest, ui: UiContext, name: str, said: str) -> Redirect:
    answer = go_and_say(request, f"/settings#{name}", f"{name} {said}")
    answer.background = BackgroundTask(ui.bus.tell, TOPIC)
    return answer


async def _shown(
    request: AnyRequest, session: AsyncSession, ui: UiContext, status_code: int = 200, **told: Any
) -> Template:
    context: dict[str, Any] = {"wrong": {}, "given": {}, **told}
    return page(
        request,
        "settings.html",
        "settings",
        status_code=status_code,
        methods=live_methods.METHODS,
        on=await live_methods.allowed(session),
        mode=ui.settings.mode,
        rows=await effective.every(session, ui.book),
        **context,
    )


HANDLERS = [show, switch, change, take_back]
