"""Attempts, breakers, and pauses of tasks and of everything.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('breakers',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rest_s', sa.BigInteger(), nullable=False),
    sa.Column('subjects', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('probe', sa.Uuid(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Text(), nullable=True),
    sa.CheckConstraint("scope IN ('account', 'proxy', 'worker', 'kind', 'library')", name=op.f('ck_breakers_scope_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_breakers'))
    )
    op.create_index('ix_breakers_ended', 'breakers', ['scope', 'key', 'ended_at'], unique=False, postgresql_where='ended_at IS NOT NULL')
    op.create_index('uq_breakers_open', 'breakers', ['scope', 'key'], unique=True, postgresql_where='ended_at IS NULL')
    op.create_table('standstills',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('began_by', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.Column('past_permit', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standstills'))
    )
    op.create_index('uq_standstills_present', 'standstills', [sa.literal_column('(ended_at IS NULL)')], unique=True, postgresql_where='ended_at IS NULL')
    op.create_table('attempts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('account_task_id', sa.BigInteger(), nullable=False),
    sa.Column('subject', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('proxy_id', sa.BigInteger(), nullable=True),
    sa.Column('worker_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('library', sa.Text(), server_default='', nullable=False),
    sa.Column('failed', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_attempts_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts'))
    )
    op.create_index('ix_attempts_of_account', 'attempts', ['account_id', 'at'], unique=False, postgresql_where='reason IS NOT NULL')
    op.create_index('ix_attempts_of_kind', 'attempts', ['kind', 'at'], unique=False, postgresql_where='reason IS NOT NULL')
    op.create_index('ix_attempts_of_library', 'attempts', ['library', 'at'], unique=False, postgresql_where='reason IS NOT NULL')
    op.create_index('ix_attempts_of_proxy', 'attempts', ['proxy_id', 'at'], unique=False, postgresql_where='reason IS NOT NULL')
    op.create_index('ix_attempts_of_worker', 'attempts', ['worker_id', 'at'], unique=False, postgresql_where='reason IS NOT NULL')
    op.create_index(op.f('ix_attempts_task_id_id'), 'attempts', ['task_id', 'id'], unique=False)
    op.add_column('tasks', sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('tasks', sa.Column('paused_by', sa.Text(), nullable=True))
    op.add_column('tasks', sa.Column('paused_why', sa.Text(), server_default='', nullable=False))
    op.add_column('tasks', sa.Column('resumed_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_tasks_paused', 'tasks', ['id'], unique=False, postgresql_where='paused_at IS NOT NULL')
    op.add_column('workers', sa.Column('libraries', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('workers', sa.Column('standstill_seen', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('workers', 'standstill_seen')
    op.drop_column('workers', 'libraries')
    op.drop_index('ix_tasks_paused', table_name='tasks', postgresql_where='paused_at IS NOT NULL')
    op.drop_column('tasks', 'resumed_at')
    op.drop_column('tasks', 'paused_why')
    op.drop_column('tasks', 'paused_by')
    op.drop_column('tasks', 'paused_at')
    op.drop_index(op.f('ix_attempts_task_id_id'), table_name='attempts')
    op.drop_index('ix_attempts_of_worker', table_name='attempts', postgresql_where='reason IS NOT NULL')
    op.drop_index('ix_attempts_of_proxy', table_name='attempts', postgresql_where='reason IS NOT NULL')
    op.drop_index('ix_attempts_of_library', table_name='attempts', postgresql_where='reason IS NOT NULL')
    op.drop_index('ix_attempts_of_kind', table_name='attempts', postgresql_where='reason IS NOT NULL')
    op.drop_index('ix_attempts_of_account', table_name='attempts', postgresql_where='reason IS NOT NULL')
    op.drop_table('attempts')
    op.drop_index('uq_standstills_present', table_name='standstills', postgresql_where='ended_at IS NULL')
    op.drop_table('standstills')
    op.drop_index('uq_breakers_open', table_name='breakers', postgresql_where='ended_at IS NULL')
    op.drop_index('ix_breakers_ended', table_name='breakers', postgresql_where='ended_at IS NOT NULL')
    op.drop_table('breakers')
