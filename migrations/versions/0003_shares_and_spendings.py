"""What a plan gives to each account task, and what accounts spend of their budgets.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('spendings',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('lease_id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("action IN ('login', 'publish', 'like', 'story_view', 'follow', 'profile_edit')", name=op.f('ck_spendings_action_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_spendings_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spendings'))
    )
    op.create_index(op.f('ix_spendings_account_id_action_at'), 'spendings', ['account_id', 'action', 'at'], unique=False)
    op.add_column('account_tasks', sa.Column('title', sa.Text(), server_default='', nullable=False))
    op.add_column('account_tasks', sa.Column('share', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('account_tasks', sa.Column('media_ids', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False))
    op.add_column('account_tasks', sa.Column('proxy_id', sa.BigInteger(), nullable=True))
    op.create_index(op.f('ix_account_tasks_proxy_id'), 'account_tasks', ['proxy_id'], unique=False)
    op.create_foreign_key(op.f('fk_account_tasks_proxy_id'), 'account_tasks', 'proxies', ['proxy_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    op.drop_constraint(op.f('fk_account_tasks_proxy_id'), 'account_tasks', type_='foreignkey')
    op.drop_index(op.f('ix_account_tasks_proxy_id'), table_name='account_tasks')
    op.drop_column('account_tasks', 'proxy_id')
    op.drop_column('account_tasks', 'media_ids')
    op.drop_column('account_tasks', 'share')
    op.drop_column('account_tasks', 'title')
    op.drop_index(op.f('ix_spendings_account_id_action_at'), table_name='spendings')
    op.drop_table('spendings')
