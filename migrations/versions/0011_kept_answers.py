"""Kept answers: what a repeated request with the same Idempotency-Key gets again.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('kept_answers',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('mark', sa.LargeBinary(), nullable=False),
    sa.Column('asked', sa.LargeBinary(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('status', sa.BigInteger(), nullable=True),
    sa.Column('media_type', sa.Text(), server_default='', nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_answers')),
    sa.UniqueConstraint('mark', name=op.f('uq_kept_answers_mark'))
    )
    op.create_index(op.f('ix_kept_answers_began_at'), 'kept_answers', ['began_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_kept_answers_began_at'), table_name='kept_answers')
    op.drop_table('kept_answers')
