"""Webhooks and their deliveries; triggers write a delivery in the transaction of what happened.

Revision: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TRIGGERS = (
    """CREATE FUNCTION tell_of_post() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO deliveries (webhook_id, event, subject_id)
  SELECT h.id, 'post_' || n.became, n.post_id FROM webhooks h, added n
  WHERE n.became IN ('published', 'failed', 'unknown', 'needs_person')
    AND NOT (n.was = 'reconciling' AND n.became = 'unknown') AND 'post_' || n.became = ANY(h.events);
  RETURN NULL;
END $$""",
    """CREATE FUNCTION tell_of_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO deliveries (webhook_id, event, subject_id)
  SELECT h.id, TG_ARGV[0], NEW.id FROM webhooks h WHERE TG_ARGV[0] = ANY(h.events);
  RETURN NULL;
END $$""",
    """CREATE TRIGGER told_of_post AFTER INSERT ON post_history
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tell_of_post()""",
    """CREATE TRIGGER told_of_challenge AFTER INSERT ON challenges
  FOR EACH ROW EXECUTE FUNCTION tell_of_row('challenge_opened')""",
    """CREATE TRIGGER told_of_incident AFTER INSERT ON post_incidents
  FOR EACH ROW EXECUTE FUNCTION tell_of_row('incident_opened')""",
    """CREATE TRIGGER told_of_breaker AFTER INSERT ON breakers
  FOR EACH ROW EXECUTE FUNCTION tell_of_row('breaker_opened')""",
    """CREATE TRIGGER told_of_task AFTER UPDATE OF state ON tasks FOR EACH ROW
  WHEN (NEW.state IN ('completed', 'partially_completed', 'failed', 'cancelled') AND OLD.state IN ('queued', 'running')
    AND NEW.kind <> 'verify')
  EXECUTE FUNCTION tell_of_row('task_ended')""",
)
_TOLD = {"post": "post_history", "challenge": "challenges", "incident": "post_incidents", "breaker": "breakers"}


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), server_default="", nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("format IN ('json', 'telegram')", name=op.f("ck_webhooks_format_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_deliveries_state_known")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_deliveries_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["next_at"], postgresql_where="state = 'waiting'")
    op.create_index(op.f("ix_deliveries_webhook_id_id"), "deliveries", ["webhook_id", "id"])
    op.create_index(
        "uq_deliveries_mark",
        "deliveries",
        ["webhook_id", "event", "subject_id", "mark"],
        unique=True,
        postgresql_where="mark <> ''::text",
    )
    for statement in _TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    for name, table in {**_TOLD, "task": "tasks"}.items():
        op.execute(f"DROP TRIGGER told_of_{name} ON {table}")
    for name in ("post", "row"):
        op.execute(f"DROP FUNCTION tell_of_{name}()")
    op.drop_table("deliveries")
    op.drop_table("webhooks")
