"""How a person comes to a password: by a link that works once, or by changing the one they know."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Forbidden, Invalid, NotSignedIn
from igfleet.ui import invitations
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, User
from igfleet.ui.people import set_password
from igfleet.ui.security import sessions
from igfleet.ui.security.passwords import verify

LINK_LASTS = timedelta(hours=72)
PATH = "/invitation"


async def link_for(session: AsyncSession, user: User, actor: str) -> str:
    """A fresh link, as a path, by which the person chooses a password; earlier ones stop working. Audited.

    It can be shown only now. Raises `Conflict` for a disabled person.
    """
    if user.disabled_at is not None:
        raise Conflict(f"{user.name} is disabled: enable them first.")
    await invitations.withdraw(session, invitations.JOIN, user.id)
    token = await invitations.invite(session, invitations.JOIN, LINK_LASTS, user.id)
    facts = {"name": user.name, "works_for_hours": LINK_LASTS.total_seconds() / 3600}
    session.add(AuditEntry(actor=actor, action="user_link_made", subject=f"user:{user.id}", facts=facts))
    return f"{PATH}?token={token}"


async def whose(session: AsyncSession, token: str) -> User:
    """Who may choose a password by this link. Raises `Forbidden`."""
    user = await invitations.invited(session, invitations.JOIN, token)
    if user is None:
        raise Forbidden("This link was used already or is too old. Ask an admin for a new one.")
    return user


async def join(session: AsyncSession, token: str, password: str) -> User:
    """Use the link up: the person has this password now, and every older session is over. Audited.

    Raises `Forbidden`, and `Invalid` for a password that will not do; then the link still works.
    """
    user = await whose(session, token)
    await set_password(session, user, password)
    if not await invitations.redeem(session, invitations.JOIN, token):  # somebody else was quicker
        raise Forbidden("This link was used already. Ask an admin for a new one.")
    await sessions.close_all(session, user.id)
    _audit(session, user, "by_link")
    return user


async def change_password(
    session: AsyncSession, database: Database, user: User, old: str, new: str, address: str
) -> None:
    """Another password for who knows the old one; every session of the person is over. Audited.

    Raises `Invalid` for a wrong old one and for a new one that will not do, `TooManyRequests`.
    """
    await confirm(database, user, old, address)
    await set_password(session, user, new)
    await sessions.close_all(session, user.id)
    _audit(session, user, "by_old_password")


async def confirm(database: Database, user: User, password: str, address: str) -> None:
    """Let only the person themselves go on, who knows the password. Raises `Invalid`, `TooManyRequests`."""
    try:
        await verify(database, user.name, password, address)
    except NotSignedIn:
        raise Invalid("The password is wrong.", {"old": "The password is wrong."}) from None


def _audit(session: AsyncSession, user: User, how: str) -> None:
    facts = {"name": user.name, "how": how}
    actor = f"user:{user.name}"
    session.add(AuditEntry(actor=actor, action="user_password_changed", subject=f"user:{user.id}", facts=facts))
