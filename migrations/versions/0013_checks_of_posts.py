"""Checks: published posts are looked for again, and what is wrong with them is an incident.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

_BEFORE = "action IN ('login', 'publish', 'like', 'story_view', 'follow', 'profile_edit')"
_AFTER = "action IN ('login', 'publish', 'like', 'story_view', 'follow', 'profile_edit', 'read')"


def upgrade() -> None:
    op.create_table('checks',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('age_s', sa.Float(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), server_default='due', nullable=False),
    sa.Column('misses', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('due', 'verified', 'changed', 'missing', 'unverifiable')", name=op.f('ck_checks_state_known')),
    sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_checks_post_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checks'))
    )
    op.create_index('ix_checks_due', 'checks', ['due_at'], unique=False, postgresql_where="state = 'due'")
    op.create_index('ix_checks_due_of_account', 'checks', ['account_id', 'due_at'], unique=False, postgresql_where="state = 'due'")
    op.create_index('uq_checks_age', 'checks', ['post_id', 'age_s'], unique=True)
    op.create_table('post_incidents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.Text(), nullable=True),
    sa.CheckConstraint("kind IN ('vanished', 'duplicate_detected', 'caption_changed')", name=op.f('ck_post_incidents_kind_known')),
    sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_post_incidents_post_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_incidents'))
    )
    op.create_index('ix_post_incidents_open', 'post_incidents', ['opened_at'], unique=False, postgresql_where='closed_at IS NULL')
    op.create_index('uq_post_incidents_kind', 'post_incidents', ['post_id', 'kind'], unique=True)
    op.add_column('posts', sa.Column('is_watched', sa.Boolean(), server_default='false', nullable=False))
    op.execute("UPDATE posts SET is_watched = true WHERE state = 'published'")
    op.create_index('ix_posts_unwatched', 'posts', ['id'], unique=False, postgresql_where="state = 'published' AND NOT is_watched")
    op.create_index('uq_tasks_verify', 'tasks', ['mode'], unique=True, postgresql_where="kind = 'verify'")
    _actions(_AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM spendings WHERE action = 'read'")
    op.execute("DELETE FROM action_rests WHERE action = 'read'")
    _actions(_BEFORE)
    op.execute("DELETE FROM tasks WHERE kind = 'verify'")
    op.drop_index('uq_tasks_verify', table_name='tasks')
    op.drop_index('ix_posts_unwatched', table_name='posts')
    op.drop_column('posts', 'is_watched')
    op.drop_table('post_incidents')
    op.drop_table('checks')


def _actions(known: str) -> None:
    for table in ('spendings', 'action_rests'):
        name = op.f(f'ck_{table}_action_known')
        op.drop_constraint(name, table, type_='check')
        op.create_check_constraint(name, table, known)
