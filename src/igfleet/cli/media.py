"""igfleet media: add, list, transcode."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.afar import Afar, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.models import Conversion, Media

app = noun("Videos and pictures of the library.")
_PAUSE_S = 1
_LOOKED_AT_WITHIN_S = 300
_NAMES = ("id", "name", "sha256", "state", "kind", "size_bytes", "duration_s", "width", "height", "problems")
_COLUMNS = ("id", "name", "state", "kind", "duration_s", "size_bytes", "problems")


@app.command("add")
def add(
    files: Annotated[list[Path], typer.Argument(help="Files to add.")],
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Add files to the library and look at each. The same bytes are added once."""

    async def work(ui: "UiContext") -> "list[dict[str, object]]":
        return [_row(await add_file(ui, file)) for file in files]

    rows = from_afar(server, token, lambda ui: _added_there(ui, files)) if server else on_database(work)
    _print(rows, json)
    if any(row["state"] != "ready" for row in rows):
        raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the library."""

    async def work(ui: "UiContext") -> "list[dict[str, object]]":
        from sqlalchemy import select

        from igfleet.ui.models import Media

        async with ui.database.sessions() as session:
            return [_row(media) for media in await session.scalars(select(Media).order_by(Media.id))]

    def there(ui: Afar) -> "list[dict[str, object]]":
        return [picked(row, _NAMES) for row in ui.rows("media")]

    _print(from_afar(server, token, there) if server else on_database(work), json)


@app.command("transcode")
def transcode(
    file: Annotated[str, typer.Argument(metavar="ID|NAME|SHA256", help="A file that cannot be published.")],
    json: AsJson = False,
) -> None:
    """Make a publishable file of one that is not: a new one, linked to it. Exits 1 when it fails."""

    async def work(ui: "UiContext") -> "dict[str, object]":
        from igfleet.ui import library

        done = await _converted(ui, file)
        if done.result_id is None:
            return {"problem": done.message}
        async with ui.database.sessions() as session:
            return _row(await library.find(session, done.result_id))

    row = on_database(work)
    if "id" in row:
        _print([row], json)
    else:
        say(f"{file}: {row['problem']}")
        raise typer.Exit(Exit.NOT_ALL_DONE)


def _added_there(ui: Afar, files: Sequence[Path]) -> "list[dict[str, object]]":
    """Upload them and wait until that ui has looked at each."""
    ids = [ui.upload(file) for file in files]
    end = time.monotonic() + _LOOKED_AT_WITHIN_S
    while True:
        rows = [picked(ui.get(f"media/{one}"), _NAMES) for one in ids]
        if time.monotonic() > end or all(row["state"] != "probing" for row in rows):
            return rows
        time.sleep(_PAUSE_S)


async def _converted(ui: "UiContext", reference: str) -> "Conversion":
    """Convert it in this process, or wait for the ui that does so already."""
    from igfleet.contracts.states import ConversionState
    from igfleet.ui import conversions, library

    async with ui.database.sessions.begin() as session:
        media = await library.find_named(session, reference)
        asked = await conversions.ask(session, media, ACTOR)
    while True:
        seen = await conversions.work(ui, asked.id, lambda percent: say(f"{media.name}: {percent} %"))
        if ConversionState(seen.state).is_over:
            return seen
        await asyncio.sleep(_PAUSE_S)


async def add_file(ui: "UiContext", path: Path) -> "Media":
    """Add a file of this machine and probe it. Raises `Invalid` when it cannot be read."""
    from igfleet.contracts.states import MediaState
    from igfleet.errors import Invalid
    from igfleet.ui import library

    try:
        stored = await library.receive_file(ui, path)
    except OSError as error:
        raise Invalid(f"Cannot read {path}: {error.strerror}") from error
    async with ui.database.sessions.begin() as session:
        added = await library.add(session, stored, path.name, ACTOR)
    if added.is_new or added.media.state == MediaState.PROBING:
        await library.probe(ui, added.media.id)
    async with ui.database.sessions() as session:
        return await library.find(session, added.media.id)


def _row(media: "Media") -> dict[str, object]:
    sentences = [str(problem["sentence"]) for problem in media.problems]
    return {**{name: getattr(media, name) for name in _NAMES[:-1]}, "problems": sentences}


def _print(rows: Sequence[dict[str, object]], json: bool) -> None:
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))
