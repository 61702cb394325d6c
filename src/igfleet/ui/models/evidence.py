"""Evidence: what a run kept of what it saw, so that a person can tell why it failed."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Evidence(Base):
    """One screenshot, trace or page of one attempt. Its bytes lie in `ui.storage` under the sha256."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("uq_evidence_lease_id_name", "lease_id", "name", unique=True),
        Index(None, "account_task_id", "id"),
        Index(None, "sha256"),
    )

    id: Mapped[Key]
    account_task_id: Mapped[int] = mapped_column(ForeignKey("account_tasks.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    lease_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    media_type: Mapped[str] = mapped_column(Text)
    """By its first bytes, whatever its name says."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[Created]
