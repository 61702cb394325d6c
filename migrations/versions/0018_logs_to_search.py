"""The log can be searched: who reported a line and during which step, and indexes for each filter.

Revision: 0018
"""

import sqlalchemy as sa
from alembic import op

from igfleet.errors import SetupError

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    has_trigrams = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if op.get_bind().execute(sa.text(has_trigrams)).scalar() is None:
        raise SetupError("DATABASE_URL: this PostgreSQL has no pg_trgm: install its contrib package, then start again.")
    op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
    op.add_column('log_lines', sa.Column('worker_id', sa.BigInteger(), nullable=True))
    op.add_column('log_lines', sa.Column('step', sa.Text(), server_default='', nullable=False))
    op.create_index('ix_log_lines_at', 'log_lines', ['at', 'id'])
    op.create_index('ix_log_lines_of_task', 'log_lines', ['task_id', 'at', 'id'])
    op.create_index('ix_log_lines_of_worker', 'log_lines', ['worker_id', 'at', 'id'], postgresql_where='worker_id IS NOT NULL')
    op.create_index('ix_log_lines_bad', 'log_lines', ['at', 'id'], postgresql_where="level IN ('warning', 'error')")
    op.create_index('ix_log_lines_words', 'log_lines', ['text'], postgresql_using='gin', postgresql_ops={'text': 'gin_trgm_ops'})


def downgrade() -> None:
    for name in ('words', 'bad', 'of_worker', 'of_task', 'at'):
        op.drop_index(f'ix_log_lines_{name}', table_name='log_lines')
    op.drop_column('log_lines', 'step')
    op.drop_column('log_lines', 'worker_id')
