"""igfleet clients: offboard, receipts, receipt."""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.exports import Sheet
    from igfleet.ui.models import Receipt

app = noun("The clients whose accounts are managed.")


@app.command("offboard")
def offboard(
    client: Annotated[str, typer.Argument(help="The client, as their accounts name it.")],
    confirm: Annotated[str, typer.Option(help="The same name once more: this cannot be undone.")],
    out: Annotated[Path, typer.Option(help="Folder for the export of the client's posts and the receipt.")],
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for runs that are under way.")] = 120,
    json: AsJson = False,
) -> None:
    """Cancel what is open, export the posts, then destroy the secrets, sessions, proxies and files that only they use.

    What is left: names, the history of posts, the audit, and a receipt. Exit 4 while runs are still under way.
    """

    async def work(ui: "UiContext") -> "Receipt":
        from igfleet.ui.offboarding import offboard as verbs

        verbs.require_confirmed(client, confirm)
        left = await verbs.stop(ui, client, ACTOR)
        end_at = time.monotonic() + timeout
        while left and time.monotonic() < end_at:
            say(f"{left} runs are still to end …")
            await asyncio.sleep(1)
            left = await verbs.still_running(ui, client)
        exported = _written(await verbs.export(ui, client), out)
        return await verbs.destroy(ui, client, ACTOR, exported)

    receipt = on_database(work)
    _put(out / f"receipt-{receipt.id}.json", _as_text(receipt))
    if json:
        as_json(_shown(receipt))
    else:
        destroyed = receipt.facts["destroyed"]
        print(f"Receipt {receipt.id}: {len(receipt.facts['accounts'])} accounts, {destroyed['data_keys']} data keys")
        say(f"Export and receipt are in {out}. Its hash is {receipt.hash}.")


@app.command("receipts")
def receipts(json: AsJson = False) -> None:
    """List the receipts, the newest first."""

    async def work(ui: "UiContext") -> list[dict[str, Any]]:
        from igfleet.ui.offboarding import offboard as verbs

        async with ui.database.sessions() as session:
            return [_shown(one) for one in await verbs.receipts(session)]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(("id", "at", "client", "hash"), ([row[name] for name in ("id", "at", "client", "hash")] for row in rows))


@app.command("receipt")
def receipt(receipt_id: Annotated[int, typer.Argument(min=1, help="Its number.")]) -> None:
    """Print one receipt, as JSON, and say on stderr whether its hash fits."""

    async def work(ui: "UiContext") -> "tuple[Receipt, bool]":
        from igfleet.ui.offboarding import offboard as verbs

        async with ui.database.sessions() as session:
            found = await verbs.find_receipt(session, receipt_id)
            return found, verbs.hash_of(found.facts) == found.hash

    found, fits = on_database(work)
    print(_as_text(found), end="")
    say("It is as it was written." if fits else "It is not as it was written: its hash does not fit.")
    if not fits:
        raise typer.Exit(1)


def _written(sheet: "Sheet", out: Path) -> dict[str, Any]:
    """The export in both formats, on disk before anything is destroyed."""
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {}
    for name, text in (("posts.csv", sheet.csv()), ("posts.json", sheet.json())):
        _put(out / name, text)
        files[name] = hashlib.sha256(text.encode()).hexdigest()
    return {"posts": len(sheet.rows), "sha256": files}


def _put(path: Path, text: str) -> None:
    import os

    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _shown(receipt: "Receipt") -> dict[str, Any]:
    return {"id": receipt.id, "at": receipt.facts["at"], "client": receipt.client, "hash": receipt.hash} | {
        "facts": receipt.facts
    }


def _as_text(receipt: "Receipt") -> str:
    import json

    return json.dumps(_shown(receipt), ensure_ascii=False, indent=2) + "\n"
