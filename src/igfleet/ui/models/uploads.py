"""Uploads under way: files that come in parts."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Upload(Base):
    """One file of which not all has arrived yet. Its bytes are a part in `ui.storage`, kept for a day of silence."""

    __tablename__ = "uploads"
    __table_args__ = (Index("uq_uploads_owner_mark", "owner", "mark", unique=True), Index(None, "touched_at"))

    id: Mapped[Key]
    owner: Mapped[str] = mapped_column(Text)
    """`user:anna`, `account_task:17`: nobody else may go on with it."""
    mark: Mapped[str] = mapped_column(Text)
    """What tells the file from the owner's others: by it the same file is found again after a cut."""
    name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    """Of the whole file."""
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), index=True)
    """The file of the library that it became: remembered, so that the last answer may be lost."""
    started_at: Mapped[Created]
    touched_at: Mapped[Created]

    @property
    def key(self) -> str:
        """The key of its part."""
        return str(self.id)
