"""Migrations: bring a database to the present tables, and tell where it stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import OperationalError

from igfleet import resources
from igfleet.errors import SetupError
from igfleet.ui.scope import views

_LOCK = 0x16F1EE7
"""Advisory lock: one process migrates at a time."""


@dataclass(frozen=True, slots=True)
class Status:
    """`current` is None for an empty database."""

    current: str | None
    head: str

    @property
    def is_at_head(self) -> bool:
        return self.current == self.head


def is_ours(_item: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Whether Alembic should compare it: the background engine's tables are its own."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def upgrade(url: str) -> None:
    """Bring the database to the newest tables. Several processes may try at once. Raises `SetupError`."""
    with _connected(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        if not _status(connection).is_at_head:
            views.remove(connection)
            command.upgrade(config_of(url), "head")
        views.install(connection)


def status(url: str) -> Status:
    """Where the database stands. Raises `SetupError` when it does not answer."""
    with _connected(url) as connection:
        return _status(connection)


def revision(url: str, message: str) -> Path:
    """Write the migration from the migrated tables to the models, to be read and mended; its file."""
    folder = ScriptDirectory.from_config(config_of(url))
    number = f"{int(folder.get_current_head() or '0') + 1:04d}"
    made = command.revision(config_of(url), message, autogenerate=True, rev_id=number)
    assert made is not None
    assert not isinstance(made, list)
    return Path(made.path)


def drift(url: str) -> list[Any]:
    """Differences between the migrated tables and the models; empty when they agree."""
    from alembic.autogenerate import compare_metadata

    from igfleet.ui.models import Base

    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        return list(compare_metadata(context, Base.metadata))


def _status(connection: Connection) -> Status:
    head = ScriptDirectory.from_config(config_of("")).get_current_head()
    return Status(MigrationContext.configure(connection).get_current_revision(), head or "")


def _connected(url: str) -> Connection:
    engine = create_engine(_sync(url), poolclass=pool.NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT")
    try:
        return engine.connect()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise SetupError(
            f"DATABASE_URL: the database does not answer ({reason}). Is it running, is the address right?"
        ) from None


def _sync(url: str) -> str:
    _, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}"


def config_of(url: str) -> Config:
    """Alembic's, for this address."""
    config = Config()
    config.set_main_option("script_location", str(resources.folder("migrations")).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["url"] = _sync(url)
    return config
