"""Standstills: everything is paused."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Standstill(Base):
    """While one has not ended, nothing is leased, no permit is given and no act of an account is paid for."""

    __tablename__ = "standstills"
    __table_args__ = (
        Index("uq_standstills_present", text("(ended_at IS NULL)"), unique=True, postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Key]
    began_at: Mapped[Created]
    began_by: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text, server_default="")
    past_permit: Mapped[int] = mapped_column(server_default="0")
    """Commits that had their permit when it began: they can no longer be held back."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Text)
