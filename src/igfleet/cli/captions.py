"""igfleet captions: list, show, keep, remove."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import importing
from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table
from igfleet.errors import NotFound

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("Caption sets: captions with a name, kept for many tasks.")
SetName = Annotated[str, typer.Argument(metavar="NAME", help="The set's name.")]
_COLUMNS = ("id", "name", "form", "timezone", "made_by", "changed_at", "used_at")


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the sets, by name."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.captions import sets

        async with ui.database.sessions() as session:
            return [{column: getattr(row, column) for column in _COLUMNS} for row in await sets.choices(session)]

    def there(ui: Afar) -> list[Json]:
        return sorted((picked(row, _COLUMNS) for row in ui.rows("captions")), key=lambda row: str(row["name"]).lower())

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, (list(row.values()) for row in rows))


@app.command("show")
def show(name: SetName, json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """Print a set as it was written."""

    async def work(ui: "UiContext") -> dict[str, object]:
        from igfleet.ui.captions import sets

        async with ui.database.sessions() as session:
            row = await sets.named(session, name)
            return {column: getattr(row, column) for column in (*_COLUMNS, "text")}

    def there(ui: Afar) -> Json:
        return picked(_named(ui, name), (*_COLUMNS, "text"))

    found = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(found)
    else:
        print(found["text"])


@app.command("keep")
def keep(
    name: SetName,
    file: Annotated[Path, typer.Argument(help="The captions.")],
    form: Annotated[str, typer.Option(help="one, lines, template or csv.")] = "template",
    timezone: Annotated[str, typer.Option(help="Of times in a CSV file that name no offset.")] = "UTC",
    server: Server = "",
    token: Token = "",
) -> None:
    """Keep a new set, or change the one of that name. Tasks that took it before keep their copy."""

    async def work(ui: "UiContext") -> str:
        from igfleet.ui.captions import sets

        text = importing.read(file)
        async with ui.database.sessions.begin() as session:
            known = await sets.known(session, name)
            row = await sets.keep(session, name, sets.captions_of(form, text, timezone), ACTOR, known)
            return f"{row.name} is {'changed' if known else 'kept'}"

    def there(ui: Afar) -> str:
        body = {"name": name, "captions": {"form": form, "text": importing.read(file), "timezone": timezone}}
        known = _known(ui, name)
        kept = ui.put(f"captions/{known['id']}", body) if known else ui.post("captions", body)
        return f"{kept['name']} is {'changed' if known else 'kept'}"

    print(from_afar(server, token, there) if server else on_database(work))


@app.command("remove")
def remove(name: SetName, server: Server = "", token: Token = "") -> None:
    """Forget a set."""

    async def work(ui: "UiContext") -> str:
        from igfleet.ui.captions import sets

        async with ui.database.sessions.begin() as session:
            return await sets.remove(session, (await sets.named(session, name)).id, ACTOR)

    def there(ui: Afar) -> str:
        return str(ui.delete(f"captions/{_named(ui, name)['id']}")["name"])

    print(f"{from_afar(server, token, there) if server else on_database(work)} is removed")


def _named(ui: Afar, name: str) -> Json:
    """The set of this name there. Raises `NotFound`."""
    found = _known(ui, name)
    if found is None:
        raise NotFound(f"There is no caption set named {name!r}.")
    return found


def _known(ui: Afar, name: str) -> Json | None:
    wanted = name.strip().lower()
    return next((row for row in ui.rows("captions", q=wanted) if row["name"].lower() == wanted), None)
