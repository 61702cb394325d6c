"""igfleet settings: list, set, reset."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import settings_page
from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import EPILOG
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext

app = typer.Typer(
    help="Settings of the ui, and those that can change while it runs.", rich_markup_mode=None, epilog=EPILOG
)
Name = Annotated[str, typer.Argument(help="As in CAPTION_MAX_HASHTAGS.")]
_COLUMNS = ("name", "value", "source", "may_change")
_NAMES = ("name", "value", "default", "source", "where", "meaning", "may_change", "changed_at")


@app.callback(invoke_without_command=True)
def every(
    context: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/settings.md has it.")] = False,
) -> None:
    """Settings of the ui. Without a command: every setting of both roles with its default and meaning."""
    if context.invoked_subcommand is None:
        settings_page.print_page(markdown=markdown)


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List the settings in force, and where each comes from. Of a secret one only whether it is set."""

    async def work(ui: "UiContext") -> list[Json]:
        from igfleet.ui.configuration import effective

        async with ui.database.sessions() as session:
            rows = [asdict(row) for row in await effective.every(session, ui.book)]
        return [{name: row[name] for name in _NAMES} for row in rows]

    def there(ui: Afar) -> list[Json]:
        return [picked(row, _NAMES) for row in ui.get("settings")["items"]]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("set")
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(help="As it would be written in the environment.")],
    server: Server = "",
    token: Token = "",
) -> None:
    """Let a setting have another value, from now on and in every process."""

    async def verb(session: "AsyncSession", ui: "UiContext") -> None:
        from igfleet.ui.configuration import edits

        await edits.change(session, ui.book, name, value, ACTOR)

    _changed(verb, lambda ui: ui.put(f"settings/{name}", {"value": value}), server, token)
    print(f"{name} is changed")


@app.command("reset")
def reset(name: Name, server: Server = "", token: Token = "") -> None:
    """Let a setting have its default again."""

    async def verb(session: "AsyncSession", ui: "UiContext") -> None:
        from igfleet.ui.configuration import edits

        await edits.take_back(session, ui.book, name, ACTOR)

    _changed(verb, lambda ui: ui.delete(f"settings/{name}"), server, token)
    print(f"{name} has its default again")


def _changed(
    verb: "Callable[[AsyncSession, UiContext], Awaitable[None]]",
    there: Callable[[Afar], None],
    server: str,
    token: str,
) -> None:
    """Here in one transaction, of which every ui hears; or on another ui."""

    async def work(ui: "UiContext") -> None:
        from igfleet.ui.bus import Change, tell_after_commit
        from igfleet.ui.configuration.book import TOPIC

        async with ui.database.sessions.begin() as session:
            await verb(session, ui)
            await tell_after_commit(session, Change(TOPIC, 0))

    if server:
        from_afar(server, token, there)
    else:
        on_database(work)
