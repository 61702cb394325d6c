"""Conversions

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('conversions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('media_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Text(), server_default='waiting', nullable=False),
    sa.Column('percent', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('message', sa.Text(), server_default='', nullable=False),
    sa.Column('result_id', sa.BigInteger(), nullable=True),
    sa.Column('asked_by', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('touched_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f('ck_conversions_state_known')),
    sa.ForeignKeyConstraint(['media_id'], ['media.id'], name=op.f('fk_conversions_media_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['result_id'], ['media.id'], name=op.f('fk_conversions_result_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversions'))
    )
    op.create_index(op.f('ix_conversions_media_id_id'), 'conversions', ['media_id', 'id'], unique=False)
    op.create_index(op.f('ix_conversions_result_id'), 'conversions', ['result_id'], unique=False)
    op.create_index('uq_conversions_open', 'conversions', ['media_id'], unique=True, postgresql_where="state IN ('waiting', 'running')")
    op.add_column('uploads', sa.Column('media_id', sa.BigInteger(), nullable=True))
    op.create_index(op.f('ix_uploads_media_id'), 'uploads', ['media_id'], unique=False)
    op.create_foreign_key(op.f('fk_uploads_media_id'), 'uploads', 'media', ['media_id'], ['id'], ondelete='CASCADE')


def downgrade() -> None:
    op.drop_constraint(op.f('fk_uploads_media_id'), 'uploads', type_='foreignkey')
    op.drop_index(op.f('ix_uploads_media_id'), table_name='uploads')
    op.drop_column('uploads', 'media_id')
    op.drop_index('uq_conversions_open', table_name='conversions', postgresql_where="state IN ('waiting', 'running')")
    op.drop_index(op.f('ix_conversions_result_id'), table_name='conversions')
    op.drop_index(op.f('ix_conversions_media_id_id'), table_name='conversions')
    op.drop_table('conversions')
