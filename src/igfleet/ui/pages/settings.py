"""Settings: which methods may run live."""

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy import select

from igfleet.contracts.tasks import Method
from igfleet.errors import Invalid, NotFound
from igfleet.ui import live_methods
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import LiveMethod, Role
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_METHODS = (Method.INSTAGRAPI, Method.PLAYWRIGHT, Method.DOLPHIN)


@get("/settings", opt={"role": Role.ADMIN})
async def show(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """The mode, the methods, and the values in force."""
    on = {row.method: row for row in await session.scalars(select(LiveMethod))}
    return page(
        request,
        "settings.html",
        "settings",
        methods=_METHODS,
        on=on,
        settings=ui.settings,
    )


@post("/settings/methods/{method:str}", opt={"role": Role.ADMIN})
async def switch(request: AnyRequest, method: FromPath[str], session: Session) -> Redirect:
    """Allow or forbid live use; allowing it needs the risk confirmed."""
    form = await checked_form(request)
    if method not in set(Method):
        raise NotFound(f"There is no method {method}.")
    is_on = form.get("on") == "yes"
    if is_on and form.get("understood") != "yes":
        raise Invalid("Confirm that you know the risk.", {"understood": "is needed"})
    await live_methods.switch(session, method, person_of(request).actor, on=is_on)
    return go("/settings")


HANDLERS = [show, switch]
