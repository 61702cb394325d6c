"""Who did what: append-only, and chained so that a change behind our back shows."""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class AuditEntry(Base):
    """One act worth remembering: a secret opened, an import confirmed, a task started, a method switched on.

    The database refuses to change, delete or truncate entries.
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject", "id"), Index(None, "action", "id"), Index(None, "actor", "id"))

    id: Mapped[Key]
    at: Mapped[Created]
    actor: Mapped[str] = mapped_column(Text)
    """`user:anna`, `worker:3`, `cli`, `system`."""
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    """`account:17`"""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What else there is to know. Of an edit: `before` and `after`, by field."""


class AuditSeal(Base):
    """A link of the chain, made by the database when an entry is committed: its hash covers entry and last link."""

    __tablename__ = "audit_seals"

    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 …, in the order of the commits; none is missing."""
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
