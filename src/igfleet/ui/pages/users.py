"""Users: who may sign in, and what an admin does to one of them."""

from contextlib import suppress
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NothingToDo
from igfleet.ui.forms.reading import listed as texts_of
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role, User
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.people import add_invited, add_user
from igfleet.ui.security import sessions
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.users import joining, roster, second_factor

_ADMIN = {"role": Role.ADMIN}


@get("/users", opt=_ADMIN)
async def table(request: AnyRequest, session: Session, q: FromQuery[str] = "") -> Template:
    """Everybody who may sign in, or whose name fits, and the form that adds one."""
    return await _listed(request, session, q=q.strip()[:64])


@post("/users", opt=_ADMIN)
async def add(request: AnyRequest, session: Session) -> Redirect | Template:
    """Add somebody, by a link that works once or with a password."""
    form = await checked_form(request)
    name, role, password = (str(form.get(field, "")).strip() for field in ("name", "role", "password"))
    actor, by_link = person_of(request).actor, form.get("way") != "password"
    clients = texts_of(form, "clients")
    given = {"name": name, "role": role, "way": "link" if by_link else "password", "clients": clients}
    try:
        if role not in set(Role):
            raise Invalid("role: choose one", {"role": "Choose a role."})
        if not by_link:
            user = await add_user(session, name, password, role, actor, clients)
            return go_and_say(request, "/users", f"{user.name} may sign in")
        user = await add_invited(session, name, role, actor, clients)
    except Invalid as error:
        return await _listed(request, session, 422, wrong=error.fields, given=given)
    return await _with_link(request, session, user)


@get("/users/{user_id:int}", opt=_ADMIN)
async def one(request: AnyRequest, user_id: FromPath[int], session: Session, ui: Ui) -> Template:
    """One person: role, second factor, browsers."""
    return await _shown(request, session, ui, await roster.find(session, user_id))


@post("/users/{user_id:int}/role", opt=_ADMIN)
async def change_role(request: AnyRequest, user_id: FromPath[int], session: Session) -> Redirect:
    """Another role; the person signs in anew."""
    form = await checked_form(request)
    user = await roster.find(session, user_id)
    await roster.change_role(session, user, str(form.get("role", "")), person_of(request).actor)
    return go_and_say(request, f"/users/{user_id}", f"{user.name} is {user.role} now")


@post("/users/{user_id:int}/clients", opt=_ADMIN)
async def change_clients(request: AnyRequest, user_id: FromPath[int], session: Session) -> Redirect:
    """Other clients, or all."""
    form = await checked_form(request)
    user = await roster.find(session, user_id)
    with suppress(NothingToDo):  # saved without a change
        await roster.change_clients(session, user, texts_of(form, "clients"), person_of(request).actor)
    return go_and_say(request, f"/users/{user_id}", f"{user.name} sees {_seen(user)}")


@post("/users/{user_id:int}/invitation", opt=_ADMIN)
async def invite(request: AnyRequest, user_id: FromPath[int], session: Session) -> Template:
    """A fresh link, by which the person chooses a password."""
    await checked_form(request)
    return await _with_link(request, session, await roster.find(session, user_id))


@post("/users/{user_id:int}/disabling", opt=_ADMIN)
async def disable(request: AnyRequest, user_id: FromPath[int], session: Session) -> Redirect:
    """Out at once, and not in again."""
    await checked_form(request)
    user = await roster.find(session, user_id)
    await roster.disable(session, user, person_of(request).actor)
    return go_and_say(request, "/users", f"{user.name} is disabled")


@post("/users/{user_id:int}/enabling", opt=_ADMIN)
async def enable(request: AnyRequest, user_id: FromPath[int], session: Session) -> Redirect:
    """In again, with the password they had."""
    await checked_form(request)
    user = await roster.find(session, user_id)
    await roster.enable(session, user, person_of(request).actor)
    return go_and_say(request, f"/users/{user_id}", f"{user.name} may sign in again")


@post("/users/{user_id:int}/signout", opt=_ADMIN)
async def sign_out(request: AnyRequest, user_id: FromPath[int], session: Session) -> Redirect:
    """Out everywhere."""
    await checked_form(request)
    user = await roster.find(session, user_id)
    await roster.sign_out(session, user, person_of(request).actor)
    return go_and_say(request, f"/users/{user_id}", f"{user.name} is signed out everywhere")


@post("/users/{user_id:int}/second-factor/removal", opt=_ADMIN)
async def drop_second_factor(request: AnyRequest, user_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """For one who lost the device and the recovery codes."""
    await checked_form(request)
    user = await roster.find(session, user_id)
    await second_factor.turn_off(session, ui.vault, user, person_of(request).actor)
    return go_and_say(request, f"/users/{user_id}", f"The second factor of {user.name} is off")


def _seen(user: User) -> str:
    return f"the accounts of {', '.join(user.clients)} only" if user.clients else "all accounts"


async def _listed(request: AnyRequest, session: AsyncSession, status_code: int = 200, **told: Any) -> Template:
    context: dict[str, Any] = {"wrong": {}, "given": {}, "link": "", "invited": None, "q": "", **told}
    context |= {"members": await roster.members(session, context["q"]), "clients": await roster.clients_known(session)}
    return page(request, "users/list.html", "users", status_code=status_code, roles=list(Role), **context)


async def _with_link(request: AnyRequest, session: AsyncSession, user: User) -> Template:
    path = await joining.link_for(session, user, person_of(request).actor)
    await session.flush()  # the list below shows who was added
    return await _listed(request, session, link=str(request.base_url).rstrip("/") + path, invited=user)


async def _shown(request: AnyRequest, session: AsyncSession, ui: Any, user: User) -> Template:
    key = person_of(request).session_key
    context: dict[str, Any] = {
        "user": user,
        "roles": list(Role),
        "clients": await roster.clients_known(session),
        "codes_left": await second_factor.codes_left(session, user),
        "browsers": await sessions.browsers_of(session, ui.settings, user.id, key),
    }
    return page(request, "users/one.html", "users", **context)


HANDLERS = [table, add, one, change_role, change_clients, invite, disable, enable, sign_out, drop_second_factor]
