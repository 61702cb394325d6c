"""The database of a command: the one of DATABASE_URL, or the embedded one, also while a ui runs on it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from igfleet.cli.exits import plain_errors

if TYPE_CHECKING:
    from igfleet.settings import UiSettings
    from igfleet.ui.context import UiContext

ACTOR = "cli"
"""Who the audit names for what the command line does."""


def ui_settings() -> "UiSettings":
    """The settings, with logs going to stderr. Raises `SetupError`."""
    from igfleet import log
    from igfleet.settings import UiSettings, load, make_data_dir

    settings = load(UiSettings)
    make_data_dir(settings)
    log.set_up(settings.log_format, "warning" if settings.log_level == "info" else settings.log_level)
    return settings


@contextmanager
def database_url(settings: "UiSettings", *, keep: bool = False) -> Iterator[str]:
    """The address of the database, as the owner of its tables. The embedded server is started, or joined when it runs.

    `keep`: it is started again when it dies within the block.
    """
    given = settings.database_owner_url or settings.database_url
    if given is not None:
        yield given.get_secret_value()
        return
    from igfleet.embedded import EmbeddedPostgres, kept

    with EmbeddedPostgres(settings.data_dir).running() as server, kept(server) if keep else nullcontext():
        yield server.dsn()


@contextmanager
def migrated_url(settings: "UiSettings") -> Iterator[str]:
    """The address to work with, with all tables there: made in the embedded database, demanded of another.

    Raises `SetupError`.
    """
    from igfleet.errors import SetupError
    from igfleet.ui import migrating

    with database_url(settings) as url:
        if not migrating.status(url).is_at_head:
            if settings.database_url is not None:
                raise SetupError("DATABASE_URL: its tables are not up to date. Run: igfleet db upgrade")
            migrating.upgrade(url)
        yield service_url(settings, url)


def service_url(settings: "UiSettings", owner_url: str) -> str:
    """The address to work with once the tables are there: as a role that cannot change the audit, where that is known.

    Raises `SetupError`.
    """
    from sqlalchemy.engine import make_url

    from igfleet.ui import restricted

    if settings.database_url is None:
        restricted.restrict(owner_url)
        return restricted.address_of(owner_url)
    url = settings.database_url.get_secret_value()
    role = make_url(url).username
    if settings.database_owner_url is not None and role and role != make_url(owner_url).username:
        restricted.restrict(owner_url, role)  # what a migration has made meanwhile
    return url


def on_database[T](work: "Callable[[UiContext], Awaitable[T]]") -> T:
    """Run a command's work with all that the ui needs. Errors for people end the process with one line."""
    with plain_errors():
        _require_this_machine()
        settings = ui_settings()
        with migrated_url(settings) as url:
            return asyncio.run(_opened(settings, url, work))


def _require_this_machine() -> None:
    """With a ui elsewhere in the environment, a command that cannot ask it must not quietly work on what is here."""
    from igfleet.cli.afar import SERVER_VARIABLE
    from igfleet.errors import SetupError

    if os.environ.get(SERVER_VARIABLE):
        raise SetupError(f"{SERVER_VARIABLE}: this command works on the ui's own machine only. Unset it there.")


async def _opened[T](settings: "UiSettings", url: str, work: "Callable[[UiContext], Awaitable[T]]") -> T:
    from igfleet.ui.context import opened

    async with opened(settings, url) as ui:
        return await work(ui)
