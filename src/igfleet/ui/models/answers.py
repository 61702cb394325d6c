"""Answers to requests that carried an `Idempotency-Key`, so that a repeat gets the first one again."""

from sqlalchemy import Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class KeptAnswer(Base):
    """One request of one caller. While `status` is empty it is under way, or its process died in it."""

    __tablename__ = "kept_answers"
    __table_args__ = (Index(None, "began_at"),)

    id: Mapped[Key]
    mark: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of caller, method, path and key."""
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of query and body: what the same key must come with."""
    began_at: Mapped[Created]
    status: Mapped[int | None]
    media_type: Mapped[str] = mapped_column(Text, server_default="")
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The body, sealed with the master key: it may hold secrets, as a lease does."""
