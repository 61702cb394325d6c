"""Mail to people about what happened, and four more things that are told.

Revision: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_OF_POST = "n.became IN ('published', 'failed', 'unknown', 'needs_person') AND NOT (n.was = 'reconciling' AND n.became = 'unknown')"
_TELL_POST = """CREATE OR REPLACE FUNCTION tell_of_post() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO deliveries (webhook_id, event, subject_id)
  SELECT h.id, 'post_' || n.became, n.post_id FROM webhooks h, added n
  WHERE {of_post} AND 'post_' || n.became = ANY(h.events);{mail}
  RETURN NULL;
END $$"""
_MAIL_POST = """
  INSERT INTO notices (user_id, event, subject_id)
  SELECT m.user_id, 'post_' || n.became, n.post_id FROM mail_choices m, added n
  WHERE {of_post} AND 'post_' || n.became = ANY(m.events);"""
_TELL_ROW = """CREATE OR REPLACE FUNCTION tell_of_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO deliveries (webhook_id, event, subject_id)
  SELECT h.id, TG_ARGV[0], NEW.id FROM webhooks h WHERE TG_ARGV[0] = ANY(h.events);{mail}
  RETURN NULL;
END $$"""
_MAIL_ROW = """
  INSERT INTO notices (user_id, event, subject_id)
  SELECT m.user_id, TG_ARGV[0], NEW.id FROM mail_choices m WHERE TG_ARGV[0] = ANY(m.events);"""
_NEED = "('blocked', 'suspended', 'phone_verification_required', 'human_verification_required')"
_TRIGGERS = {
    ("told_of_failed_task", "tasks"): """AFTER UPDATE OF state ON tasks FOR EACH ROW
  WHEN (NEW.state IN ('partially_completed', 'failed') AND OLD.state IN ('queued', 'running') AND NEW.kind <> 'verify')
  EXECUTE FUNCTION tell_of_row('task_failed')""",
    ("told_of_account", "accounts"): f"""AFTER UPDATE OF status ON accounts FOR EACH ROW
  WHEN (NEW.status <> OLD.status AND NEW.status IN {_NEED})
  EXECUTE FUNCTION tell_of_row('account_needs_person')""",
    ("told_of_proxy", "proxies"): """AFTER UPDATE OF state ON proxies FOR EACH ROW
  WHEN (NEW.state <> OLD.state AND NEW.state = 'failing')
  EXECUTE FUNCTION tell_of_row('proxy_failing')""",
    ("told_of_standstill", "standstills"): """AFTER INSERT ON standstills FOR EACH ROW
  EXECUTE FUNCTION tell_of_row('everything_paused')""",
}


def _of_person() -> sa.Column:
    return sa.Column("user_id", sa.BigInteger(), nullable=False)


def _at(name: str, *, is_now: bool = True) -> sa.Column:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()") if is_now else None, nullable=not is_now
    )


def upgrade() -> None:
    op.create_table(
        "mail_choices",
        _of_person(),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("urgent", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("digest_at", sa.Time(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        _at("changed_at"),
        sa.CheckConstraint("pace IN ('at_once', 'hourly', 'daily')", name=op.f("ck_mail_choices_pace_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mail_choices_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_mail_choices")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _of_person(),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Text(), server_default="", nullable=False),
        _at("noted_at"),
        _at("told_at", is_now=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["mail_choices.user_id"], name=op.f("fk_notices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_untold", "notices", ["user_id", "event"], postgresql_where="told_at IS NULL")
    op.create_index(
        "uq_notices_mark",
        "notices",
        ["user_id", "event", "subject_id", "mark"],
        unique=True,
        postgresql_where="mark <> ''::text",
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _of_person(),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _at("created_at"),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        _at("next_at"),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        _at("delivered_at", is_now=False),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_mails_state_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mails_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index("ix_mails_due", "mails", ["next_at"], postgresql_where="state = 'waiting'")
    op.create_index(op.f("ix_mails_user_id_id"), "mails", ["user_id", "id"])
    op.execute(_TELL_POST.format(of_post=_OF_POST, mail=_MAIL_POST.format(of_post=_OF_POST)))
    op.execute(_TELL_ROW.format(mail=_MAIL_ROW))
    for (name, _), statement in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {statement}")


def downgrade() -> None:
    for name, table in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute(_TELL_POST.format(of_post=_OF_POST, mail=""))
    op.execute(_TELL_ROW.format(mail=""))
    for table in ("mails", "notices", "mail_choices"):
        op.drop_table(table)
