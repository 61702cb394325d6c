"""A one-time link: whoever holds it chooses a password and is signed in."""

from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from igfleet.errors import Invalid
from igfleet.ui.injected import Session
from igfleet.ui.pages.render import page
from igfleet.ui.pages.set_up import for_visitor, signed_in
from igfleet.ui.pages.sign_in import after_password
from igfleet.ui.security.gate import AnyRequest, checked_form
from igfleet.ui.users import joining


@get(joining.PATH, opt={"public": True})
async def show(request: AnyRequest, session: Session, token: FromQuery[str] = "") -> Template:
    """The form, for a link that still works."""
    user = await joining.whose(session, token)
    return for_visitor(request, "users/invitation.html", link=token, user=user, fields={})


@post(joining.PATH, opt={"public": True})
async def join(request: AnyRequest, session: Session) -> Redirect | Template:
    """Choose the password and go in, through the second factor where there is one."""
    form = await checked_form(request)
    token = str(form.get("token", ""))
    try:
        user = await joining.join(session, token, str(form.get("password", "")))
    except Invalid as error:
        user = await joining.whose(session, token)
        told: dict[str, Any] = {"link": token, "user": user, "fields": error.fields}
        return page(request, "users/invitation.html", status_code=422, **told)
    if user.second_factor_at is not None:
        return await after_password(request, session, user, "/")
    return await signed_in(request, session, user, "/")


HANDLERS = [show, join]
