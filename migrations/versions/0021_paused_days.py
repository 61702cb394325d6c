"""Days that are paused, and indexes for the schedule.

Revision: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table('holds',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('timezone', sa.Text(), nullable=False),
    sa.Column('tag', sa.Text(), server_default='', nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.Column('count', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('made_by', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('ended_by', sa.Text(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_holds_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holds'))
    )
    op.create_index('ix_holds_present', 'holds', ['day'], postgresql_where='ended_at IS NULL')
    op.add_column('posts', sa.Column('hold_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_posts_hold_id'), 'posts', 'holds', ['hold_id'], ['id'], ondelete='SET NULL')
    op.create_index('ix_posts_on_schedule', 'posts', [sa.literal_column('COALESCE(published_at, scheduled_at)')])
    op.create_index('ix_posts_held', 'posts', ['hold_id'], postgresql_where='hold_id IS NOT NULL')
    op.add_column('account_tasks', sa.Column('hold_id', sa.BigInteger(), nullable=True))
    op.add_column('account_tasks', sa.Column('held_from', sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f('fk_account_tasks_hold_id'), 'account_tasks', 'holds', ['hold_id'], ['id'], ondelete='SET NULL')
    op.create_index('ix_account_tasks_on_hold', 'account_tasks', ['hold_id'], postgresql_where='hold_id IS NOT NULL')
    op.create_index('ix_account_tasks_finished', 'account_tasks', ['finished_at'], postgresql_where='finished_at IS NOT NULL')


def downgrade() -> None:
    op.drop_index('ix_account_tasks_finished', table_name='account_tasks')
    op.drop_index('ix_account_tasks_on_hold', table_name='account_tasks')
    op.drop_constraint('fk_account_tasks_hold_id', 'account_tasks', type_='foreignkey')
    op.drop_column('account_tasks', 'held_from')
    op.drop_column('account_tasks', 'hold_id')
    op.drop_index('ix_posts_held', table_name='posts')
    op.drop_index('ix_posts_on_schedule', table_name='posts')
    op.drop_constraint('fk_posts_hold_id', 'posts', type_='foreignkey')
    op.drop_column('posts', 'hold_id')
    op.drop_table('holds')
