"""Sign in and out. One answer for every mistake."""

import secrets

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden, NotSignedIn
from igfleet.ui import invitations
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role, User
from igfleet.ui.pages.render import cookie, go, page, visitor_cookie
from igfleet.ui.pages.set_up import signed_in
from igfleet.ui.security import forms, sessions
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.passwords import verify


@get("/signin", opt={"public": True})
async def show(request: AnyRequest, next: FromQuery[str] = "/", token: FromQuery[str] = "") -> Template:  # noqa: A002  # the query's name
    """The form; with a token, one button."""
    visitor = request.cookies.get(forms.VISITOR_COOKIE) or secrets.token_urlsafe(16)
    request.cookies[forms.VISITOR_COOKIE] = visitor
    made = page(request, "signin.html", onward=_local(next), link=token, wrong="", name="")
    made.cookies = [visitor_cookie(request, visitor)]
    return made


@post("/signin", opt={"public": True})
async def sign_in(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """Check the password, or redeem the link."""
    form = await checked_form(request)
    onward, token = _local(str(form.get("next", "/"))), str(form.get("token", ""))
    if token:
        return await signed_in(request, session, await _by_link(session, token), onward)
    name = str(form.get("name", ""))
    address = request.client.host if request.client else ""
    try:
        user = await verify(ui.database, name, str(form.get("password", "")), address)
    except NotSignedIn as error:
        return page(request, "signin.html", status_code=401, onward=onward, link="", wrong=str(error), name=name)
    return await signed_in(request, session, user, onward)


@post("/signout", opt={"role": Role.VIEWER})
async def sign_out(request: AnyRequest, session: Session) -> Redirect:
    """End this session."""
    await checked_form(request)
    await sessions.close_session(session, person_of(request).session_key)
    answer = go("/signin")
    answer.cookies = [cookie(request, sessions.COOKIE, "", max_age=0)]
    return answer


async def _by_link(session: AsyncSession, token: str) -> User:
    if not await invitations.redeem(session, invitations.DEMO, token):
        raise Forbidden("This link was used already or is too old. Start the demo again to get a new one.")
    query = select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None)).order_by(User.id).limit(1)
    return (await session.execute(query)).scalar_one()


def _local(path: str) -> str:
    """Only a path of our own: never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


HANDLERS = [show, sign_in, sign_out]
