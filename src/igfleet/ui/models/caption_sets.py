"""Caption sets: captions with a name, kept for many tasks."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class CaptionSet(Base):
    """As the operator wrote them. A task that uses a set has a copy of its own: changing the set changes no plan."""

    __tablename__ = "caption_sets"
    __table_args__ = (Index("uq_caption_sets_name", text("lower(name)"), unique=True),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    """`one`, `lines`, `csv` or `template`."""
    text: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    """Of the times in a CSV that name no offset."""
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[Created]
    changed_at: Mapped[Created]
    used_at: Mapped[datetime | None]
    """When an order last took it."""
