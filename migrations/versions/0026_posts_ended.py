"""The figures of 24 hours are counted in an index alone.

Revision: 0026
"""

from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_posts_changed', table_name='posts')
    op.create_index('ix_posts_ended', 'posts', ['changed_at', 'state'], unique=False, postgresql_where="state IN ('published', 'failed')")


def downgrade() -> None:
    op.drop_index('ix_posts_ended', table_name='posts')
    op.create_index('ix_posts_changed', 'posts', ['changed_at'], unique=False, postgresql_using='brin')
