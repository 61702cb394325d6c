"""igfleet db: upgrade, status, role, revision."""

from typing import Annotated

import typer

from igfleet.cli.exits import Exit, plain_errors
from igfleet.cli.noun import noun
from igfleet.cli.output import AsJson, as_json

app = noun("The database's tables.")


@app.command("upgrade")
def upgrade() -> None:
    """Bring the database to the present tables. Safe to repeat."""
    from igfleet.cli.database import database_url, service_url, ui_settings
    from igfleet.ui import migrating

    with plain_errors(), database_url(settings := ui_settings()) as url:
        migrating.upgrade(url)
        service_url(settings, url)
        print(f"The database is at {migrating.status(url).current}.")


@app.command("status")
def status(json: AsJson = False) -> None:
    """Say whether the database has the present tables."""
    from igfleet.cli.database import database_url, ui_settings
    from igfleet.ui import migrating

    with plain_errors(), database_url(ui_settings()) as url:
        found = migrating.status(url)
        if json:
            as_json({"current": found.current, "head": found.head, "is_at_head": found.is_at_head})
        else:
            mend = "" if found.is_at_head else " Run: igfleet db upgrade"
            print(f"The database is at {found.current or 'nothing'}, the newest is {found.head}.{mend}")
        if not found.is_at_head:
            raise typer.Exit(Exit.NOT_ALL_DONE)


@app.command("role")
def role(name: Annotated[str, typer.Argument(help="What it is called.")] = "igfleet_service") -> None:
    """Make a role that works with the tables and cannot change the audit, and print the settings to use it.

    Of a PostgreSQL of your own (DATABASE_URL); the embedded one has it already. Again gives it a fresh password.
    """
    from sqlalchemy.engine import make_url

    from igfleet.cli.database import database_url, ui_settings
    from igfleet.errors import Conflict
    from igfleet.ui import restricted

    with plain_errors(), database_url(settings := ui_settings()) as url:
        if settings.database_url is None:
            raise Conflict("The embedded database has such a role already, and igfleet works as it.")
        if name == make_url(url).username:
            raise Conflict(f"{name} owns the tables: choose another name for the role that works with them.")
        password = restricted.fresh_password()
        restricted.restrict(url, name, password)
        print(f"DATABASE_URL={restricted.address_of(url, name, password)}")
        print(f"DATABASE_OWNER_URL={url}")


@app.command("revision")
def revision(message: Annotated[str, typer.Argument(help="What changes, in a few words.")]) -> None:
    """For developers: write a migration from the present tables to the models."""
    from igfleet.cli.database import migrated_url, ui_settings
    from igfleet.ui import migrating

    with plain_errors(), migrated_url(ui_settings()) as url:
        print(migrating.revision(url, message))
