"""Files that runs hand over, uploads in parts, and where the files of the library come from.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('uploads',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('mark', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('touched_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_uploads'))
    )
    op.create_index(op.f('ix_uploads_touched_at'), 'uploads', ['touched_at'], unique=False)
    op.create_index('uq_uploads_owner_mark', 'uploads', ['owner', 'mark'], unique=True)
    op.create_table('evidence',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account_task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.BigInteger(), nullable=False),
    sa.Column('lease_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['account_task_id'], ['account_tasks.id'], name=op.f('fk_evidence_account_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence'))
    )
    op.create_index(op.f('ix_evidence_account_task_id_id'), 'evidence', ['account_task_id', 'id'], unique=False)
    op.create_index(op.f('ix_evidence_sha256'), 'evidence', ['sha256'], unique=False)
    op.create_index('uq_evidence_lease_id_name', 'evidence', ['lease_id', 'name'], unique=True)
    op.add_column('media', sa.Column('origin', sa.Text(), server_default='uploaded', nullable=False))
    op.add_column('media', sa.Column('source_id', sa.BigInteger(), nullable=True))
    op.add_column('media', sa.Column('making', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.create_check_constraint(op.f('ck_media_origin_known'), 'media', "origin IN ('uploaded', 'variant', 'picture', 'converted')")
    op.create_index(op.f('ix_media_source_id'), 'media', ['source_id'], unique=False, postgresql_where='source_id IS NOT NULL')
    op.create_foreign_key(op.f('fk_media_source_id'), 'media', 'media', ['source_id'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    op.drop_constraint(op.f('fk_media_source_id'), 'media', type_='foreignkey')
    op.drop_index(op.f('ix_media_source_id'), table_name='media', postgresql_where='source_id IS NOT NULL')
    op.drop_constraint(op.f('ck_media_origin_known'), 'media', type_='check')
    op.drop_column('media', 'making')
    op.drop_column('media', 'source_id')
    op.drop_column('media', 'origin')
    op.drop_index('uq_evidence_lease_id_name', table_name='evidence')
    op.drop_index(op.f('ix_evidence_sha256'), table_name='evidence')
    op.drop_index(op.f('ix_evidence_account_task_id_id'), table_name='evidence')
    op.drop_table('evidence')
    op.drop_index('uq_uploads_owner_mark', table_name='uploads')
    op.drop_index(op.f('ix_uploads_touched_at'), table_name='uploads')
    op.drop_table('uploads')
