"""igfleet accounts: import, list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli import importing
from igfleet.cli.afar import Afar, Server, Token, from_afar, picked
from igfleet.cli.database import ACTOR, on_database
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json, table

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.imports.verdicts import Preview
    from igfleet.ui.models import Account

app = noun("Instagram accounts.")
_COLUMNS = ("id", "username", "status", "proxy", "tags", "client", "authorised_by", "authorised_until")
_OWN = ("id", "username", "status", "status_reason", "client", "tags", "email", "phone", "locale", "timezone")
_NAMES = (*_OWN, "authorised_by", "authorised_until", "has_password", "has_totp", "session_at", "archived_at")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or lines user:pass[:totp].")],
    authorised_by: Annotated[
        str, typer.Option(help="Who authorised you to manage these accounts, and on what basis.")
    ] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would happen to each line.")] = False,
    bad_lines: Annotated[Path | None, typer.Option(help="Write the bad lines' numbers and reasons there.")] = None,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """Import accounts. Good lines are stored, bad ones are listed; secrets are sealed and never printed."""

    async def work(ui: "UiContext") -> "Preview":
        from igfleet.ui.imports.accounts import apply_accounts, preview_accounts

        content = importing.read(file)
        async with ui.database.sessions.begin() as session:
            if preview:
                return await preview_accounts(session, ui.vault, content)
            given = {"authorised_by": authorised_by, "actor": ACTOR}
            return (await apply_accounts(session, ui.vault, content, **given)).preview

    def there(ui: Afar) -> "Preview":
        given = {"text": importing.read(file), "authorised_by": authorised_by, "preview": preview}
        return importing.preview_of(ui.post("accounts/imports", given))

    verdicts = from_afar(server, token, there) if server else on_database(work)
    importing.report(verdicts, json=json, applied=not preview, bad_lines=bad_lines)


@app.command("list")
def list_(
    tag: Annotated[str | None, typer.Option(help="Only accounts with this tag.")] = None,
    json: AsJson = False,
    server: Server = "",
    token: Token = "",
) -> None:
    """List accounts."""

    async def work(ui: "UiContext") -> "list[dict[str, object]]":
        from sqlalchemy import select
        from sqlalchemy.orm import selectinload

        from igfleet.ui.models import Account

        query = select(Account).options(selectinload(Account.proxy)).order_by(Account.username)
        if tag is not None:
            query = query.where(Account.tags.contains([tag]))
        async with ui.database.sessions() as session:
            return [_row(account) for account in await session.scalars(query)]

    def there(ui: Afar) -> "list[dict[str, object]]":
        found = [picked(row, (*_NAMES, "proxy")) for row in ui.rows("accounts", tag=tag, archived=True)]
        return sorted(found, key=lambda row: str(row["username"]))

    rows = from_afar(server, token, there) if server else on_database(work)
    if json:
        as_json(rows)
    else:
        table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))


def _row(account: "Account") -> dict[str, object]:
    return {
        **{name: getattr(account, name) for name in _NAMES},
        "proxy": account.proxy.name if account.proxy else None,
    }
