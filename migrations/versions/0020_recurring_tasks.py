"""Tasks that repeat, and the zone in which a person reads the schedule.

Revision: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('recurring_tasks',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('draft', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('weekdays', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.Time(), nullable=False),
    sa.Column('timezone', sa.Text(), nullable=False),
    sa.Column('missed', sa.Text(), nullable=False),
    sa.Column('late_min', sa.BigInteger(), server_default='60', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recurring_tasks'))
    )
    op.create_index('ix_recurring_tasks_due', 'recurring_tasks', ['next_at'], postgresql_where='paused_at IS NULL AND removed_at IS NULL')
    op.create_table('occurrences',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('recurring_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fate', sa.Text(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['recurring_id'], ['recurring_tasks.id'], name=op.f('fk_occurrences_recurring_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_occurrences_task_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occurrences'))
    )
    op.create_index('uq_occurrences_time', 'occurrences', ['recurring_id', 'at'], unique=True)
    op.create_index(op.f('ix_occurrences_task_id'), 'occurrences', ['task_id'])
    op.add_column('users', sa.Column('timezone', sa.Text(), server_default='UTC', nullable=False))


def downgrade() -> None:
    op.drop_column('users', 'timezone')
    op.drop_table('occurrences')
    op.drop_table('recurring_tasks')
