"""Challenges: what Instagram wanted to know of an account; when its cookies were stored.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('challenges',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('account_task_id', sa.BigInteger(), nullable=True),
    sa.Column('lease_id', sa.Uuid(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('method', sa.Text(), nullable=False),
    sa.Column('destination', sa.Text(), server_default='', nullable=False),
    sa.Column('has_resume', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('refusals', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Text(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('email_code', 'sms_code', 'totp_code', 'app_approval', 'checkpoint', 'consent')", name=op.f('ck_challenges_kind_known')),
    sa.CheckConstraint("state IN ('open', 'answered', 'verified', 'refused', 'skipped', 'expired')", name=op.f('ck_challenges_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_challenges_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['account_task_id'], ['account_tasks.id'], name=op.f('fk_challenges_account_task_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenges'))
    )
    op.add_column('accounts', sa.Column('web_session_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f('ix_challenges_account_id_id'), 'challenges', ['account_id', 'id'], unique=False)
    op.create_index(op.f('ix_challenges_account_task_id'), 'challenges', ['account_task_id'], unique=False)
    op.create_index('ix_challenges_waiting', 'challenges', ['expires_at', 'id'], unique=False, postgresql_where="state IN ('open', 'answered')")
    op.create_index('uq_challenges_live', 'challenges', ['account_id'], unique=True, postgresql_where="state IN ('open', 'answered')")


def downgrade() -> None:
    op.drop_index('uq_challenges_live', table_name='challenges', postgresql_where="state IN ('open', 'answered')")
    op.drop_index('ix_challenges_waiting', table_name='challenges', postgresql_where="state IN ('open', 'answered')")
    op.drop_index(op.f('ix_challenges_account_task_id'), table_name='challenges')
    op.drop_index(op.f('ix_challenges_account_id_id'), table_name='challenges')
    op.drop_table('challenges')
    op.drop_column('accounts', 'web_session_at')
