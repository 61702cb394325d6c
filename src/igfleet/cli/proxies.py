"""igfleet proxies: import, list, check, replace, rotate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import importing
from igfleet.cli.afar import Afar, Json, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.exits import Exit, plain_errors
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.imports.verdicts import Preview

app = noun("Proxies.")
_COLUMNS = ("id", "name", "state", "verdict", "latency_ms", "country", "accounts", "trouble")
_NAMES = (
    *("id", "scheme", "host", "port", "username", "state", "verdict", "latency_ms", "exit_ip", "country"),
    *("checked_at", "fails_24h", "accounts", "trouble", "tags", "address", "name", "has_password", "rotates"),
)
_FOUND = ("id", "address", "verdict", "latency_ms", "exit_ip", "country", "sentence")
Id = Annotated[int, typer.Argument(min=1, help="The proxy's id.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="One proxy a line, as in host:port:user:pass.")],
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would happen to each line.")] = False,
    bad_lines: Annotated[Path | None, typer.Option(help="Write the bad lines' numbers and reasons there.")] = None,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Import proxies. Good lines are stored, bad ones are listed; passwords are sealed and never printed."""

    async def work(ui: "UiContext") -> "Preview":
        from igfleet.ui.imports.proxies import apply_proxies, preview_proxies

        content = importing.read(file)
        async with ui.database.sessions.begin() as session:
            if preview:
                return await preview_proxies(session, ui.vault, content)
            return (await apply_proxies(session, ui.vault, content, ACTOR)).preview

    def there(ui: Afar) -> "Preview":
        return importing.preview_of(ui.post("proxies/imports", {"text": importing.read(file), "preview": preview}))

    verdicts = from_afar(server, token, there) if server else on_database(work)
    importing.report(verdicts, json=json, applied=not preview, bad_lines=bad_lines)


@app.command("list")
def list_(json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """List proxies with their last check and the number of accounts behind each."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from sqlalchemy import select

        from igfleet.cli.proxy_view import row_of
        from igfleet.ui.models import Proxy
        from igfleet.ui.proxy_list import rows_of

        async with ui.database.sessions() as session:
            proxies = list(await session.scalars(select(Proxy).order_by(Proxy.id)))
            return [row_of(row) for row in await rows_of(session, proxies)]

    def there(ui: Afar) -> list[dict[str, object]]:
        return [picked(row, _NAMES) | {"tags": " ".join(row["tags"])} for row in ui.rows("proxies")]

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


@app.command("check")
def check(
    ids: Annotated[list[int] | None, typer.Argument(min=1, metavar="[ID]...", help="The proxies' ids.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All proxies that are not switched off.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for what is found and print it.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 3600,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Have workers check proxies. With --wait the exit code is 0 only when all of them are ok."""
    from igfleet.errors import Invalid

    with plain_errors():
        if bool(ids) == everything:
            raise Invalid("Name the ids of proxies, or say --all.")

    async def work(ui: "UiContext") -> dict[str, object]:
        from igfleet.cli.proxy_view import order, outcome
        from igfleet.cli.waiting import look, until_over

        task = await order(ui, ids)
        if not wait:
            return {"task": task}
        state = await until_over(lambda: look(ui, task), timeout, say)
        return {"task": task, "is_over": state["is_over"], "proxies": await outcome(ui, task)}

    def there(ui: Afar) -> Json:
        from igfleet.cli.proxy_view import checked_there

        return checked_there(ui, ids, timeout if wait else None)

    found = from_afar(server, token, there) if server else on_database(work)
    _print_check(found, json)


def _print_check(found: Json, json: bool) -> None:
    """The verdicts, when they were waited for; the exit code says whether all are ok."""
    rows = found.get("proxies")
    if json:
        as_json(found)
    elif isinstance(rows, list):
        table(_FOUND, ([row[column] for column in _FOUND] for row in rows))
    else:
        print(f"Task {found['task']} checks them.")
    if isinstance(rows, list):
        if not found["is_over"]:
            raise typer.Exit(Exit.TIMEOUT)
        if any(row["verdict"] != "ok" for row in rows):
            raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("replace")
def replace_(
    old: Annotated[int, typer.Argument(min=1, help="The proxy that accounts have.")],
    new: Annotated[int, typer.Argument(min=1, help="The proxy that they get.")],
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Give the accounts of one proxy another, from their next run on."""

    async def work(ui: "UiContext") -> int:
        from igfleet.ui.proxies import replace

        async with ui.database.sessions.begin() as session:
            return await replace(session, old, new, ACTOR)

    def there(ui: Afar) -> int:
        return int(ui.post(f"proxies/{old}/replacement", {"by": new})["accounts"])

    moved = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json({"old": old, "new": new, "accounts": moved})
    else:
        print(f"{moved} account(s) of proxy {old} leave through proxy {new} from the next run on.")


@app.command("rotate")
def rotate_(proxy: Id, json: AsJson = False, server: Server = "", token: Token = "") -> None:
    """Ask the proxy's provider for another exit IP, at the address that was imported with it."""

    async def work(ui: "UiContext") -> Json:
        from igfleet.ui.proxies import rotate

        answer = await rotate(ui, proxy, ACTOR)
        return {"status": answer.status, "text": answer.text, "is_good": answer.is_good}

    def there(ui: Afar) -> Json:
        return {**ui.post(f"proxies/{proxy}/rotations"), "is_good": True}  # a refusal is told as an error

    answer = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json({"proxy": proxy, "status": answer["status"], "answer": answer["text"]})
    else:
        print(f"The provider says: {answer['status']} {answer['text']}".rstrip())
    if not answer["is_good"]:
        raise typer.Exit(Exit.NOT_ALL_DONE)
