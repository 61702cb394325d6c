"""igfleet keys: generate, status, rotate."""

from typing import TYPE_CHECKING

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import Exit
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.sealing.rotation import Rotation, Standing

app = noun("The master keys that wrap all others.")


@app.command("generate")
def generate() -> None:
    """Print a fresh key, for MASTER_KEY. Keep it where no backup of the database is kept."""
    from igfleet.ui.sealing.ciphers import written

    print(written())


@app.command("status")
def status(json: AsJson = False) -> None:
    """Say which keys are in use, and whether a rotation is through. Exit 1 while it is not."""

    async def work(ui: "UiContext") -> "Standing":
        from igfleet.ui.sealing import rotation

        async with ui.database.sessions() as session:
            return await rotation.standing(session, ui.vault)

    found = on_database(work)
    if json:
        as_json({"present": found.present, "wrapped": found.wrapped, "missing": found.missing})
    else:
        rows = ((key, count, "present" if key == found.present else "earlier") for key, count in found.wrapped.items())
        table(("key", "data_keys", "which"), rows)
        say(f"The present key is {found.present}.")
    if not found.is_whole:
        say("Some data keys are still wrapped by an earlier key. Finish with: igfleet keys rotate")
        raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("rotate")
def rotate(json: AsJson = False) -> None:
    """Take a fresh master key and wrap every data key by it, while everything goes on.

    A rotation that was interrupted is finished first. With MASTER_KEY set: give the new key as MASTER_KEY and the
    present one as MASTER_KEYS_BEFORE, restart every ui, then rotate.
    """

    async def work(ui: "UiContext") -> "Rotation":
        from igfleet.ui.sealing import rotation

        def told(made: "Rotation") -> None:
            say(f"{made.done} data keys are wrapped by the key {made.to}")

        return await rotation.rotate(ui.database, ui.vault, ACTOR, told)

    made = on_database(work)
    if json:
        as_json({"key": made.to, "data_keys": made.done, "answers": made.answers, "damaged": made.damaged})
    else:
        say(f"Everything is wrapped by the key {made.to}. Keep the earlier ones for older backups.")
    if made.damaged:
        say(f"{len(made.damaged)} data keys do not open and were left as they are: {', '.join(made.damaged[:20])}")
        raise typer.Exit(Exit.NOT_ALL_DONE)
