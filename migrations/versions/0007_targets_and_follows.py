"""Whom to follow, who follows whom, and the actions that accounts rest from.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op
revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('targets',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('list_name', sa.Text(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=True),
    sa.Column('is_private', sa.Boolean(), nullable=True),
    sa.Column('trouble', sa.Text(), server_default='', nullable=False),
    sa.Column('looked_up_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('added_by', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_targets'))
    )
    op.create_index(op.f('ix_targets_username'), 'targets', ['username'], unique=False)
    op.create_index('uq_targets_list_name_username', 'targets', ['list_name', 'username'], unique=True)
    op.create_table('action_rests',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("action IN ('login', 'publish', 'like', 'story_view', 'follow', 'profile_edit')", name=op.f('ck_action_rests_action_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_action_rests_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'action', name=op.f('pk_action_rests'))
    )
    op.create_table('follows',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('standing', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("standing IN ('followed', 'requested', 'already', 'refused', 'not_found')", name=op.f('ck_follows_standing_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_follows_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'user_id', name=op.f('pk_follows'))
    )
    op.create_index(op.f('ix_follows_user_id'), 'follows', ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_follows_user_id'), table_name='follows')
    op.drop_table('follows')
    op.drop_table('action_rests')
    op.drop_index('uq_targets_list_name_username', table_name='targets')
    op.drop_index(op.f('ix_targets_username'), table_name='targets')
    op.drop_table('targets')
