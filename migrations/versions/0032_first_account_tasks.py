"""A task may begin with its first account tasks; the others are held until these have ended.

Revision: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('tasks', sa.Column('canary', sa.BigInteger(), nullable=True))
    op.add_column('tasks', sa.Column('canary_goes_on', sa.Boolean(), server_default='false', nullable=False))
    op.add_column('tasks', sa.Column('canary_ended_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_tasks_canary', 'tasks', ['id'], postgresql_where='canary IS NOT NULL AND canary_ended_at IS NULL')
    op.add_column('account_tasks', sa.Column('behind_canary', sa.Boolean(), server_default='false', nullable=False))


def downgrade() -> None:
    op.drop_column('account_tasks', 'behind_canary')
    op.drop_index('ix_tasks_canary', table_name='tasks')
    op.drop_column('tasks', 'canary_ended_at')
    op.drop_column('tasks', 'canary_goes_on')
    op.drop_column('tasks', 'canary')
