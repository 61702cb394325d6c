"""Account tasks: what is queued, leased and run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.states import AccountTaskState
from igfleet.ui.models.accounts import Account
from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.tasks import Task


class AccountTask(Base):
    """One account's share of a task.

    `head` is true for the one account task of its account that may be claimed, or is running. The unique partial
    index makes "an account runs one thing at a time" a fact of the database.
    """

    __tablename__ = "account_tasks"
    __table_args__ = (
        one_of("state", AccountTaskState),
        Index("ix_account_tasks_ready", "priority", "id", postgresql_where="state = 'available' AND head"),
        Index(
            "ix_account_tasks_behind",
            "account_id",
            "priority",
            "id",
            postgresql_where="state = 'available' AND NOT head",
        ),
        Index(
            "uq_account_tasks_live",
            "account_id",
            unique=True,
            postgresql_where="head AND state IN ('available', 'running')",
        ),
        Index("ix_account_tasks_due", "available_at", postgresql_where="state IN ('scheduled', 'retryable')"),
        Index("ix_account_tasks_leased", "lease_expires_at", postgresql_where="state = 'running'"),
        Index("ix_account_tasks_task_state", "task_id", "state", "id"),
        Index("ix_account_tasks_account", "account_id", "id"),
        Index("ix_account_tasks_held", "lease_holder", "id", postgresql_where="state = 'running'"),
        Index("ix_account_tasks_finished", "finished_at", postgresql_where="finished_at IS NOT NULL"),
        Index("ix_account_tasks_on_hold", "hold_id", postgresql_where="hold_id IS NOT NULL"),
        Index("ix_account_tasks_suspended", "id", postgresql_where="state = 'suspended'"),
        Index("uq_account_tasks_lease", "lease_id", unique=True, postgresql_where="lease_id IS NOT NULL"),
        {"postgresql_with": {"fillfactor": "75"}},
    )

    id: Mapped[Key]
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    labels: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    """Labels that the worker must have."""
    title: Mapped[str] = mapped_column(Text, server_default="")
    """What it is called when it is about no account: the file or the proxy."""
    share: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What the plan gave to it; its shape belongs to the kind."""
    media_ids: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    """The files of the share, in order."""
    proxy_id: Mapped[int | None] = mapped_column(ForeignKey("proxies.id", ondelete="SET NULL"), index=True)
    """The proxy that it is about. An account's own proxy is not named here."""
    state: Mapped[str] = mapped_column(Text, server_default=AccountTaskState.AVAILABLE)
    head: Mapped[bool] = mapped_column(server_default="false")
    priority: Mapped[int] = mapped_column(server_default="0")
    """Smaller is sooner."""
    available_at: Mapped[datetime | None]
    """scheduled and retryable: when it becomes available. None in a draft, while its day is paused, and
    behind the first account tasks of a canary: never."""
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id", ondelete="SET NULL"))
    """Of a kind without posts: the pause of its day."""
    held_from: Mapped[datetime | None]
    """When it was to become available before the pause."""
    behind_canary: Mapped[bool] = mapped_column(server_default="false")
    """Held until the first account tasks of its task have ended and the others are let go."""
    attempt: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int] = mapped_column(server_default="3")
    deaths: Mapped[int] = mapped_column(server_default="0")
    """How often its own process died; three times is quarantine."""

    lease_id: Mapped[UUID | None]
    """Kept after the end, so that the same outcome sent twice is recognised."""
    lease_holder: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    lease_expires_at: Mapped[datetime | None]
    lease_request: Mapped[UUID | None]
    """The claim that made the lease; the same claim sent again gets the same lease."""
    report_seq: Mapped[int] = mapped_column(server_default="0")
    """The highest report seen of this lease."""
    cancel_requested_at: Mapped[datetime | None]

    step: Mapped[str] = mapped_column(Text, server_default="")
    reason_code: Mapped[str | None] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text, server_default="")
    counters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    checkpoints: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    has_failures: Mapped[bool] = mapped_column(server_default="false")
    """Completed, but not all of its share was done."""
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    changed_at: Mapped[Created]

    task: Mapped[Task] = relationship(lazy="raise")
    account: Mapped[Account | None] = relationship(lazy="raise")


class LogEntry(Base):
    """One line of an account task's log. Append-only."""

    __tablename__ = "log_lines"
    __table_args__ = (
        Index(None, "task_id", "id"),
        Index(None, "account_task_id", "id"),
        Index("ix_log_lines_at", "at", "id"),
        Index("ix_log_lines_of_task", "task_id", "at", "id"),
        Index("ix_log_lines_of_worker", "worker_id", "at", "id", postgresql_where="worker_id IS NOT NULL"),
        Index("ix_log_lines_bad", "at", "id", postgresql_where="level IN ('warning', 'error')"),
        Index("ix_log_lines_words", "text", postgresql_using="gin", postgresql_ops={"text": "gin_trgm_ops"}),
    )

    id: Mapped[Key]
    at: Mapped[Created]
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    account_task_id: Mapped[int | None] = mapped_column(ForeignKey("account_tasks.id", ondelete="CASCADE"))
    worker_id: Mapped[int | None]
    """Who reported it; None: the ui itself."""
    level: Mapped[str] = mapped_column(Text, server_default="info")
    step: Mapped[str] = mapped_column(Text, server_default="")
    """What was being done, in a few words."""
    event: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
