"""Alembic's entry. Runs synchronously, over psycopg."""

from alembic import context
from sqlalchemy import create_engine, pool

from igfleet.ui.migrating import is_ours
from igfleet.ui.models import Base

config = context.config


def run() -> None:
    engine = create_engine(config.attributes["url"], poolclass=pool.NullPool, hide_parameters=True)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, include_object=is_ours, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    context.configure(url=config.attributes["url"], target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run()
