"""igfleet proxies: import, list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import importing
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.imports.verdicts import Preview
    from igfleet.ui.models import Proxy

app = noun("Proxies.")
_COLUMNS = ("id", "address", "username", "state", "accounts", "trouble")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="One proxy a line, as in host:port:user:pass.")],
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would happen to each line.")] = False,
    bad_lines: Annotated[Path | None, typer.Option(help="Write the bad lines' numbers and reasons there.")] = None,
    json: AsJson = False,
) -> None:
    """Import proxies. Good lines are stored, bad ones are listed; passwords are sealed and never printed."""

    async def work(ui: "UiContext") -> "Preview":
        from igfleet.ui.imports.proxies import apply_proxies, preview_proxies

        content = importing.read(file)
        async with ui.database.sessions.begin() as session:
            if preview:
                return await preview_proxies(session, ui.vault, content)
            return (await apply_proxies(session, ui.vault, content, ACTOR)).preview

    importing.report(on_database(work), json=json, applied=not preview, bad_lines=bad_lines)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List proxies with the number of accounts behind each."""

    async def work(ui: "UiContext") -> list[dict[str, object]]:
        from sqlalchemy import func, select

        from igfleet.ui.models import Account, Proxy

        used = select(func.count()).where(Account.proxy_id == Proxy.id).scalar_subquery()
        async with ui.database.sessions() as session:
            rows = await session.execute(select(Proxy, used).order_by(Proxy.id))
            return [_row(proxy, accounts) for proxy, accounts in rows]

    rows = on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


def _row(proxy: "Proxy", accounts: int) -> dict[str, object]:
    names = ("id", "scheme", "host", "port", "username", "state", "trouble", "checked_at", "has_password")
    return {name: getattr(proxy, name) for name in names} | {"address": proxy.label, "accounts": accounts}
