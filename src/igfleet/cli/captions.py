"""igfleet captions: list, show, keep, remove."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import importing
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("Caption sets: captions with a name, kept for many tasks.")
SetName = Annotated[str, typer.Argument(metavar="NAME", help="The set's name.")]
_COLUMNS = ("id", "name", "form", "timezone", "made_by", "changed_at", "used_at")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the sets, by name."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.captions import sets

        async with ui.database.sessions() as session:
            return [{column: getattr(row, column) for column in _COLUMNS} for row in await sets.choices(session)]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, (list(row.values()) for row in rows))


@app.command("show")
def show(name: SetName, json: AsJson = False) -> None:
    """Print a set as it was written."""

    async def work(ui: "UiContext") -> dict[str, object]:
        from igfleet.ui.captions import sets

        async with ui.database.sessions() as session:
            row = await sets.named(session, name)
            return {column: getattr(row, column) for column in (*_COLUMNS, "text")}

    found = on_database(work)
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
) -> None:
    """Keep a new set, or change the one of that name. Tasks that took it before keep their copy."""

    async def work(ui: "UiContext") -> str:
        from igfleet.ui.captions import sets

        text = importing.read(file)
        async with ui.database.sessions.begin() as session:
            known = await sets.known(session, name)
            row = await sets.keep(session, name, sets.captions_of(form, text, timezone), ACTOR, known)
            return f"{row.name} is {'changed' if known else 'kept'}"

    print(on_database(work))


@app.command("remove")
def remove(name: SetName) -> None:
    """Forget a set."""

    async def work(ui: "UiContext") -> str:
        from igfleet.ui.captions import sets

        async with ui.database.sessions.begin() as session:
            return await sets.remove(session, (await sets.named(session, name)).id, ACTOR)

    print(f"{on_database(work)} is removed")
