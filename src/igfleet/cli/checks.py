"""What `igfleet doctor` looks at: the configuration, the database that it names, and this machine."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from igfleet.errors import IgfleetError

if TYPE_CHECKING:
    from igfleet.settings import UiSettings
    from igfleet.ui.system.checks import Finding


def findings() -> "Iterator[Finding]":
    """All checks, in the order in which they build on one another."""
    from igfleet.ui.system.checks import of_machine

    settings = yield from _configuration()
    if settings is None:
        return
    yield from _database(settings)
    yield from of_machine(settings)


def _configuration() -> "Generator[Finding, None, UiSettings | None]":
    from igfleet.settings import UiSettings, WorkerSettings, load
    from igfleet.ui.system.checks import Finding, Grade

    try:
        settings = load(UiSettings)
        load(WorkerSettings)
    except IgfleetError as error:
        yield Finding("configuration", Grade.BAD, str(error), "Correct the variable, in the environment or in .env.")
        return None
    yield Finding("configuration", Grade.OK, f"{settings.mode} mode, data in {settings.data_dir}")
    return settings


def _database(settings: "UiSettings") -> "Iterator[Finding]":
    from igfleet.cli.database import database_url, service_url
    from igfleet.ui import migrating
    from igfleet.ui.system.checks import Finding, Grade, of_database

    try:
        with database_url(settings) as owner_url:
            is_whole = migrating.status(owner_url).is_at_head
            yield from of_database(settings, service_url(settings, owner_url) if is_whole else owner_url)
    except IgfleetError as error:
        yield Finding("database", Grade.BAD, str(error), "Start the database, or correct DATABASE_URL.")
