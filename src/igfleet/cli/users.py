"""igfleet users: add, invite, list, role, edit, disable, enable, sign-out, reset-second-factor."""

import secrets
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext
    from igfleet.ui.models import User

app = noun("People who sign in to the dashboard.")
Name = Annotated[str, typer.Argument(help="Name to sign in with.")]


Clients = Annotated[
    list[str] | None, typer.Option("--client", help="Limit them to the accounts of this client; may be repeated.")
]


class RoleName(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    MANAGER = "manager"
    ADMIN = "admin"


@app.command("add")
def add(
    name: Name,
    role: Annotated[RoleName, typer.Option(help="What the person may do.")] = RoleName.OPERATOR,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; without it one is made and printed.")
    ] = None,
    invite: Annotated[bool, typer.Option("--invite", help="Print a link by which they choose a password.")] = False,
    client: Clients = None,
    json: AsJson = False,
) -> None:
    """Add a person. A password or link that was made is printed once, on stdout."""

    async def work(ui: "UiContext") -> str | None:
        from igfleet.errors import Invalid
        from igfleet.ui.people import add_invited, add_user
        from igfleet.ui.users.joining import link_for

        try:
            given = password_file.read_text(encoding="utf-8").strip() if password_file else None
        except OSError as error:
            raise Invalid(f"Cannot read {password_file}: {error.strerror}") from error
        made = None if given is not None else secrets.token_urlsafe(15)
        async with ui.database.sessions.begin() as session:
            if invite:
                return await link_for(session, await add_invited(session, name, role, ACTOR, client or ()), ACTOR)
            await add_user(session, name, given or made or "", role, ACTOR, client or ())
        return made

    made = on_database(work)
    if json:
        as_json({"name": name, "role": role.value, "link" if invite else "password": made})
        return
    say(f"{name} opens this path of the ui within 72 hours:" if invite else f"{name} can sign in as {role.value}.")
    if made is not None:
        print(made)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the people who can sign in."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.users import roster

        async with ui.database.sessions() as session:
            return [
                {
                    "id": one.user.id,
                    "name": one.user.name,
                    "role": one.user.role,
                    "clients": one.user.clients,
                    "state": one.user.state.value,
                    "second_factor": one.user.second_factor_at is not None,
                    "browsers": one.browsers,
                    "seen_at": one.seen_at,
                    "created_at": one.user.created_at,
                    "disabled_at": one.user.disabled_at,
                }
                for one in await roster.members(session)
            ]

    rows = on_database(work)
    if json:
        as_json(rows)
        return
    columns = ("id", "name", "role", "clients", "state", "second_factor", "browsers", "seen_at")
    table(columns, ([row[column] for column in columns] for row in rows))


@app.command("invite")
def invite_(name: Name) -> None:
    """Print a fresh link, as a path of the ui, by which a person chooses a password. Earlier ones stop working."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> str:
        from igfleet.ui.users.joining import link_for

        return await link_for(session, user, ACTOR)

    print(_with(name, work))


@app.command("role")
def role_(name: Name, role: Annotated[RoleName, typer.Argument(help="What the person may do from now on.")]) -> None:
    """Give a person another role. They sign in anew. The last admin cannot lose it."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.change_role(session, user, role, ACTOR)

    _with(name, work)
    say(f"{name} is {role.value} now.")


@app.command("edit")
def edit(
    name: Name,
    client: Clients = None,
    all_clients: Annotated[bool, typer.Option("--all-clients", help="Limit them to no client any more.")] = False,
) -> None:
    """Limit a person to the accounts of some clients, or to none. It holds from their next request on."""
    from igfleet.errors import Invalid

    if bool(client) == all_clients:
        raise Invalid("Give --client once or more, or --all-clients.")

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.change_clients(session, user, client or (), ACTOR)

    _with(name, work)
    say(f"{name} sees {'the accounts of ' + ', '.join(client) + ' only' if client else 'all accounts'}.")


@app.command("disable")
def disable(name: Name) -> None:
    """Sign a person out and do not let them in again. The last admin stays."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.disable(session, user, ACTOR)

    _with(name, work)
    say(f"{name} is disabled.")


@app.command("enable")
def enable(name: Name) -> None:
    """Let a disabled person in again."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.enable(session, user, ACTOR)

    _with(name, work)
    say(f"{name} may sign in again.")


@app.command("sign-out")
def sign_out(name: Name) -> None:
    """End every session of a person."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> int:
        from igfleet.ui.users import roster

        return await roster.sign_out(session, user, ACTOR)

    say(f"{name} is signed out of {_with(name, work)} browsers.")


@app.command("reset-second-factor")
def reset_second_factor(name: Name) -> None:
    """Turn off the second factor of one who lost the device and the recovery codes."""

    async def work(session: "AsyncSession", user: "User", ui: "UiContext") -> None:
        from igfleet.ui.users import second_factor

        await second_factor.turn_off(session, ui.vault, user, ACTOR)

    _with(name, work)
    say(f"{name} signs in with the password alone.")


def _with[T](name: str, do: "Callable[[AsyncSession, User, UiContext], Awaitable[T]]") -> T:
    """Do it to the person of this name, in one transaction."""

    async def work(ui: "UiContext") -> T:
        from igfleet.ui.users import roster

        async with ui.database.sessions.begin() as session:
            return await do(session, await roster.named(session, name), ui)

    return on_database(work)
