"""Conversions: files of the library on their way to a publishable form."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.contracts.states import ConversionState
from igfleet.ui.models.base import Base, Created, Key, one_of


class Conversion(Base):
    """One try to make a publishable file of one that is not. A file has one under way at a time."""

    __tablename__ = "conversions"
    __table_args__ = (
        one_of("state", ConversionState),
        Index("uq_conversions_open", "media_id", unique=True, postgresql_where="state IN ('waiting', 'running')"),
        Index(None, "media_id", "id"),
    )

    id: Mapped[Key]
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Text, server_default=ConversionState.WAITING)
    percent: Mapped[int] = mapped_column(server_default="0")
    message: Mapped[str] = mapped_column(Text, server_default="")
    """Why it failed."""
    result_id: Mapped[int | None] = mapped_column(ForeignKey("media.id", ondelete="SET NULL"), index=True)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Created]
    touched_at: Mapped[Created]
    """While it runs, told anew every few seconds: one that is silent is taken over."""
    finished_at: Mapped[datetime | None]
