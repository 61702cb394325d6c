"""Who did what: append-only."""

from typing import Any

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class AuditEntry(Base):
    """One act worth remembering: a secret opened, an import confirmed, a task started, a method switched on."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject", "id"),)

    id: Mapped[Key]
    at: Mapped[Created]
    actor: Mapped[str] = mapped_column(Text)
    """`user:anna`, `worker:3`, `cli`, `system`."""
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    """`account:17`"""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
