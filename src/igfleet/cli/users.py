"""igfleet users: add, list."""

import secrets
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("People who sign in to the dashboard.")


class RoleName(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    MANAGER = "manager"
    ADMIN = "admin"


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[RoleName, typer.Option(help="What the person may do.")] = RoleName.OPERATOR,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; without it one is made and printed.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Add a person. A password that was made is printed once, on stdout."""

    async def work(ui: "UiContext") -> str | None:
        from igfleet.errors import Invalid
        from igfleet.ui.people import add_user

        try:
            given = password_file.read_text(encoding="utf-8").strip() if password_file else None
        except OSError as error:
            raise Invalid(f"Cannot read {password_file}: {error.strerror}") from error
        made = None if given is not None else secrets.token_urlsafe(15)
        async with ui.database.sessions.begin() as session:
            await add_user(session, name, given or made or "", role, ACTOR)
        return made

    made = on_database(work)
    if json:
        as_json({"name": name, "role": role.value, "password": made})
        return
    say(f"{name} can sign in as {role.value}.")
    if made is not None:
        print(made)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the people who can sign in."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from sqlalchemy import select

        from igfleet.ui.models import User

        columns = ("id", "name", "role", "created_at", "disabled_at")
        async with ui.database.sessions() as session:
            rows = await session.scalars(select(User).order_by(User.name))
            return [{column: getattr(user, column) for column in columns} for user in rows]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(("id", "name", "role", "created_at", "disabled_at"), (list(row.values()) for row in rows))
