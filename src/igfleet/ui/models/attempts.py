"""Attempts: how each try ended, with what it had in common with others."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key

_BAD = "reason IS NOT NULL"


class Attempt(Base):
    """One try of an account task, written when it ends. Append-only; forgotten after a month.

    What was given back, was not due yet, or was lost with its worker says nothing and is not written down.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        Index(None, "task_id", "id"),
        Index("ix_attempts_of_account", "account_id", "at", postgresql_where=_BAD),
        Index("ix_attempts_of_proxy", "proxy_id", "at", postgresql_where=_BAD),
        Index("ix_attempts_of_worker", "worker_id", "at", postgresql_where=_BAD),
        Index("ix_attempts_of_kind", "kind", "at", postgresql_where=_BAD),
        Index("ix_attempts_of_library", "library", "at", postgresql_where=_BAD),
    )

    id: Mapped[Key]
    at: Mapped[Created]
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    account_task_id: Mapped[int]
    subject: Mapped[int]
    """Who met it: the account, or (negative) the account task where there is no account."""
    account_id: Mapped[int | None]
    proxy_id: Mapped[int | None]
    worker_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(Text)
    library: Mapped[str] = mapped_column(Text, server_default="")
    """`instagrapi 3.2.2`; empty where the worker does not say."""
    failed: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
