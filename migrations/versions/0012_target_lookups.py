"""Who is being looked up, and under which lease.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('target_lookups',
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('lease_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('username', name=op.f('pk_target_lookups'))
    )


def downgrade() -> None:
    op.drop_table('target_lookups')
