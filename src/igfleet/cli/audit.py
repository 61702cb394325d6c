"""igfleet audit: list, verify."""

from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.database import on_database
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.audit.chain import Verdict
    from igfleet.ui.context import UiContext

app = noun("Who did what.")


@app.command("list")
def list_(
    actor: Annotated[str, typer.Option(help="Only of this person or worker.")] = "",
    action: Annotated[str, typer.Option(help="Only this, as in secret_opened.")] = "",
    subject: Annotated[str, typer.Option(help="Only on this: account:17, or account for all of them.")] = "",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="So many, the newest first.")] = 50,
    json: AsJson = False,
) -> None:
    """List entries, the newest first."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from igfleet.ui.audit import trail

        async with ui.database.sessions() as session:
            sheet = await trail.sheet(session, trail.Wanted(actor, action, subject), most)
            return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(("id", "at", "actor", "action", "subject", "facts"), (list(row.values()) for row in rows))


@app.command("verify")
def verify(
    head: Annotated[str, typer.Option(help="A head that was noted earlier: it must still be part of the chain.")] = "",
    json: AsJson = False,
) -> None:
    """See that no entry was changed, removed or put in, and print the head of the chain. Exit 1 otherwise.

    Note the head outside of this machine: only so can it be seen that somebody cut off the newest entries.
    """

    async def work(ui: "UiContext") -> "Verdict":
        from igfleet.ui.audit import chain

        async with ui.database.sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await chain.verify(session, chain.read_head(head) if head else None)

    verdict = on_database(work)
    if json:
        as_json({"entries": verdict.entries, "head": str(verdict.head), "wrong": verdict.wrong, "found": verdict.found})
    else:
        for what in verdict.wrong:
            say(f"wrong: {what}")
        found = "all as they were written" if verdict.is_sound else f"{verdict.found} wrong"
        say(f"{verdict.entries} entries, {found}.")
        print(verdict.head)
    if not verdict.is_sound:
        raise typer.Exit(Exit.NOT_ALL_DONE)
