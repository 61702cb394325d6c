"""The first admin, made by whoever holds the one-time link."""

import secrets
from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden, Invalid
from igfleet.ui import invitations
from igfleet.ui.injected import Session
from igfleet.ui.models import AuditEntry, Role
from igfleet.ui.pages.render import go, page
from igfleet.ui.people import add_user
from igfleet.ui.security import cookies, sessions
from igfleet.ui.security.gate import AnyRequest, checked_form

_OLD_LINK = "This link was used already or is too old. Start the ui again to get a new one, or sign in."


@get("/setup", opt={"public": True})
async def show(request: AnyRequest, session: Session, token: FromQuery[str] = "") -> Template:
    """The form, for a link that still works."""
    if not await invitations.is_open(session, invitations.SET_UP, token):
        raise Forbidden(_OLD_LINK)
    return for_visitor(request, "setup.html", link=token, fields={}, name="")


@post("/setup", opt={"public": True})
async def set_up(request: AnyRequest, session: Session) -> Redirect | Template:
    """Make the first admin and sign in."""
    form = await checked_form(request)
    token, name, password = (str(form.get(field, "")) for field in ("token", "name", "password"))
    if not await invitations.is_open(session, invitations.SET_UP, token):
        raise Forbidden(_OLD_LINK)
    try:
        user = await add_user(session, name, password, Role.ADMIN, "set-up")
    except Invalid as error:
        return page(request, "setup.html", status_code=422, link=token, fields=error.fields, name=name)
    await invitations.redeem(session, invitations.SET_UP, token)
    return await signed_in(request, session, user, "/")


def for_visitor(request: AnyRequest, template: str, **context: Any) -> Template:
    """A page with a form for whoever is not signed in: its token belongs to a cookie that comes with it."""
    cookie = cookies.for_visitor(request, cookies.visitor_key(request) or secrets.token_urlsafe(16))
    made = page(request, template, **context)
    made.cookies = [cookie]
    return made


def address_of(request: AnyRequest) -> str:
    """Where a request comes from: what attempts are counted by."""
    return request.client.host if request.client else ""


async def signed_in(request: AnyRequest, session: AsyncSession, user: Any, onward: str) -> Redirect:
    """A fresh session for the person, whatever cookie came with the request."""
    address = address_of(request)
    key = await sessions.open_session(session, user, address, request.headers.get("user-agent", ""))
    facts = {"address": address}
    session.add(AuditEntry(actor=f"user:{user.name}", action="signed_in", subject=f"user:{user.id}", facts=facts))
    answer = go(onward)
    answer.cookies = [cookies.for_session(request, key), cookies.without_visitor(request)]
    return answer


HANDLERS = [show, set_up]
