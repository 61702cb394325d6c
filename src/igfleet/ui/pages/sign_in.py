"""Sign in and out. One answer for every mistake."""

from datetime import timedelta

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Forbidden, Invalid, NotSignedIn
from igfleet.ui import invitations
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role, User
from igfleet.ui.pages.render import go, page
from igfleet.ui.pages.set_up import address_of, for_visitor, signed_in
from igfleet.ui.security import cookies, sessions
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.passwords import verify
from igfleet.ui.users import second_factor

_CODE_TAKES = timedelta(minutes=5)


@get("/signin", opt={"public": True})
async def show(request: AnyRequest, next: FromQuery[str] = "/", token: FromQuery[str] = "") -> Template:  # noqa: A002  # the query's name
    """The form; with a token, one button."""
    return for_visitor(request, "signin.html", onward=_local(next), link=token, wrong="", name="")


@post("/signin", opt={"public": True})
async def sign_in(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """Check the password, or redeem the link."""
    form = await checked_form(request)
    onward, token = _local(str(form.get("next", "/"))), str(form.get("token", ""))
    if token:
        return await signed_in(request, session, await _by_link(session, token), onward)
    name = str(form.get("name", ""))
    try:
        user = await verify(ui.database, name, str(form.get("password", "")), address_of(request))
    except NotSignedIn as error:
        return page(request, "signin.html", status_code=401, onward=onward, link="", wrong=str(error), name=name)
    return await after_password(request, session, user, onward)


@post("/signin/code", opt={"public": True})
async def enter_code(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """The second half: a code of the second factor."""
    form = await checked_form(request)
    onward, half = _local(str(form.get("next", "/"))), str(form.get("half", ""))
    user = await invitations.invited(session, invitations.SECOND_FACTOR, half)
    if user is None:
        raise Forbidden("That took too long. Sign in again.")
    code, address = str(form.get("code", "")), address_of(request)
    try:
        await second_factor.check(session, ui.database, ui.vault, user, code, address)
    except Invalid as error:
        return page(request, "users/code.html", status_code=422, onward=onward, half=half, wrong=str(error))
    if not await invitations.redeem(session, invitations.SECOND_FACTOR, half):
        raise Forbidden("This sign-in was finished already.")
    return await signed_in(request, session, user, onward)


@post("/signout", opt={"role": Role.VIEWER, "sets_up": True})
async def sign_out(request: AnyRequest, session: Session) -> Redirect:
    """End this session."""
    await checked_form(request)
    await sessions.close_session(session, person_of(request).session_key)
    answer = go("/signin")
    answer.cookies = [cookies.without_session(request)]
    return answer


async def after_password(request: AnyRequest, session: AsyncSession, user: User, onward: str) -> Redirect | Template:
    """In, or to the question for the second factor, where it is on."""
    if user.second_factor_at is None:
        return await signed_in(request, session, user, onward)
    half = await invitations.invite(session, invitations.SECOND_FACTOR, _CODE_TAKES, user.id)
    return page(request, "users/code.html", onward=onward, half=half, wrong="")


async def _by_link(session: AsyncSession, token: str) -> User:
    if not await invitations.redeem(session, invitations.DEMO, token):
        raise Forbidden("This link was used already or is too old. Start the demo again to get a new one.")
    query = select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None)).order_by(User.id).limit(1)
    return (await session.execute(query)).scalar_one()


def _local(path: str) -> str:
    """Only a path of our own: never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


HANDLERS = [show, sign_in, enter_code, sign_out]
