"""Links of the audit are made as the owner of the tables: who works with them need not be able to write links.

Revision: 0030
"""

from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION audit_seal() SECURITY DEFINER SET search_path = %I, pg_temp', current_schema());
END $$""")


def downgrade() -> None:
    op.execute('ALTER FUNCTION audit_seal() SECURITY INVOKER RESET search_path')
