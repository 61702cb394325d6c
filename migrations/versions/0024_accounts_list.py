"""Indexes of the list of accounts, and of the figures of 24 hours.

Revision: 0024
"""

from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_accounts_present', 'accounts', ['status', 'id'], unique=False, postgresql_where="archived_at IS NULL")
    op.create_index('ix_accounts_client', 'accounts', ['client', 'id'], unique=False, postgresql_where="archived_at IS NULL")
    op.create_index('ix_posts_changed', 'posts', ['changed_at'], unique=False, postgresql_using='brin')


def downgrade() -> None:
    op.drop_index('ix_posts_changed', table_name='posts')
    op.drop_index('ix_accounts_client', table_name='accounts')
    op.drop_index('ix_accounts_present', table_name='accounts')
