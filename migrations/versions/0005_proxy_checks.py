"""The history of proxies.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op
revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('proxy_checks',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('proxy_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('sentence', sa.Text(), nullable=False),
    sa.Column('latency_ms', sa.BigInteger(), nullable=True),
    sa.Column('exit_ip', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('worker_id', sa.BigInteger(), nullable=True),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("verdict IN ('ok', 'slow', 'auth_failed', 'unreachable', 'timeout', 'intercepted', 'target_blocked')", name=op.f('ck_proxy_checks_verdict_known')),
    sa.ForeignKeyConstraint(['proxy_id'], ['proxies.id'], name=op.f('fk_proxy_checks_proxy_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_proxy_checks_task_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_proxy_checks_worker_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proxy_checks'))
    )
    op.create_index(op.f('ix_proxy_checks_at'), 'proxy_checks', ['at'], unique=False)
    op.create_index(op.f('ix_proxy_checks_proxy_id_id'), 'proxy_checks', ['proxy_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_table('proxy_checks')
