"""Users: who may sign in to the dashboard."""

from datetime import datetime
from typing import Annotated

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import ConfigDict, Field

from igfleet.contracts.base import Word
from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import Body, Page, View
from igfleet.ui.injected import Session
from igfleet.ui.models import Role, User
from igfleet.ui.people import add_invited
from igfleet.ui.users import joining, roster

Clients = Annotated[tuple[Word, ...], Field(max_length=100)]


class UserView(View):
    """One person; never a password."""

    id: int
    name: str
    role: Role
    clients: list[str]
    """Of whose accounts they see. Empty: all."""
    has_joined: bool
    """They have chosen a password."""
    second_factor_at: datetime | None
    disabled_at: datetime | None


class InvitedView(UserView):
    invitation: str
    """The path of a page on which they choose a password. It works once, for 72 hours, and is shown only now."""


class NewUser(Body):
    """Somebody who is to choose a password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "lena", "role": "operator"}]})
    name: Word
    role: Role
    clients: Clients = ()
    """Of whose accounts they are to see. Empty: all."""


class NewRole(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "manager"}]})
    role: Role


class NewClients(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"clients": ["Bakery"]}]})
    clients: Clients


@get("/users", opt=ADMINS, tags=["Users"])
async def list_users(caller: Caller, session: Session, q: FromQuery[str] = "") -> Page[UserView]:
    """List everybody, by name. They are few: there is one page."""
    found = await roster.members(session, q)
    return Page[UserView](items=[UserView.model_validate(one.user) for one in found])


@post("/users", opt=ADMINS, tags=["Users"])
async def invite_user(data: JSONBody[NewUser], caller: Caller, session: Session) -> InvitedView:
    """Add somebody, who chooses a password on the page that the answer names."""
    user = await add_invited(session, data.name, data.role, caller.actor, data.clients)
    path = await joining.link_for(session, user, caller.actor)
    return InvitedView(**UserView.model_validate(user).model_dump(), invitation=path)


@put("/users/{user_id:int}/role", opt=ADMINS, tags=["Users"])
async def change_role(user_id: FromPath[int], data: JSONBody[NewRole], caller: Caller, session: Session) -> UserView:
    """Give a person another role; they sign in anew."""
    user = await roster.find(session, user_id)
    await roster.change_role(session, user, data.role, caller.actor)
    return _shown(user)


@put("/users/{user_id:int}/clients", opt=ADMINS, tags=["Users"])
async def change_clients(
    user_id: FromPath[int], data: JSONBody[NewClients], caller: Caller, session: Session
) -> UserView:
    """Limit a person to the accounts of some clients, or to nothing."""
    user = await roster.find(session, user_id)
    await roster.change_clients(session, user, data.clients, caller.actor)
    return _shown(user)


@post("/users/{user_id:int}/disabling", opt=ADMINS, status_code=200, tags=["Users"])
async def disable_user(user_id: FromPath[int], caller: Caller, session: Session) -> UserView:
    """Sign a person out everywhere, and let them in no more."""
    user = await roster.find(session, user_id)
    await roster.disable(session, user, caller.actor)
    return _shown(user)


@post("/users/{user_id:int}/enabling", opt=ADMINS, status_code=200, tags=["Users"])
async def enable_user(user_id: FromPath[int], caller: Caller, session: Session) -> UserView:
    """Let a disabled person in again, with the password they had."""
    user = await roster.find(session, user_id)
    await roster.enable(session, user, caller.actor)
    return _shown(user)


def _shown(user: User) -> UserView:
    return UserView.model_validate(user)


HANDLERS = [list_users, invite_user, change_role, change_clients, disable_user, enable_user]
