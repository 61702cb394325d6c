"""igfleet users: add, invite, list, role, edit, disable, enable, sign-out, reset-second-factor."""

import secrets
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import plain_errors
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table
from igfleet.errors import Invalid, NotFound

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext
    from igfleet.ui.models import User
    from igfleet.ui.users.roster import Member

app = noun("People who sign in to the dashboard.")
Name = Annotated[str, typer.Argument(help="Name to sign in with.")]
_COLUMNS = ("id", "name", "role", "clients", "state", "second_factor", "browsers", "seen_at")
_TOLD = ("id", "name", "role", "clients", "state", "browsers", "seen_at", "created_at", "disabled_at")


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
    server: Server = "",
    token: Token = "",
) -> None:
    """Add a person. A password or link that was made is printed once, on stdout. With --server people are invited."""

    async def work(ui: "UiContext") -> str | None:
        from igfleet.ui.people import add_invited, add_user
        from igfleet.ui.users.joining import link_for

        given = _read(password_file)
        made = None if given is not None else secrets.token_urlsafe(15)
        async with ui.database.sessions.begin() as session:
            if invite:
                return await link_for(session, await add_invited(session, name, role, ACTOR, client or ()), ACTOR)
            await add_user(session, name, given or made or "", role, ACTOR, client or ())
        return made

    def there(ui: Afar) -> str | None:
        if not invite or password_file is not None:
            raise Invalid("On another machine's ui people choose their password themselves: say --invite.")
        return str(ui.post("users", {"name": name, "role": role.value, "clients": client or []})["invitation"])

    made = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json({"name": name, "role": role.value, "link" if invite else "password": made})
        return
    say(f"{name} opens this path of the ui within 72 hours:" if invite else f"{name} can sign in as {role.value}.")
    if made is not None:
        print(made)


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the people who can sign in."""

    async def work(ui: "UiContext") -> list[Json]:
        from igfleet.ui.users import roster

        async with ui.database.sessions() as session:
            return [_row(one) for one in await roster.members(session)]

    def there(ui: Afar) -> list[Json]:
        found = ui.get("users")["items"]
        return [picked(one, _TOLD) | {"second_factor": one["second_factor_at"] is not None} for one in found]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("invite")
def invite_(name: Name, server: Server = "", token: Token = "") -> None:
    """Print a fresh link, as a path of the ui, by which a person chooses a password. Earlier ones stop working."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> str:
        from igfleet.ui.users.joining import link_for

        return await link_for(session, user, ACTOR)

    def there(ui: Afar, path: str) -> str:
        return str(ui.post(f"{path}/invitation")["invitation"])

    print(_with(name, server, token, work, there))


@app.command("role")
def role_(
    name: Name,
    role: Annotated[RoleName, typer.Argument(help="What the person may do from now on.")],
    server: Server = "",
    token: Token = "",
) -> None:
    """Give a person another role. They sign in anew. The last admin cannot lose it."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.change_role(session, user, role, ACTOR)

    def there(ui: Afar, path: str) -> None:
        ui.put(f"{path}/role", {"role": role.value})

    _with(name, server, token, work, there)
    say(f"{name} is {role.value} now.")


@app.command("edit")
def edit(
    name: Name,
    client: Clients = None,
    all_clients: Annotated[bool, typer.Option("--all-clients", help="Limit them to no client any more.")] = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Limit a person to the accounts of some clients, or to none. It holds from their next request on."""
    with plain_errors():
        if bool(client) == all_clients:
            raise Invalid("Give --client once or more, or --all-clients.")

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.change_clients(session, user, client or (), ACTOR)

    def there(ui: Afar, path: str) -> None:
        ui.put(f"{path}/clients", {"clients": client or []})

    _with(name, server, token, work, there)
    say(f"{name} sees {'the accounts of ' + ', '.join(client) + ' only' if client else 'all accounts'}.")


@app.command("disable")
def disable(name: Name, server: Server = "", token: Token = "") -> None:
    """Sign a person out and do not let them in again. The last admin stays."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.disable(session, user, ACTOR)

    _with(name, server, token, work, lambda ui, path: ui.post(f"{path}/disabling"))
    say(f"{name} is disabled.")


@app.command("enable")
def enable(name: Name, server: Server = "", token: Token = "") -> None:
    """Let a disabled person in again."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> None:
        from igfleet.ui.users import roster

        await roster.enable(session, user, ACTOR)

    _with(name, server, token, work, lambda ui, path: ui.post(f"{path}/enabling"))
    say(f"{name} may sign in again.")


@app.command("sign-out")
def sign_out(name: Name, server: Server = "", token: Token = "") -> None:
    """End every session of a person."""

    async def work(session: "AsyncSession", user: "User", _ui: "UiContext") -> int:
        from igfleet.ui.users import roster

        return await roster.sign_out(session, user, ACTOR)

    def there(ui: Afar, path: str) -> int:
        return int(ui.post(f"{path}/signout")["browsers"])

    say(f"{name} is signed out of {_with(name, server, token, work, there)} browsers.")


@app.command("reset-second-factor")
def reset_second_factor(name: Name, server: Server = "", token: Token = "") -> None:
    """Turn off the second factor of one who lost the device and the recovery codes."""

    async def work(session: "AsyncSession", user: "User", ui: "UiContext") -> None:
        from igfleet.ui.users import second_factor

        await second_factor.turn_off(session, ui.vault, user, ACTOR)

    _with(name, server, token, work, lambda ui, path: ui.post(f"{path}/second-factor/removal"))
    say(f"{name} signs in with the password alone.")


def _with[T](
    name: str,
    server: str,
    token: str,
    do: "Callable[[AsyncSession, User, UiContext], Awaitable[T]]",
    there: Callable[[Afar, str], T],
) -> T:
    """Do it to the person of this name, in one transaction; or at their path of another ui's API."""

    async def work(ui: "UiContext") -> T:
        from igfleet.ui.users import roster

        async with ui.database.sessions.begin() as session:
            return await do(session, await roster.named(session, name), ui)

    if server:
        return from_afar(server, token, lambda ui: there(ui, _path(ui, name)))
    return on_database(work)


def _path(ui: Afar, name: str) -> str:
    """Raises `NotFound`."""
    found = ui.get("users", q=name)["items"]
    one = next((row for row in found if row["name"].lower() == name.lower()), None)
    if one is None:
        raise NotFound(f"There is no user named {name}.")
    return f"users/{one['id']}"


def _read(file: Path | None) -> str | None:
    """Raises `Invalid`."""
    try:
        return file.read_text(encoding="utf-8").strip() if file else None
    except OSError as error:
        raise Invalid(f"Cannot read {file}: {error.strerror}") from error


def _row(one: "Member") -> Json:
    user = one.user
    own = {name: getattr(user, name) for name in ("id", "name", "role", "clients")}
    more = {"state": user.state.value, "browsers": one.browsers, "seen_at": one.seen_at}
    times = {"created_at": user.created_at, "disabled_at": user.disabled_at}
    return {**own, **more, **times, "second_factor": user.second_factor_at is not None}
