"""Quiet hours of webhooks, and what is told in them all the same.

Revision: 0036
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    urgent = sa.Column("urgent", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    op.add_column("webhooks", urgent)
    op.add_column("webhooks", sa.Column("quiet_from", sa.Time(), nullable=True))
    op.add_column("webhooks", sa.Column("quiet_until", sa.Time(), nullable=True))
    op.add_column("webhooks", sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False))


def downgrade() -> None:
    for column in ("urgent", "quiet_from", "quiet_until", "timezone"):
        op.drop_column("webhooks", column)
