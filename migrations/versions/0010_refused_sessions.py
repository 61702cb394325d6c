"""Sessions that Instagram does not take any more.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('sealed_secrets', sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('sealed_secrets', 'refused_at')
