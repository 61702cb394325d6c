"""igfleet targets: add, list, show, remove."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import importing
from igfleet.cli.afar import Afar, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table
from igfleet.errors import NotFound

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.imports.target_names import Names

app = noun("Named lists of people to follow.")
ListName = Annotated[str, typer.Argument(metavar="LIST", help="The list's name.")]
_COLUMNS = ("name", "targets", "looked_up", "private", "troubled")
_PEOPLE = ("username", "user_id", "is_private", "trouble")


@app.command("add")
def add(
    list_name: ListName,
    file: Annotated[Path, typer.Argument(help="User names, or a CSV file with a column username.")],
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Put people on a list. Good names are stored, bad ones are listed (exit 1)."""

    async def work(ui: "UiContext") -> "tuple[Names, int]":
        from igfleet.ui import targets
        from igfleet.ui.imports.target_names import names_in

        names = names_in(importing.read(file))
        async with ui.database.sessions.begin() as session:
            return names, await targets.add(session, list_name, names.good, ACTOR)

    def there(ui: Afar) -> "tuple[Names, int]":
        from igfleet.ui.imports.target_names import names_in

        names = names_in(importing.read(file))
        body = {"name": list_name, "usernames": names.good}
        return names, int(ui.post("targets", body)["new"]) if names.good else 0

    names, new = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(
            {"new": new, "good": len(names.good), "bad": [{"line": line, "word": word} for line, word in names.bad]}
        )
    else:
        print(f"{new} new, {len(names.good) - new} were on the list already")
        for line, word in names.bad:
            say(f"line {line}: {word!r} is no user name")
    if names.bad:
        raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """All lists, with how many of their people are looked up, private, or cannot be followed."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui import targets

        async with ui.database.sessions() as session:
            found = await targets.summaries(session)
            return [{column: getattr(one, column) for column in _COLUMNS} for one in found]

    def there(ui: Afar) -> list[dict[str, object]]:
        return [picked(row, _COLUMNS) for row in ui.get("target-lists")["items"]]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("show")
def show(list_name: ListName, json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """The people on a list."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui import targets

        async with ui.database.sessions() as session:
            found = await targets.of_list(session, list_name)
            return [{column: getattr(one, column) for column in _PEOPLE} for one in found]

    def there(ui: Afar) -> list[dict[str, object]]:
        found = [picked(row, _PEOPLE) for row in ui.rows("targets", list=list_name)]
        if not found:
            raise NotFound(f"There is no list of targets named {list_name!r}.")
        return sorted(found, key=lambda row: str(row["username"]))

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_PEOPLE, ([row[column] for column in _PEOPLE] for row in rows))


@app.command("remove")
def remove(list_name: ListName, server: Server = "", token: Token = "") -> None:
    """Remove a list. Whom accounts follow is still remembered."""

    async def work(ui: "UiContext") -> int:
        from igfleet.ui import targets

        async with ui.database.sessions.begin() as session:
            return await targets.remove(session, list_name, ACTOR)

    def there(ui: Afar) -> int:
        return int(ui.delete("targets", list=list_name)["removed"])

    print(f"{from_afar(server, token, there) if server else on_database(work)} targets removed")
