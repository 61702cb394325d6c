"""The tables of the background engine (procrastinate), as its pinned version ships them.

Revision: 0002
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FUNCTIONS = """
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
    WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace LOOP
    EXECUTE 'DROP FUNCTION ' || found.name || ' CASCADE';
  END LOOP;
  FOR found IN SELECT oid::regtype AS name FROM pg_type
    WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') AND typnamespace = current_schema()::regnamespace LOOP
    EXECUTE 'DROP TYPE ' || found.name || ' CASCADE';
  END LOOP;
END $$;
"""


def upgrade() -> None:
    _run(SchemaManager.get_schema())


def downgrade() -> None:
    for table in ("periodic_defers", "events", "jobs", "workers"):
        op.execute(f"DROP TABLE IF EXISTS procrastinate_{table} CASCADE")
    _run(_FUNCTIONS)


def _run(script: str) -> None:
    """Send a script of many statements as it is: no parameters, so that `%` stays a percent sign."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(script)
