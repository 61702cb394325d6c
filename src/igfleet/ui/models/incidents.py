"""What Instagram held against accounts, so that what happens too often is told apart from what happens once."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Incident(Base):
    """One slowdown, block, lost session or refusal of the client. A person who resumes the account clears its own."""

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "account_id", "reason", "at"), Index(None, "reason", "at"))

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[Created]
