"""What waits for a person has an index: by id, as one on `changed_at` would be written at each change of any row.

Revision: 0037
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None
_NAME = "ix_account_tasks_suspended"


def upgrade() -> None:
    op.create_index(_NAME, "account_tasks", ["id"], postgresql_where="state = 'suspended'")


def downgrade() -> None:
    op.drop_index(_NAME, table_name="account_tasks")
