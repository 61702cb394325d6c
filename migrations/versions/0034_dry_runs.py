"""A task may be a dry-run: its posts end as simulated.

Revision: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None
_STATES = "'planned', 'preparing', 'publishing', 'published', 'unknown', 'reconciling', 'needs_person', 'failed', 'cancelled'"


def upgrade() -> None:
    op.add_column('tasks', sa.Column('dry_run', sa.Boolean(), server_default='false', nullable=False))
    op.drop_constraint(op.f('ck_posts_state_known'), 'posts', type_='check')
    op.create_check_constraint(op.f('ck_posts_state_known'), 'posts', f"state IN ({_STATES}, 'simulated')")


def downgrade() -> None:
    op.execute("UPDATE posts SET state = 'cancelled' WHERE state = 'simulated'")
    op.drop_constraint(op.f('ck_posts_state_known'), 'posts', type_='check')
    op.create_check_constraint(op.f('ck_posts_state_known'), 'posts', f"state IN ({_STATES})")
    op.drop_column('tasks', 'dry_run')
