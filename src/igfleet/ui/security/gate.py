"""The door of the dashboard: every page route passes here. Signed in, allowed, and not sent by another site."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from igfleet.errors import Forbidden, NotSignedIn, SecondFactorNeeded
from igfleet.ui import standstill
from igfleet.ui.challenges import inbox
from igfleet.ui.context import UiContext
from igfleet.ui.finding import views
from igfleet.ui.models import Role
from igfleet.ui.scope.reach import require_reach
from igfleet.ui.scope.scope import confine
from igfleet.ui.security import cookies, forms, sessions
from igfleet.ui.security.forms import FormTokens
from igfleet.ui.security.sessions import SignedIn
from igfleet.ui.security.sound import sound_field

AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]


async def dashboard_gate(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """A route's `opt` says `public`, or the least `role` (viewer for reading, operator for the rest by default).

    `sets_up` marks what is open to who must set up a second factor before anything else.
    """
    ui: UiContext = connection.app.state.ui
    key = cookies.session_key(connection)
    async with ui.database.sessions.begin() as session:
        person = await sessions.find(session, ui.settings, key)
        if person is not None:
            connection.state.scope = person.scope
            await confine(session, person.scope)
            connection.state.standstill = await standstill.present(session)
        if person is not None and connection.headers.get("hx-request") != "true":
            connection.state.inbox_count = await inbox.count(session)
            if connection.url.path in views.LISTS:
                connection.state.views = await views.of(session, person.user_id, connection.url.path)
    connection.state.person = person
    is_safe = str(connection.scope.get("method", "GET")) in forms.SAFE
    if not is_safe:
        forms.check_origin(connection)
    if handler.opt.get("public"):
        return
    if person is None:
        raise NotSignedIn("Sign in first.")
    if person.lacks_second_factor(ui.settings) and not handler.opt.get("sets_up"):
        raise SecondFactorNeeded("Set up your second factor first, on the page My account.")
    least = handler.opt.get("role", Role.VIEWER if is_safe else Role.OPERATOR)
    if not person.role.includes(least):
        raise Forbidden(f"This needs the role {least}; you are {person.role}.")
    await require_reach(ui.database, person.scope, handler.opt, connection.path_params)
    header = connection.headers.get(forms.HEADER)
    if not is_safe and (header is not None or handler.opt.get("token_in_header")):
        tokens(connection).check(person.session_key, header)
        connection.state.form_checked = True


async def checked_form(request: AnyRequest) -> dict[str, Any]:
    """The fields of a form whose token is right. Every unsafe page handler reads its form here. Raises `Forbidden`."""
    form = await request.form()
    if not getattr(request.state, "form_checked", False):
        tokens(request).check(owner_of(request), str(form.get(forms.FIELD, "")))
    given = {name: [sound_field(name, value) for value in form.getall(name)] for name in form}
    return {name: values if len(values) > 1 else values[0] for name, values in given.items()}


def owner_of(connection: AnyConnection) -> str:
    """Whom a form token belongs to: the session, or before the sign-in the visitor's cookie."""
    person: SignedIn | None = connection.state.person
    return person.session_key if person else cookies.visitor_key(connection)


def tokens(connection: AnyConnection) -> FormTokens:
    made: FormTokens = connection.app.state.form_tokens
    return made


def person_of(connection: AnyConnection) -> SignedIn:
    """The signed-in person of a route that is not public."""
    person: SignedIn = connection.state.person
    return person
