"""igfleet audit: list, verify."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.database import on_database
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext

app = noun("Who did what.")
_COLUMNS = ("id", "at", "actor", "action", "subject", "facts")


@app.command("list")
def list_(
    actor: Annotated[str, typer.Option(help="Only of this person or worker.")] = "",
    action: Annotated[str, typer.Option(help="Only this, as in secret_opened.")] = "",
    subject: Annotated[str, typer.Option(help="Only on this: account:17, or account for all of them.")] = "",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="So many, the newest first.")] = 50,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """List entries, the newest first."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.audit import trail

        async with ui.database.sessions() as session:
            sheet = await trail.sheet(session, trail.Wanted(actor, action, subject), most)
            return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]

    def there(ui: Afar) -> list[Json]:
        entries = ui.rows("audit", actor=actor or None, action=action or None, subject=subject or None)
        return [picked(one, _COLUMNS) for one in islice(entries, most)]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, (list(row.values()) for row in rows))


@app.command("verify")
def verify(
    head: Annotated[str, typer.Option(help="A head that was noted earlier: it must still be part of the chain.")] = "",
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """See that no entry was changed, removed or put in, and print the head of the chain. Exit 1 otherwise.

    Note the head outside of this machine: only so can it be seen that somebody cut off the newest entries.
    """

    async def work(ui: "UiContext") -> dict[str, Any]:
        from igfleet.ui.audit import chain

        verdict = await chain.look(ui.database, chain.read_head(head) if head else None)
        told = {"entries": verdict.entries, "head": str(verdict.head)}
        return {**told, "wrong": verdict.wrong, "found": verdict.found}

    def there(ui: Afar) -> Json:
        told: Json = ui.get("audit/chain", head=head or None)
        return told

    verdict = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(verdict)
    else:
        for what in verdict["wrong"]:
            say(f"wrong: {what}")
        found = f"{verdict['found']} wrong" if verdict["found"] else "all as they were written"
        say(f"{verdict['entries']} entries, {found}.")
        print(verdict["head"])
    if verdict["found"]:
        raise typer.Exit(Exit.NOT_ALL_DONE)
