"""What came out of a backup is looked for before it is published.

Revision: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('posts', sa.Column('restored_from', sa.DateTime(timezone=True), nullable=True))
    op.add_column('tasks', sa.Column('restored_from', sa.DateTime(timezone=True), nullable=True))
    op.add_column('tasks', sa.Column('restored_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('tasks', 'restored_at')
    op.drop_column('tasks', 'restored_from')
    op.drop_column('posts', 'restored_from')
