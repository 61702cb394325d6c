"""What was permitted in the last day, over all accounts.

Revision: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text('permitted_at IS NOT NULL')
    op.create_index('ix_posts_permitted_day', 'posts', ['permitted_at', 'account_id'], postgresql_where=where)


def downgrade() -> None:
    op.drop_index('ix_posts_permitted_day', table_name='posts')
