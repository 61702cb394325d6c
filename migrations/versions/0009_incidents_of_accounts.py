"""Incidents: what Instagram held against accounts.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('incidents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_incidents_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incidents'))
    )
    op.create_index(op.f('ix_incidents_account_id_reason_at'), 'incidents', ['account_id', 'reason', 'at'], unique=False)
    op.create_index(op.f('ix_incidents_reason_at'), 'incidents', ['reason', 'at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_incidents_reason_at'), table_name='incidents')
    op.drop_index(op.f('ix_incidents_account_id_reason_at'), table_name='incidents')
    op.drop_table('incidents')
