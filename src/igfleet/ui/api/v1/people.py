"""Users: who may sign in to the dashboard."""

from datetime import datetime
from typing import Annotated

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Word
from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import Body, Page, View
from igfleet.ui.injected import Session, Ui
from igfleet.ui.keys.holder import Holder
from igfleet.ui.models import Role, User
from igfleet.ui.models.people import UserState
from igfleet.ui.people import add_invited
from igfleet.ui.users import joining, roster, second_factor

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
    state: UserState
    second_factor_at: datetime | None
    created_at: datetime
    disabled_at: datetime | None


class MemberView(UserView):
    browsers: int
    """So many they are signed in with."""
    seen_at: datetime | None
    """When one of these was used last."""


class InvitedView(UserView):
    invitation: str
    """The path of a page on which they choose a password. It works once, for 72 hours, and is shown only now."""


class SignedOut(View):
    browsers: int
    """So many sessions were ended."""


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
async def list_users(caller: Caller, session: Session, q: FromQuery[str] = "") -> Page[MemberView]:
    """List everybody, by name. They are few: there is one page."""
    found = await roster.members(session, q)
    rows = [(_shown(one.user).model_dump(), one.browsers, one.seen_at) for one in found]
    return Page[MemberView](items=[MemberView(**user, browsers=count, seen_at=at) for user, count, at in rows])


@post("/users", opt=ADMINS, tags=["Users"])
async def invite_user(data: JSONBody[NewUser], caller: Caller, session: Session) -> InvitedView:
    """Add somebody, who chooses a password on the page that the answer names."""
    user = await add_invited(session, data.name, data.role, caller.actor, data.clients)
    return await _invited(session, user, caller)


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


@post("/users/{user_id:int}/invitation", opt=ADMINS, status_code=200, tags=["Users"])
async def invite_again(user_id: FromPath[int], caller: Caller, session: Session) -> InvitedView:
    """Make a fresh link by which a person chooses a password. Earlier ones stop working."""
    return await _invited(session, await roster.find(session, user_id), caller)


@post("/users/{user_id:int}/signout", opt=ADMINS, status_code=200, tags=["Users"])
async def sign_out_user(user_id: FromPath[int], caller: Caller, session: Session) -> SignedOut:
    """End every session of a person."""
    user = await roster.find(session, user_id)
    return SignedOut(browsers=await roster.sign_out(session, user, caller.actor))


@post("/users/{user_id:int}/second-factor/removal", opt=ADMINS, status_code=200, tags=["Users"])
async def drop_second_factor(user_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> UserView:
    """Turn off the second factor of one who lost the device and the recovery codes."""
    user = await roster.find(session, user_id)
    await second_factor.turn_off(session, ui.vault, user, caller.actor)
    return _shown(user)


async def _invited(session: AsyncSession, user: User, caller: Holder) -> InvitedView:
    path = await joining.link_for(session, user, caller.actor)
    return InvitedView(**_shown(user).model_dump(), invitation=path)


def _shown(user: User) -> UserView:
    return UserView.model_validate(user)


HANDLERS = [
    list_users,
    invite_user,
    change_role,
    change_clients,
    disable_user,
    enable_user,
    invite_again,
    sign_out_user,
    drop_second_factor,
]
