"""Paused days: what was planned for a day, held until a person lets it go."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Hold(Base):
    """One paused day of a zone, for the accounts of a tag, for one task, or for all."""

    __tablename__ = "holds"
    __table_args__ = (Index("ix_holds_present", "day", postgresql_where="ended_at IS NULL"),)

    id: Mapped[Key]
    day: Mapped[date]
    timezone: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text, server_default="")
    """Empty: whatever tag."""
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    """None: whatever task."""
    why: Mapped[str] = mapped_column(Text, server_default="")
    count: Mapped[int] = mapped_column(server_default="0")
    """Posts, and account tasks without posts, that it held when it was made."""
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Created]
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
